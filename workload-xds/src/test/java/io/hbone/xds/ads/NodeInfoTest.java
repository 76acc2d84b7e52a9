package io.hbone.xds.ads;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class NodeInfoTest {
    @Test
    void version_isToldAndRead_andTheEnvironmentsWins() {
        NodeInfo silent = NodeInfo.ofZtunnel(Map.of("NODE_NAME", "n1"));
        assertThat(silent.version()).isEmpty();

        NodeInfo told = NodeInfo.of(silent.withVersion("1.2").toNode());
        assertThat(told.version()).isEqualTo("1.2");
        assertThat(told.nodeName()).isEqualTo("n1");

        NodeInfo own = NodeInfo.ofZtunnel(Map.of("ISTIO_META_ISTIO_VERSION", "1.29"));
        assertThat(own.withVersion("1.2").version()).isEqualTo("1.29");
    }
}
