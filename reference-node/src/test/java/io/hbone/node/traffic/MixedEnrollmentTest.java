package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pods with and without a node talk to each other; and what must not be reached is not, quickly. */
@InPods
@ExtendWith(SharedMesh.class)
@SuppressWarnings("try") // servers are there to be talked to through the network
class MixedEnrollmentTest {
    /** How soon a client sees that it got nowhere. */
    private static final long SOON_MILLIS = 3000;

    private static final long CONNECT_TIMEOUT_MILLIS = 10_000;

    private final Mesh mesh;
    private final Pod client;
    private final Pod server;
    private final Pod stranger;
    private final int port;

    MixedEnrollmentTest(Mesh mesh) {
        this.mesh = mesh;
        this.client = mesh.client();
        this.server = mesh.server();
        this.stranger = mesh.stranger();
        this.port = mesh.freePort();
    }

    @ParameterizedTest
    @ValueSource(strings = {"IPv4", "IPv6"})
    void notEnrolledDestination_isReachedInPlain(String family) {
        String address = family.equals("IPv6") ? stranger.v6() : stranger.v4();
        try (Program echo = stranger.app("echo", port)) {
            assertThat(client.client("neighbours", address, port, 4, 1 << 20)
                            .finish(Pod.PATIENCE)
                            .words())
                    .containsExactly("4");
        }
        assertPlain(mesh.clientNode(), "stranger");
    }

    @Test
    void unknownDestination_isReachedInPlain() {
        for (String address : mesh.unknownAddresses()) {
            try (Program echo = stranger.app("echo", port)) {
                assertThat(client.client("neighbours", address, port, 1, 1 << 20)
                                .finish(Pod.PATIENCE)
                                .words())
                        .containsExactly("1");
            }
        }
        AccessLine line = mesh.clientNode().awaitConnectionTo(port);
        assertThat(line.fields()).doesNotContainKeys("dst.workload", "dst.hbone_addr", "dst.identity");
    }

    @ParameterizedTest
    @ValueSource(strings = {"IPv4", "IPv6"})
    void notEnrolledClient_reachesAnEnrolledServerWithItsOwnAddress(String family) {
        boolean six = family.equals("IPv6");
        try (Program whoami = server.app("whoami", port)) {
            List<String> seen = stranger.client("whoami", six ? server.v6() : server.v4(), port)
                    .finish(Pod.PATIENCE)
                    .words();
            assertThat(seen.get(2)).isEqualTo(six ? stranger.v6() : stranger.v4());
        }
        AccessLine line = mesh.serverNode().awaitConnectionTo(port);
        assertThat(line.get("direction")).isEqualTo("inbound");
        assertThat(line.get("src.workload")).isEqualTo("stranger");
        assertThat(line.fields()).doesNotContainKeys("src.identity", "dst.identity", "dst.hbone_addr");
    }

    @Test
    void notEnrolledClient_carriesBulkBothWays() {
        try (Program echo = server.app("echo", port)) {
            assertThat(stranger.client("neighbours", server.v4(), port, 4, 8 << 20)
                            .finish(Pod.PATIENCE)
                            .words())
                    .containsExactly("4");
        }
    }

    @ParameterizedTest
    @CsvSource({"client, server", "client, stranger", "stranger, server"})
    void refusedPort_endsTheConnectionAtOnce(String from, String to) {
        assertThat(fateOf(pod(from), pod(to).v4(), port)).isIn("EOF", "ECONNRESET", "ECONNREFUSED");
        boolean atClient = from.equals("client");
        AccessLine line = (atClient ? mesh.clientNode() : mesh.serverNode()).awaitConnectionTo(port);
        assertThat(line.level()).isEqualTo("error");
        assertThat(line.get("error")).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.76.0.99", "fd00:76::99"})
    void addressThatNobodyHas_endsTheConnectionBeforeTheClientGivesUp(String nobody) {
        List<String> fate =
                client.client("fate", nobody, port).finish(Pod.PATIENCE).words();
        assertThat(fate.get(0)).isIn("EOF", "ECONNRESET");
        assertThat(Long.parseLong(fate.get(2))).as("milliseconds").isLessThan(CONNECT_TIMEOUT_MILLIS + SOON_MILLIS);
        assertThat(mesh.clientNode().awaitConnectionTo(port).level()).isEqualTo("error");
    }

    @Test
    void servicePortThatIsNotDefined_endsTheConnectionAtOnce() {
        assertThat(fateOf(client, Mesh.METER_VIP, 81)).isIn("EOF", "ECONNRESET");
    }

    private Pod pod(String name) {
        return Stream.of(client, server, stranger)
                .filter(pod -> pod.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** Every way to ask a node for itself. Of pods with a node the rules redirect what is not for loopback. */
    @ParameterizedTest
    @ValueSource(strings = {"client", "server", "stranger"})
    void nodesOwnPorts_neverLoop(String from) throws IOException {
        Pod pod = pod(from);
        List<NodeProcess> nodes = List.of(mesh.clientNode(), mesh.serverNode());
        List<Long> descriptors = List.of(descriptors(nodes.get(0)), descriptors(nodes.get(1)));
        List<Duration> cpu =
                List.of(nodes.get(0).program().cpu(), nodes.get(1).program().cpu());
        for (String address : targets(pod)) {
            for (int nodePort : new int[] {15001, 15006, 15008}) {
                // A byte that no protocol begins with, so that nothing waits for more.
                assertThat(fateOf(pod, address, nodePort))
                        .as(address + " " + nodePort)
                        .isIn("EOF", "ECONNRESET", "ECONNREFUSED");
            }
        }
        for (int i = 0; i < nodes.size(); i++) {
            NodeProcess node = nodes.get(i);
            long before = descriptors.get(i);
            // New tunnels may stay.
            await().atMost(Duration.ofSeconds(5)).until(() -> descriptors(node) <= before + 6);
            assertThat(node.program().cpu().minus(cpu.get(i))).isLessThan(Duration.ofSeconds(4));
        }
    }

    private List<String> targets(Pod from) {
        Stream<String> others = Stream.of(client.v4(), client.v6(), server.v4(), server.v6());
        return (from == stranger ? others : Stream.concat(others, Stream.of("127.0.0.1", "::1"))).toList();
    }

    /** What became of a connection that sent a few bytes; it became so soon. */
    private static String fateOf(Pod from, String address, int port) {
        List<String> fate = from.client("fate", address, port, "ff00ff00ff")
                .finish(Pod.PATIENCE)
                .words();
        assertThat(Long.parseLong(fate.get(2))).as("milliseconds of " + fate).isLessThan(SOON_MILLIS);
        return fate.get(0);
    }

    private static long descriptors(NodeProcess node) throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/" + node.program().pid() + "/fd"))) {
            return all.count();
        }
    }

    private void assertPlain(NodeProcess node, String destination) {
        AccessLine line = node.awaitConnectionTo(port);
        assertThat(line.get("dst.workload")).isEqualTo(destination);
        assertThat(line.get("bytes_sent")).isEqualTo("" + (1 << 20));
        assertThat(line.get("bytes_recv")).isEqualTo("" + (1 << 20));
        assertThat(line.fields()).doesNotContainKeys("dst.hbone_addr", "src.identity", "dst.identity");
    }
}
