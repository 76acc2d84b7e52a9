package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Nodes end, orderly and not, while connections are open. */
@InPods
@SuppressWarnings("try") // servers are there to be talked to through the network
class LifecycleTest {
    private static final Duration DEADLINE = Duration.ofSeconds(8);

    /** How late things may be on a busy machine. */
    private static final Duration LATE = Duration.ofSeconds(4);

    private static final int ECHO = 6000;

    private static Mesh mesh;
    private static Pod client;
    private static Pod server;

    @BeforeAll
    static void open() {
        mesh = Mesh.open("lifecycle", Map.of("CONNECTION_TERMINATION_DEADLINE", DEADLINE.toSeconds() + "s"));
        client = mesh.client();
        server = mesh.server();
        server.app("echo", ECHO);
    }

    @AfterAll
    static void close() {
        if (mesh != null) {
            mesh.close();
        }
    }

    @BeforeEach
    void everythingWorks() {
        assertThat(exchanged()).isEqualTo("4");
    }

    @Test
    void sigtermOfTheServersNode_letsOpenConnectionsGoOnUntilTheDeadline() {
        NodeProcess node = mesh.serverNode();
        try (Program steady = steady()) {
            long begin = System.nanoTime();
            node.program().terminate();
            node.program().until("listeners closed", LATE);
            assertThat(fateOfANewConnection()).isIn("EOF", "ECONNRESET", "ECONNREFUSED");
            List<String> end = steady.join(DEADLINE.plus(LATE)).words();
            Duration went = Duration.ofNanos(System.nanoTime() - begin);
            assertThat(end).contains("ended");
            assertThat(went).isGreaterThan(DEADLINE.minusMillis(500));
            assertThat(node.program().join(LATE).exit()).isZero();
            assertThat(node.log()).contains("received signal SIGTERM", "shutdown complete");
        } finally {
            ended(node, server, List.of());
        }
    }

    @Test
    void sigtermOfTheServersNode_endsWithTheLastConnection() {
        NodeProcess node = mesh.serverNode();
        try (Program steady = steady()) {
            node.program().terminate();
            node.program().until("listeners closed", LATE);
            assertThat(steady.finish(LATE).words()).contains("ok");
            long begin = System.nanoTime();
            assertThat(node.program().join(LATE).exit()).isZero();
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(DEADLINE.minusSeconds(1));
        } finally {
            ended(node, server, List.of());
        }
    }

    @Test
    void sigtermOfTheClientsNode_refusesNewConnectionsAndCarriesOldOnes() {
        NodeProcess node = mesh.clientNode();
        // It may have told of a server's node that was killed.
        List<String> before = node.complaints();
        try (Program steady = steady()) {
            node.program().terminate();
            node.program().until("listeners closed", LATE);
            assertThat(fateOfANewConnection()).isEqualTo("ECONNREFUSED");
            assertThat(node.readiness()).isNotEqualTo("200");
            assertThat(steady.finish(LATE).words()).contains("ok");
            assertThat(node.program().join(LATE).exit()).isZero();
        } finally {
            ended(node, client, before);
        }
    }

    @Test
    void sigkillOfTheServersNode_endsConnectionsAndTheNextNodeServesAgain() {
        NodeProcess node = mesh.serverNode();
        try (Program steady = steady()) {
            node.program().kill();
            assertThat(steady.join(LATE).words()).contains("ended");
            assertThat(fateOfANewConnection()).isIn("EOF", "ECONNRESET", "ECONNREFUSED");
        } finally {
            node.close();
            mesh.restartNode(server);
        }
        assertThat(exchanged()).isEqualTo("4");
    }

    private static String exchanged() {
        return client.client("neighbours", server.v4(), ECHO, 4, 100_000)
                .finish(Pod.PATIENCE)
                .words()
                .get(0);
    }

    private static Program steady() {
        return client.client("steady", server.v4(), ECHO).until("up", Pod.PATIENCE);
    }

    private static String fateOfANewConnection() {
        List<String> fate = client.client("fate", server.v4(), ECHO, "00")
                .finish(Pod.PATIENCE)
                .words();
        assertThat(Long.parseLong(fate.get(2))).as("milliseconds of " + fate).isLessThan(LATE.toMillis());
        return fate.get(0);
    }

    /** It is gone and replaced, whatever was found out about it; and it had nothing more to complain about than before. */
    private static void ended(NodeProcess node, Pod pod, List<String> before) {
        node.close();
        List<String> complaints = new ArrayList<>(node.complaints());
        mesh.restartNode(pod);
        complaints.removeAll(before);
        assertThat(complaints).isEmpty();
    }
}
