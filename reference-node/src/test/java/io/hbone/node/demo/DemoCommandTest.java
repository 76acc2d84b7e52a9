package io.hbone.node.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.hbone.node.Hbone;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import picocli.CommandLine;

/** The whole command, on real sockets; as root in real network namespaces, too. */
class DemoCommandTest {
    private static final String ROOT = "root";
    private static final Path NAMESPACES = Path.of("/run/netns");

    private static final String[] ALWAYS = {"--json", "--payload-bytes", "200000"};

    /** A busy machine may take its time. */
    private static final int PATIENT_SECONDS = 120;

    private Set<Long> before = Set.of();

    private record Outcome(int exit, String out, Map<?, ?> json) {
        List<?> rows() {
            return (List<?>) json.get("rows");
        }

        Map<?, ?> row(int number) {
            return (Map<?, ?>) rows().get(number - 1);
        }

        /** What of a row did not hold. */
        List<String> failed(int number) {
            return ((List<?>) row(number).get("checks"))
                    .stream()
                            .map(check -> (Map<?, ?>) check)
                            .filter(check -> !Boolean.TRUE.equals(check.get("held")))
                            .map(check -> check.get("witness") + " " + check.get("asserted"))
                            .toList();
        }
    }

    private static Outcome run(String... arguments) {
        return run(PATIENT_SECONDS, arguments);
    }

    private static Outcome run(int timeLimit, String... arguments) {
        StringWriter out = new StringWriter();
        CommandLine line = new CommandLine(new DemoCommand()).setOut(new PrintWriter(out));
        int exit = line.execute(Stream.concat(
                        Stream.concat(Stream.of(ALWAYS), Stream.of("--time-limit", Integer.toString(timeLimit))),
                        Stream.of(arguments))
                .toArray(String[]::new));
        Object json = new Load(LoadSettings.builder().build()).loadFromString(out.toString());
        return new Outcome(exit, out.toString(), (Map<?, ?>) json);
    }

    /** Other tests of this JVM may have programs that run on. */
    @BeforeEach
    void rememberWhatRuns() {
        before = children();
    }

    private static Set<Long> children() {
        return ProcessHandle.current().children().map(ProcessHandle::pid).collect(Collectors.toSet());
    }

