package io.hbone.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NodeConnectionsTest {
    @Test
    void count_ofConnectionsOnANodesPorts_leavesOutListenersAndOthers() {
        assertThat(NodeConnections.count(List.of(
                        "  sl  local_address rem_address   st tx_queue rx_queue",
                        "   0: 00000000:3A99 00000000:0000 0A 00000000:00000000 00:00000000",
                        "   1: 0100007F:3A99 0100630A:ACDC 01 00000000:00000000 00:00000000",
                        "   2: 0100007F:3A9E 0100630A:ACDD 01 00000000:00000000 00:00000000",
                        "   3: 00000000000000000000000000000001:3AA0 0100630A:ACDD 01 00000000:00000000",
                        "   4: 0100007F:3A9E 0100630A:ACDD 06 00000000:00000000 00:00000000",
                        "   5: 0100630A:ACDC 0200630A:3AA0 01 00000000:00000000 00:00000000",
                        "   6: 0100630A:1F90 0200630A:ACDC 01 00000000:00000000 00:00000000",
                        "")))
                .isEqualTo(3);
    }
}
