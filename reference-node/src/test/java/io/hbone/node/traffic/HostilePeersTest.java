package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever strangers send to port 15008: they get nowhere, and a connection through a tunnel does not notice. */
@InPods
class HostilePeersTest {
    private static final int HBONE = 15008;
    private static final int ECHO = 6000;
    private static final int HALF_OPEN = 200;
    private static final int SLOW = 20;

    /** The node's handshake timeout is 10 seconds; there is no setting. */
    private static final double SHORTEST = 8;

    private static final double LONGEST = 16;

    /** How long the neighbour may have waited for one answer, on a machine with two cores and much to do. */
    private static final long LONGEST_GAP_MILLIS = 5000;

    private static Mesh mesh;
    private static Pod stranger;
    private static String server;
    private static Program neighbour;
    private static Program halfOpen;
    private static Program slow;

    @BeforeAll
    static void open() {
        mesh = Mesh.open("hostile", Map.of());
        stranger = mesh.stranger();
        server = mesh.server().v4();
        mesh.server().app("echo", ECHO);
        neighbour = mesh.client().client("steady", server, ECHO).until("up", Pod.PATIENCE);
        // They last as long as all the rest.
        halfOpen = stranger.client("hold", server, HBONE, HALF_OPEN);
        slow = stranger.client("hold", mesh.server().v6(), HBONE, SLOW, "160301");
    }

    @AfterAll
    static void neighbourDidNotNotice() {
        if (mesh == null) {
            return;
        }
        try {
            List<String> end = neighbour.finish(Pod.PATIENCE).words();
            assertThat(end).contains("ok");
            assertThat(Long.parseLong(end.get(3))).as("milliseconds").isLessThan(LONGEST_GAP_MILLIS);
            assertThat(mesh.serverNode().program().isAlive()).isTrue();
            assertThat(mesh.serverNode().complaints()).isEmpty();
        } finally {
            mesh.close();
        }
    }

    @AfterEach
    void neighbourIsThereAndOthersCome() {
        assertThat(neighbour.isAlive()).as(neighbour.out()).isTrue();
        assertThat(mesh.client()
                        .client("neighbours", server, ECHO, 2, 10_000)
                        .finish(Pod.PATIENCE)
                        .words())
                .containsExactly("2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--http1.1", "--http2-prior-knowledge"})
    void plainHttp_getsNoAnswer(String version) {
        Program.Output curl = stranger.run("curl", "-sS", "-m", "5", version, "http://" + server + ":" + HBONE + "/");
        assertThat(curl.exit()).isNotZero();
        assertThat(curl.out()).isEmpty();
        assertThat(curl.err()).doesNotContain("timed out");
    }

    @Test
    void tls12_isRefusedByAnAlert() {
        Program.Output client =
                stranger.bash("openssl s_client -tls1_2 -alpn h2 -ign_eof -connect $0:$1 2>&1", server, HBONE);
        assertThat(client.exit()).isNotZero();
        assertThat(client.out()).contains("alert protocol version");
    }

    @Test
    void noCertificate_isRefusedByAnAlert() {
        Program.Output client =
                stranger.bash("openssl s_client -tls1_3 -alpn h2 -ign_eof -connect $0:$1 2>&1", server, HBONE);
        assertThat(client.exit()).isNotZero();
        assertThat(client.out()).contains("TLSv1.3", "alert certificate required");
    }

    @Test
    void certificateOfAnotherAuthority_isRefusedByAnAlert() {
        Program.Output client = stranger.bash(
                "openssl req -x509 -config <(printf '[req]\\ndistinguished_name=dn\\n[dn]\\n') -newkey ec"
                        + " -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /O=x -addext subjectAltName=URI:$2"
                        + " -addext basicConstraints=critical,CA:FALSE -addext keyUsage=critical,digitalSignature"
                        + " -keyout $3 -out $4 2>/dev/null\n"
                        + "openssl s_client -tls1_3 -alpn h2 -ign_eof -cert $4 -key $3 -connect $0:$1 2>&1",
                server,
                HBONE,
                Mesh.CLIENT_ID,
                stranger.file("forged.key"),
                stranger.file("forged.pem"));
        assertThat(client.exit()).isNotZero();
        assertThat(client.out()).containsPattern("alert (unknown ca|bad certificate|certificate unknown)");
    }

    /** Noise; a TLS record that is none; one whose handshake is none; one that is too long. */
    @ParameterizedTest
    @ValueSource(strings = {"", "17030300", "1603010200ffffffff", "160301ffff01"})
    void garbage_endsTheConnectionAtOnce(String start) {
        byte[] noise = new byte[4096];
        new Random(15008).nextBytes(noise);
        List<String> fate = stranger.client(
                        "fate", server, HBONE, start + HexFormat.of().formatHex(noise))
                .finish(Pod.PATIENCE)
                .words();
        assertThat(fate.get(0)).isIn("EOF", "ECONNRESET", "EPIPE");
        assertThat(Long.parseLong(fate.get(2))).as("milliseconds").isLessThan(3000);
    }

    @Test
    void halfOpenConnections_areClosedAtTheHandshakeTimeout() {
        assertEndedInTime(halfOpen, HALF_OPEN);
    }

    @Test
    void slowHandshakes_areClosedAtTheHandshakeTimeout() {
        assertEndedInTime(slow, SLOW);
    }

    private static void assertEndedInTime(Program held, int count) {
        held.until("open", Pod.PATIENCE);
        List<String> end = held.finish(Pod.PATIENCE).words();
        assertThat(end).as(count + " connections").startsWith("open", "ended");
        assertThat(Double.parseDouble(end.get(2))).as("shortest").isGreaterThan(SHORTEST);
        assertThat(Double.parseDouble(end.get(3))).as("longest").isLessThan(LONGEST);
    }

    @Test
    void connectionsThatComeAndGo_leaveNothingBehind() {
        int before = sockets();
        for (int i = 0; i < 3; i++) {
            stranger.bash("for i in {1..60}; do exec 3<>/dev/tcp/$0/$1; exec 3>&-; done", server, HBONE)
                    .success();
        }
        await().atMost(Duration.ofSeconds(15)).until(() -> sockets() <= before);
    }

    /** Connections with strangers that the server's node has not closed. */
    private static int sockets() {
        return Integer.parseInt(mesh.server()
                .bash("ss -Htn state established state close-wait dst $0 | wc -l", stranger.v4())
                .words()
                .get(0));
    }
}