    @AfterEach
    void demo_leavesNothingBehind() throws IOException {
        String own = Long.toString(ProcessHandle.current().pid());
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            assertThat(files).noneMatch(file -> file.getFileName().toString().startsWith("hbone-demo-" + own + "-"));
        }
        if (Files.isDirectory(NAMESPACES)) {
            assertThat(namespacesOf(ProcessHandle.current().pid())).isZero();
        }
        assertThat(children()).isSubsetOf(before);
    }

    @Test
    void loopback_allIsAsItShould_allRowsHoldAndExitIsZero() {
        Outcome outcome = run("--loopback");

        assertThat(outcome.exit()).as(outcome.out()).isZero();
        assertThat(outcome.json().get("held")).isEqualTo(true);
        assertThat(outcome.json().get("mode")).isEqualTo("loopback");
        assertThat(outcome.json().get("verdict")).isEqualTo("all 4 rows held");
        assertThat((List<?>) outcome.json().get("cannotShow")).isNotEmpty();
        assertThat(outcome.rows())
                .extracting(row -> ((Map<?, ?>) row).get("expected"))
                .hasToString("[tunnel, passthrough, plaintext, untouched]");
        assertTunnelSeenByBothEnds(outcome);
    }

    @Test
    void namespaces_asRoot_allRowsHoldAndServicesSeeTheirClients() {
        assumeThat(System.getProperty("user.name")).isEqualTo(ROOT);

        Outcome outcome = run();

        assumeThat(outcome.json().get("mode"))
                .as("network namespaces: %s", outcome.json().get("description"))
                .isEqualTo("namespaces");
        assertThat(outcome.exit()).as(outcome.out()).isZero();
        assertThat(outcome.rows())
                .allSatisfy(row -> assertThat((List<?>) ((Map<?, ?>) row).get("checks"))
                        .extracting(check -> ((Map<?, ?>) check).get("asserted"))
                        .asString()
                        .contains("sees the client's own address"));
        assertThat((List<?>) outcome.json().get("cannotShow")).isEmpty();
        assertTunnelSeenByBothEnds(outcome);
    }

    private static void assertTunnelSeenByBothEnds(Outcome outcome) {
        Map<?, ?> nodes = (Map<?, ?>) outcome.row(1).get("nodes");
        assertThat(tunnel(nodes, "web").get("peerIdentity")).isEqualTo("spiffe://cluster.local/ns/demo/sa/shop");
        assertThat(tunnel(nodes, "shop").get("peerIdentity")).isEqualTo("spiffe://cluster.local/ns/demo/sa/web");
        assertThat((List<?>) outcome.row(1).get("wire")).hasSize(1);
    }

    private static Map<?, ?> tunnel(Map<?, ?> nodes, String pod) {
        return (Map<?, ?>) ((List<?>) ((Map<?, ?>) nodes.get(pod)).get("tunnels")).get(0);
    }

    @Test
    void serverNotEnrolledInTheClientsView_theTunnelRowFailsAlone() {
        Outcome outcome = run("--loopback", "--break", "unenrolled");

        assertThat(outcome.exit()).as(outcome.out()).isEqualTo(1);
        assertThat(outcome.json().get("verdict")).isEqualTo("1 of 4 rows FAILED: web -> shop");
        assertThat(outcome.failed(1))
                .contains(
                        "wire is TLS 1.3 and nothing else",
                        "node of web has proof by TLS that its peer is shop",
                        "node of shop has proof by TLS that its peer is web");
    }

    @Test
    void serverNotEnrolledInTheClientsView_inNamespaces_thePayloadIsFoundOnTheWire() {
        assumeThat(System.getProperty("user.name")).isEqualTo(ROOT);

        Outcome outcome = run("--break", "unenrolled");

        assumeThat(outcome.json().get("mode")).isEqualTo("namespaces");
        assertThat(outcome.exit()).as(outcome.out()).isEqualTo(1);
        assertThat(outcome.json().get("verdict")).isEqualTo("1 of 4 rows FAILED: web -> shop");
        assertThat(outcome.failed(1))
                .contains("wire leads to 10.77.2.2:15008 alone", "wire shows neither payload nor identities");
    }

    @Test
    void somebodyElseAtTheServersAddress_nothingGetsThroughAndTheRowFails() {
        Outcome outcome = run("--loopback", "--break", "impostor");

        assertThat(outcome.exit()).as(outcome.out()).isEqualTo(1);
        assertThat(outcome.json().get("verdict")).isEqualTo("1 of 4 rows FAILED: web -> shop");
        assertThat(outcome.failed(1)).contains("service shop gets what the client sent");
    }

    @Test
    void bitFlippedOnTheWire_everyRowFails() {
        Outcome outcome = run("--loopback", "--break", "tamper");

        assertThat(outcome.exit()).as(outcome.out()).isEqualTo(1);
        assertThat(outcome.json().get("verdict")).asString().startsWith("4 of 4 rows FAILED");
    }

    @Test
    void timeIsUp_everyRowFails() {
        Outcome outcome = run(0, "--loopback");

        assertThat(outcome.exit()).isEqualTo(1);
        assertThat(outcome.failed(4)).containsExactly("demo runs the row");
    }

    @Test
    void terminated_removesEverything() throws IOException, InterruptedException {
        assumeThat(System.getProperty("user.name")).isEqualTo(ROOT);
        assumeThat(Files.isDirectory(NAMESPACES)).isTrue();
        Process demo = ChildJvm.start(List.of(), Map.of(), List.of(Hbone.class.getName(), "demo"));
        try {
            await().atMost(Duration.ofSeconds(60)).until(() -> !demo.isAlive() || namespacesOf(demo.pid()) == 5);
            assumeThat(demo.isAlive()).as("network namespaces can be had").isTrue();

            demo.destroy();

            assertThat(demo.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(namespacesOf(demo.pid())).isZero();
        } finally {
            demo.destroyForcibly();
        }
    }

    private static long namespacesOf(long pid) throws IOException {
        try (Stream<Path> files = Files.list(NAMESPACES)) {
            return files.filter(file -> file.getFileName().toString().startsWith("hbdemo-" + pid + "-"))
                    .count();
        }
    }

    @Test
    void withoutJson_theLastLineIsTheVerdict() {
        StringWriter out = new StringWriter();
        int exit = new CommandLine(new DemoCommand())
                .setOut(new PrintWriter(out))
                .execute("--loopback", "--time-limit", "120");

        assertThat(exit).as(out.toString()).isZero();
        assertThat(out.toString().lines()).last().asString().contains("all 4 rows held (loopback, ");
        assertThat(out.toString()).contains("This mode (loopback) cannot show:");
    }
}
