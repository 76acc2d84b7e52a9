package io.hbone.node.inpod;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.Authority;
import io.hbone.core.ConnectionObserver.Connection;
import io.hbone.core.ConnectionObserver.ConnectionDetails;
import io.hbone.core.ConnectionObserver.Direction;
import io.hbone.core.ConnectionObserver.Protocol;
import io.hbone.core.WorkloadMetadata;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PodConnectionsTest {
    private static final InetSocketAddress SOURCE = new InetSocketAddress("10.0.0.1", 40000);

    private final PodConnections connections = new PodConnections();

    private Connection open(Direction direction, Protocol protocol, String dialled, String target) {
        String[] to = dialled.split(":");
        return connections.opened(new ConnectionDetails(
                direction,
                SOURCE,
                new InetSocketAddress(to[0], Integer.parseInt(to[1])),
                target.isEmpty() ? null : Authority.parse(target),
                WorkloadMetadata.UNKNOWN,
                WorkloadMetadata.UNKNOWN,
                null,
                protocol));
    }

    /** istioctl reads these words (spec/ztunnel.md 11). */
    @ParameterizedTest
    @CsvSource({
        "TCP, 10.0.0.2:80, '', 10.0.0.2:80, TCP",
        "HBONE, 10.0.0.2:15008, 10.0.0.2:80, 10.0.0.2:80, HBONE",
        "DOUBLE_HBONE, 10.9.0.9:15008, a.default:80, a.default:80, DOUBLEHBONE",
    })
    void connection_isShownAsZtunnelShowsIt(
            Protocol protocol, String dialled, String target, String original, String word) {
        open(Direction.OUTBOUND, protocol, dialled, target);

        assertThat(connections.dump())
                .containsEntry("inbound", List.of())
                .containsEntry(
                        "outbound",
                        List.of(Map.of(
                                "src",
                                "10.0.0.1:40000",
                                "originalDst",
                                original,
                                "actualDst",
                                dialled,
                                "protocol",
                                word)));
    }

    @Test
    void connection_thatEnded_isNotShown() {
        Connection ended = open(Direction.INBOUND, Protocol.HBONE, "10.0.0.2:15008", "10.0.0.2:80");
        open(Direction.INBOUND, Protocol.TCP, "10.0.0.2:80", "");

        ended.closed(null);

        assertThat((List<?>) connections.dump().get("inbound")).hasSize(1);
    }
}
