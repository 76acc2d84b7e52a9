package io.hbone.node.scenario;

import static org.awaitility.Awaitility.await;

import io.hbone.node.traffic.NodeProcess;
import io.hbone.node.traffic.Pod;
import io.hbone.node.traffic.Program;
import io.hbone.node.traffic.XdsCertificate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** {@code hbone agent} on a machine. */
final class Agent {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int XDS = 15010;
    private static final int ADMIN = 15014;
    private static final int LAST_LINES = 60;

    private final Pod machine;
    private final Path folder;
    private final Program program;

    private Agent(Pod machine, Path folder, Program program) {
        this.machine = machine;
        this.folder = folder;
        this.program = program;
    }

    /**
     * Starts it; it need not be ready yet.
     *
     * @param file says what is to be
     */
    static Agent start(Pod machine, Path file) throws IOException {
        Path folder = Files.createDirectory(Path.of(machine.file("agent-" + machine.name())));
        XdsCertificate.make(machine, folder, "DNS:localhost");
        List<String> arguments = new ArrayList<>(List.of("agent", "--file", file.toString(), "--node", machine.name()));
        arguments.addAll(List.of("--zds-socket", folder + "/zds.sock", "--xds-socket", folder + "/xds.sock"));
        arguments.addAll(List.of("--xds-listen", "127.0.0.1:" + XDS, "--tls-cert", folder + "/xds.pem"));
        arguments.addAll(List.of("--tls-key", folder + "/xds.key", "--admin", "127.0.0.1:" + ADMIN));
        // On a machine that does other things too, a node may take longer than agents believe as a rule.
        arguments.addAll(List.of("--peer-deadline", "PT1M"));
        // Long enough for the other machine's: what is carried for a pod keeps its node there anyway.
        arguments.addAll(List.of("--linger", "PT1S"));
        return new Agent(machine, folder, NodeProcess.hbone(machine, Map.of(), arguments));
    }

    /** Waits until nodes may come. */
    Agent awaitListening() {
        program.until("xDS is served on port", PATIENCE);
        return this;
    }

    /** What the machine's node must know of it. */
    Map<String, String> variables(NodeKind kind) {
        Map<String, String> variables = new HashMap<>();
        variables.put("INPOD_UDS", folder + "/zds.sock");
        if (kind == NodeKind.OURS) {
            variables.put("XDS_ADDRESS", "unix://" + folder + "/xds.sock");
        } else {
            // It knows no unix sockets.
            variables.put("XDS_ADDRESS", "https://localhost:" + XDS);
            variables.put("XDS_ROOT_CA", folder + "/root.pem");
        }
        return variables;
    }

    /** Waits until its own pods of these namespaces are enrolled, and no others. */
    void awaitOwn(Set<String> namespaces) {
        await("agent of " + machine.name() + " to enroll " + namespaces)
                .atMost(PATIENCE)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> workloads(status()), workloads -> isDone(workloads, namespaces));
    }

    /** Waits until its own pods of these namespaces are enrolled, and no others, and its node knows how to reach all of the others. */
    void awaitDone(Set<String> namespaces) {
        await("agent of " + machine.name() + " to enroll " + namespaces + " and to find those of the other machine")
                .atMost(PATIENCE)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(20))
                .until(this::status, status -> isDone(workloads(status), namespaces) && isTold(status));
    }

    /** Waits until nothing goes through the node any more for pods that are not enrolled. */
    void awaitDrained() {
        await("agent of " + machine.name() + " to have done with pods that left")
                .atMost(PATIENCE)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(20))
                .until(() ->
                        workloads(status()).stream().noneMatch(workload -> "draining".equals(workload.get("state"))));
    }

    private static boolean isTold(Map<?, ?> status) {
        boolean awaits = !Integer.valueOf(0).equals(((Map<?, ?>) status.get("peers")).get("awaited"));
        List<?> clients = (List<?>) ((Map<?, ?>) status.get("xds")).get("clients");
        boolean untold =
                clients.stream().anyMatch(client -> !Integer.valueOf(0).equals(((Map<?, ?>) client).get("unanswered")));
        return !awaits && !untold;
    }

    private static boolean isDone(List<Map<?, ?>> workloads, Set<String> namespaces) {
        return workloads.stream().allMatch(workload -> {
            boolean wanted = namespaces.contains(workload.get("namespace"));
            Object state = workload.get("state");
            // Connections that go on through the node are no business of new ones.
            boolean there =
                    wanted ? state.equals("enrolled") : state.equals("not-enrolled") || state.equals("draining");
            return workload.get("wanted").equals(wanted) && there;
        });
    }

    /** How its workloads stand, and what it said last. */
    String report() {
        StringBuilder report = new StringBuilder("agent of " + machine.name() + ":\n");
        try {
            Map<?, ?> status = status();
            report.append("  peers %s, xds %s%n".formatted(status.get("peers"), status.get("xds")));
            workloads(status)
                    .forEach(workload -> report.append("  %s/%s wanted %s: %s since %s, %s; last error %s%n"
                            .formatted(
                                    workload.get("namespace"),
                                    workload.get("name"),
                                    workload.get("wanted"),
                                    workload.get("state"),
                                    workload.get("since"),
                                    workload.get("doing"),
                                    workload.get("lastError"))));
        } catch (RuntimeException | AssertionError e) {
            report.append("  does not say: ").append(e.getMessage()).append('\n');
        }
        return report.append("its last words:\n")
                .append(end(program.out() + program.err()))
                .toString();
    }

    /** The last lines of a log. */
    static String end(String log) {
        List<String> lines = log.lines().toList();
        return lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()).stream()
                .map(line -> "  " + line + '\n')
                .collect(Collectors.joining());
    }

    private Map<?, ?> status() {
        // JSON is YAML.
        return (Map<?, ?>) new Load(LoadSettings.builder().build()).loadFromString(machine.get(ADMIN, "/status"));
    }

    @SuppressWarnings("unchecked") // that is what the page is
    private static List<Map<?, ?>> workloads(Map<?, ?> status) {
        return (List<Map<?, ?>>) status.get("workloads");
    }
}
