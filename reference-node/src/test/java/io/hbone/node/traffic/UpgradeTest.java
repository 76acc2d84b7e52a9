package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** One node's process takes over from another's while fortio asks, on connections that it keeps and on new ones. */
@InPods
@Tag("peer")
@Timeout(240)
class UpgradeTest {
    private static final int RATE = 500;
    private static final int CONNECTIONS = 8;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private InPodMesh mesh;
    private Pod client;
    private Pod server;

    @BeforeEach
    void open() {
        assertThat(Pods.onPath("fortio")).as("fortio is on PATH").isTrue();
        mesh = new InPodMesh("upgrade");
        client = mesh.pods().pod("client", "10.78.0.1");
        server = mesh.pods().pod("server", "10.78.0.2");
        mesh.workload("c", "client", "buyer", client.v4());
        mesh.workload("s", "server", "seller", server.v4());
        server.serve(
                InPodMesh.ECHO,
                "fortio",
                "server",
                "-http-port",
                "0.0.0.0:" + InPodMesh.ECHO,
                "-grpc-port",
                "disabled",
                "-redirect-port",
                "disabled",
                "-tcp-port",
                "disabled",
                "-udp-port",
                "disabled");
    }

    @AfterEach
    void close() throws Exception {
        mesh.close();
    }

    /** Each in a network namespace of its own, like pods of a DaemonSet: their admin pages have the same ports. */
    private NodeProcess node(String name) {
        // Connections that clients keep may go on until those have done with them.
        Map<String, String> variables = mesh.environment(Map.of(
                "HBONE_READINESS_PORT",
                "15021",
                "HBONE_METRICS_PORT",
                "15020",
                "CONNECTION_TERMINATION_DEADLINE",
                "120s"));
        return NodeProcess.start(mesh.pods().machine(name), variables);
    }

    private Program fortio(boolean keeps) {
        List<String> command =
                new ArrayList<>(List.of("fortio", "load", "-json", "-", "-quiet", "-t", "0", "-timeout", "10s"));
        command.addAll(List.of("-qps", String.valueOf(RATE), "-c", String.valueOf(CONNECTIONS)));
        command.addAll(List.of("-keepalive=" + keeps, "http://" + server.v4() + ":" + InPodMesh.ECHO + "/"));
        return client.start(Map.of(), command);
    }

    @Test
    void secondProcess_takesOverFromTheFirst_andNoRequestFails() throws Exception {
        mesh.agent().seeded();
        NodeProcess first = node("first").awaitReady();
        mesh.enroll("c", "client", "buyer", client);
        mesh.enroll("s", "server", "seller", server);
        Mesh.redirect(client);
        Mesh.redirect(server);
        try (Program kept = fortio(true);
                Program renewed = fortio(false)) {
            awaitCarried(first, RATE);
            NodeProcess second = node("second").awaitReady();
            awaitCarried(second, RATE);

            first.program().terminate();

            awaitCarried(second, RATE);
            first.program().until("listeners closed", PATIENCE);
            awaitCarried(second, 2 * RATE);
            assertThat(first.program().isAlive())
                    .as("carries on what it carries")
                    .isTrue();
            assertAllAnswered(renewed, 4 * RATE);
            assertThat(assertAllAnswered(kept, RATE)).as("connections").isEqualTo(CONNECTIONS);
            // With its last connection.
            assertThat(first.program().join(PATIENCE).exit()).isZero();
            assertThat(first.complaints()).isEmpty();
            assertThat(second.complaints()).isEmpty();
        }
    }

    /** Waits until a node has carried so many more connections of the client, of which both get some while both listen. */
    private static void awaitCarried(NodeProcess node, int count) {
        long before = carried(node);
        await("more connections")
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(500))
                .until(() -> carried(node) >= before + count);
    }

    private static long carried(NodeProcess node) {
        return node.log()
                .lines()
                .filter(line -> line.contains("direction=\"outbound\""))
                .count();
    }

    /** Ends it. Returns how many connections it had. */
    private int assertAllAnswered(Program fortio, int atLeast) {
        client.run("kill", "-INT", String.valueOf(fortio.pid())).success();
        Program.Output output = fortio.join(PATIENCE);
        Map<?, ?> report = (Map<?, ?>) new Load(LoadSettings.builder().build()).loadFromString(output.success());
        Map<?, ?> codes = (Map<?, ?>) report.get("RetCodes");
        Map<?, ?> connections = (Map<?, ?>) report.get("IPCountMap");
        System.out.printf(
                "fortio: %s requests a second (of %d), answers %s, connections %s%n",
                report.get("ActualQPS"), RATE, codes, connections);
        assertThat(codes.keySet()).extracting(String::valueOf).containsExactly("200");
        assertThat(sum(codes)).isGreaterThanOrEqualTo(atLeast);
        return sum(connections);
    }

    private static int sum(Map<?, ?> counts) {
        return counts.values().stream()
                .mapToInt(count -> ((Number) count).intValue())
                .sum();
    }
}
