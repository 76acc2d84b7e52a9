package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Certificates that live for ten seconds, and traffic that does not notice. */
@InPods
class RotationTest {
    private static final int ECHO = 6000;
    private static final int IPERF = 6001;

    /** Two renewals, at half-life, and some more. */
    private static final int CERTIFICATES = 3;

    private static final Duration SEVERAL_LIVES = Duration.ofSeconds(60);

    @Test
    @SuppressWarnings("try") // servers are there to be talked to through the network
    void aCertificateThatIsReplaced_isSeenOnTheWireAndNotByAnyConnection() {
        try (Mesh mesh = Mesh.open("rotation", Map.of("SECRET_TTL", "10s"))) {
            Pod client = mesh.client();
            Pod server = mesh.server();
            server.app("echo", ECHO);
            Set<String> serials = new LinkedHashSet<>();
            try (Program iperf = server.serve(IPERF, "iperf3", "-s", "-1", "-p", "" + IPERF);
                    Program steady = client.client("steady", server.v4(), ECHO).until("up", Pod.PATIENCE);
                    // limited: it is the connection that matters here, and other tests want the processor
                    Program stream =
                            client.start("iperf3", "-c", server.v4(), "-p", "" + IPERF, "-t", "16", "-b", "50M")) {
                await().atMost(SEVERAL_LIVES).until(() -> {
                    serials.add(serialOnTheWire(mesh.stranger(), server));
                    assertThat(client.client("neighbours", server.v4(), ECHO, 4, 10_000)
                                    .finish(Pod.PATIENCE)
                                    .words())
                            .containsExactly("4");
                    return serials.size() >= CERTIFICATES;
                });
                assertThat(steady.isAlive()).isTrue();
                assertThat(steady.finish(Pod.PATIENCE).words()).contains("ok");
                assertThat(stream.join(SEVERAL_LIVES).exit()).isZero();
            }
            assertThat(mesh.clientNode().complaints()).isEmpty();
            assertThat(mesh.serverNode().complaints()).isEmpty();
        }
    }

    /** What the server shows to whoever asks, here to one without a node: it ends with an alert, as we show nothing. */
    private static String serialOnTheWire(Pod stranger, Pod server) {
        return stranger.start(
                        "bash",
                        "-c",
                        "openssl s_client -connect $0:15008 -alpn h2 </dev/null 2>/dev/null"
                                + " | openssl x509 -noout -serial",
                        server.v4())
                .finish(Pod.PATIENCE)
                .words()
                .get(0);
    }
}
