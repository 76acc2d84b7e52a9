package io.hbone.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.Test;

class NodeConnectionsTest {
    private static final List<InetAddress> OWN = List.of(address("10.99.0.1"), address("fd00::1"));

    private static InetAddress address(String text) {
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private static long count(String... lines) {
        return NodeConnections.count(List.of(lines), OWN);
    }

    @Test
    void count_ofCapturedConnections_leavesOutListenersAndOthers() {
        assertThat(count(
                        "  sl  local_address rem_address   st tx_queue rx_queue",
                        "   0: 00000000:3A99 00000000:0000 0A 00000000:00000000 00:00000000",
                        "   1: 0100007F:3A99 0100630A:ACDC 01 00000000:00000000 00:00000000",
                        "   2: 0100007F:3A9E 0100630A:ACDD 01 00000000:00000000 00:00000000",
                        "   4: 0100007F:3A9E 0100630A:ACDD 06 00000000:00000000 00:00000000",
                        "   5: 0100630A:ACDC 0200630A:3AA0 01 00000000:00000000 00:00000000",
                        "   6: 0100630A:1F90 0200630A:ACDC 01 00000000:00000000 00:00000000",
                        "   7: 0100007F:1F90 0100007F:ACDC 01 00000000:00000000 00:00000000",
                        ""))
                .isEqualTo(2);
    }

    @Test
    void count_ofWhatArrivesByHbone_isOfTheNodesConnectionsToTheApplication() {
        assertThat(count("   0: 0200630A:ACDC 0100630A:1F90 01 00000000:00000000 00:00000000"))
                .isEqualTo(1);
        assertThat(count("   0: 000000FD000000000000000002000000:ACDC 000000FD000000000000000001000000:1F90 01 0:0"))
                .isEqualTo(1);
        assertThat(count("   0: 0000000000000000FFFF00000200630A:ACDC 0000000000000000FFFF00000100630A:1F90 01 0:0"))
                .isEqualTo(1);
        assertThat(count("   0: 0100630A:ACDC 0100630A:1F90 01 00000000:00000000 00:00000000"))
                .as("in the name of nobody else")
                .isEqualTo(1);
    }

    @Test
    void gap_idleTunnels_doNotCount() {
        assertThat(count(
                        "   0: 0100630A:3AA0 0200630A:ACDC 01 00000000:00000000 00:00000000",
                        "   1: 000000FD000000000000000001000000:3AA0 000000FD000000000000000002000000:ACDD 01 0:0",
                        "   2: 0000000000000000FFFF00000100630A:3AA0 0000000000000000FFFF00000200630A:ACDD 01 0:0"))
                .isZero();
    }
}
