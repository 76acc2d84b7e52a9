package io.hbone.node.agent;

import io.hbone.node.identity.AdminQuery;
import io.hbone.node.text.Json;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/**
 * How the mesh stands on a machine, as its agent and its node say.
 *
 * @param problems what somebody should look at; none is good
 * @param workloads of the agent: how many stand in which state
 * @param namespaces how many have a workload here that is wanted in the mesh
 * @param connections how many nodes are connected to the agent, by {@code zds} and {@code xds}
 * @param certificates how many of the node's workloads have a valid one
 * @param without how many have none
 * @param soonestExpiry of the valid ones; null for none
 * @param sources where certificates come from, such as SPIRE: by name, what is wrong with it; empty for nothing
 * @param versions of {@code agent} and {@code node}
 */
public record MachineStatus(
        List<String> problems,
        Map<String, Long> workloads,
        int namespaces,
        Map<String, Integer> connections,
        int certificates,
        int without,
        @Nullable Instant soonestExpiry,
        SortedMap<String, String> sources,
        SortedMap<String, SortedSet<String>> versions) {
    private static final int SUMMED_UP = 3;

    /** Asks both by their admin ports, and blocks meanwhile; one that does not answer is a problem. */
    public static MachineStatus ask(String agent, String node) {
        List<String> problems = new ArrayList<>();
        Map<String, Object> said = Map.of();
        try {
            said = StatusClient.ask(agent);
        } catch (IOException e) {
            problems.add("agent: " + e.getMessage());
        }
        return of(said, node, problems);
    }

    /**
     * As an agent sees it, which need not be asked. Blocks while the node is.
     *
     * @param agent what {@link StatusDocument} has
     */
    static MachineStatus of(Map<String, Object> agent, String node) {
        return of(agent, node, List.of());
    }

    private static MachineStatus of(Map<String, Object> agent, String node, List<String> problems) {
        List<String> all = new ArrayList<>(problems);
        List<Map<String, Object>> identities = List.of();
        try {
            identities = AdminQuery.identities(node);
        } catch (IOException e) {
            all.add("node: " + e.getMessage());
        }
        return of(agent, identities, all);
    }

    /**
     * @param agent what {@link StatusDocument} has; empty when it did not answer
     * @param problems that are known already
     */
    static MachineStatus of(Map<String, Object> agent, List<Map<String, Object>> identities, List<String> problems) {
        MachineReading reading = new MachineReading(problems);
        if (!agent.isEmpty()) {
            reading.agent(agent);
        }
        reading.identities(identities);
        return reading.status();
    }

    public boolean isGood() {
        return problems.isEmpty();
    }

    /** Whether agent and nodes are not of one version, as during an upgrade. That is not bad. */
    boolean isSkewed() {
        return versions.values().stream().flatMap(SortedSet::stream).distinct().count() > 1;
    }

    /** A verdict first, then what is wrong, then the rest. */
    public String text() {
        StringBuilder text = new StringBuilder(isGood() ? "good\n" : "NOT GOOD\n");
        problems.forEach(
                problem -> text.append("problem: ").append(plain(problem)).append('\n'));
        text.append("workloads: ")
                .append(workloads)
                .append(", of ")
                .append(namespaces)
                .append(" namespaces in the mesh\n");
        text.append("connections: ").append(connections).append('\n');
        text.append("certificates: ").append(certificatesText()).append('\n');
        sources.forEach((source, trouble) -> text.append("source of certificates: ")
                .append(source)
                .append(trouble.isEmpty() ? " answers" : ": TROUBLE: " + plain(trouble))
                .append('\n'));
        return text.append(versionsText()).append('\n').toString();
    }

    /** All of it on one line, for who asks the API server; at most a few problems. */
    String summary() {
        if (isGood()) {
            String from = sources.isEmpty() ? "" : " from " + String.join(", ", sources.keySet());
            return "connections " + connections + "; certificates" + from + ": " + certificatesText() + "; "
                    + versionsText();
        }
        String first = problems.stream()
                .limit(SUMMED_UP)
                .map(MachineStatus::plain)
                .reduce((a, b) -> a + "; " + b)
                .orElse("");
        int more = problems.size() - SUMMED_UP;
        return first + (more > 0 ? "; and " + more + " more" : "") + "; " + versionsText();
    }

    private String certificatesText() {
        return certificates + " valid, " + without + " missing"
                + (soonestExpiry == null ? "" : "; the first expires at " + soonestExpiry);
    }

    private String versionsText() {
        return (isSkewed() ? "versions DIFFER: " : "versions: ") + plain(versions.toString());
    }

    /** Of errors and versions parts may come from strangers: nothing that a terminal acts on gets there. */
    private static String plain(String text) {
        return text.replaceAll("\\p{Cntrl}", " ");
    }

    /** The same as one JSON object. */
    public String json() {
        Map<String, @Nullable Object> dump = new LinkedHashMap<>();
        dump.put("good", isGood());
        dump.put("problems", problems);
        dump.put("workloads", workloads);
        dump.put("namespaces", namespaces);
        dump.put("connections", connections);
        dump.put("certificates", certificates);
        dump.put("missingCertificates", without);
        dump.put("soonestExpiry", soonestExpiry == null ? null : soonestExpiry.toString());
        dump.put("sources", sources);
        dump.put("versions", versions);
        dump.put("skewed", isSkewed());
        StringBuilder json = new StringBuilder();
        Json.compact(json, dump);
        return json.append('\n').toString();
    }
}
