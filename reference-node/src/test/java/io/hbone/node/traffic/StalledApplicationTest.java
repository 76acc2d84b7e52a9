package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Five applications that stop reading freeze stock ztunnel's whole tunnel; of ours they freeze nobody. */
@InPods
@ExtendWith(SharedMesh.class)
@SuppressWarnings("try") // servers are there to be talked to through the network
class StalledApplicationTest {
    private static final int NEIGHBOURS = 24;

    private final Mesh mesh;

    StalledApplicationTest(Mesh mesh) {
        this.mesh = mesh;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 40})
    void applicationsThatNeverRead_leaveTheirNeighboursUndisturbed(int stalled) {
        int stuckPort = mesh.freePort();
        int port = mesh.freePort();
        String server = mesh.server().v4();
        try (Program stuck = mesh.server().app("stuck", stuckPort);
                Program echo = mesh.server().app("echo", port);
                Program stall = mesh.client().client("stall", server, stuckPort, stalled)) {
            stall.until("stuck", Pod.PATIENCE);
            Program neighbours = mesh.client().client("neighbours", server, port, NEIGHBOURS, 2 << 20);
            assertThat(neighbours.finish(Duration.ofSeconds(20)).words()).containsExactly("" + NEIGHBOURS);
            assertThat(stall.isAlive()).isTrue();
            assertThat(stall.finish(Pod.PATIENCE).words().get(0)).isEqualTo("stuck");
        }
    }
}
