package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What somebody sees who listens between two enrolled pods. */
@InPods
@ExtendWith(SharedMesh.class)
@SuppressWarnings("try") // servers are there to be talked to through the network
class OnTheWireTest {
    private static final String MARKER = "marker-4f1c9a77d2e84b0c";
    private static final int TLS_1_3 = 0x0304;

    private final Mesh mesh;

    OnTheWireTest(Mesh mesh) {
        this.mesh = mesh;
    }

    @Test
    void enrolledPods_talkTls13OnPort15008Alone() {
        Pod client = mesh.client();
        int port = mesh.freePort();
        // Nobody has a tunnel to this address yet, so that its handshake is seen.
        String server = mesh.otherServerAddress();
        Capture capture;
        try (Program echo = mesh.server().app("echo", port);
                Program tcpdump = Capture.start(client)) {
            Program.Output answer =
                    client.bash("for i in {1..2000}; do echo $0; done | nc -N $1 $2", MARKER, server, port);
            assertThat(answer.out()).isEqualTo((MARKER + "\n").repeat(2000));
            mesh.clientNode().awaitConnectionTo(port);
            capture = Capture.finish(client, tcpdump);
        }
        assertThat(capture.portsWithPayload()).containsExactly(15008);
        assertThat(capture.payload().length).isGreaterThan(2 * 2000 * MARKER.length());
        assertThat(capture.contains(MARKER)).isFalse();
        assertThat(capture.contains("spiffe://"))
                .as("certificates are encrypted in TLS 1.3")
                .isFalse();
        assertThat(capture.serverHelloVersions()).isNotEmpty().containsOnly(TLS_1_3);
        // handshake, change cipher spec for middle boxes, application data
        assertThat(capture.recordTypes()).isSubsetOf(List.of(20, 22, 23)).contains(22, 23);
        assertThat(capture.clearHandshakes())
                .as("client hello and server hello")
                .isSubsetOf(List.of(1, 2));
    }

    @Test
    void marker_toANotEnrolledPod_isSeenByTheSameCapture() {
        Pod client = mesh.client();
        int port = mesh.freePort();
        Capture capture;
        try (Program echo = mesh.stranger().app("echo", port);
                Program tcpdump = Capture.start(client)) {
            client.bash("echo $0 | nc -N $1 $2", MARKER, mesh.stranger().v4(), port)
                    .success();
            mesh.clientNode().awaitConnectionTo(port);
            capture = Capture.finish(client, tcpdump);
        }
        assertThat(capture.contains(MARKER))
                .as("the capture shows what is not encrypted")
                .isTrue();
        assertThat(capture.portsWithPayload()).contains(port);
    }
}
