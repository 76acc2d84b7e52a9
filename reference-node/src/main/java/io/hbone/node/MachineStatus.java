package io.hbone.node;

import io.hbone.node.agent.StatusClient;
import io.hbone.node.identity.AdminQuery;
import io.hbone.node.text.Json;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How the mesh stands on a machine, as its agent and its node say.
 *
 * @param problems what somebody should look at; none is good
 * @param workloads of the agent: how many stand in which state
 * @param certificates how many of the node's workloads have a valid one
 * @param without how many have none
 * @param soonestExpiry of the valid ones; null for none
 */
record MachineStatus(
        List<String> problems,
        Map<String, Long> workloads,
        int certificates,
        int without,
        @Nullable Instant soonestExpiry) {

    /** Asks both; one that does not answer is a problem. */
    static MachineStatus ask(String agent, String node) {
        List<String> problems = new ArrayList<>();
        Map<String, Object> said = Map.of();
        List<Map<String, Object>> identities = List.of();
        try {
            said = StatusClient.ask(agent);
        } catch (IOException e) {
            problems.add("agent: " + e.getMessage());
        }
        try {
            identities = AdminQuery.identities(node);
        } catch (IOException e) {
            problems.add("node: " + e.getMessage());
        }
        return of(said, identities, problems);
    }

    /** @param problems that are known already */
    static MachineStatus of(Map<String, Object> agent, List<Map<String, Object>> identities, List<String> problems) {
        List<String> all = new ArrayList<>(problems);
        Map<String, Long> workloads = new LinkedHashMap<>();
        if (!agent.isEmpty()) {
            look(agent, all, workloads);
        }
        int valid = 0;
        int without = 0;
        Instant soonest = null;
        for (Map<String, Object> identity : identities) {
            if (Boolean.TRUE.equals(identity.get("serving"))) {
                valid++;
                Object end = identity.get("notAfter");
                Instant expiry = end == null ? null : Instant.parse(end.toString());
                soonest = expiry != null && (soonest == null || expiry.isBefore(soonest)) ? expiry : soonest;
            } else {
                without++;
                all.add("certificate of " + identity.get("identity") + ": "
                        + Objects.requireNonNullElse(identity.get("lastError"), "none yet"));
            }
        }
        return new MachineStatus(List.copyOf(all), workloads, valid, without, soonest);
    }

    private static void look(Map<String, Object> agent, List<String> problems, Map<String, Long> workloads) {
        if (agent.get("source") instanceof Map<?, ?> source && source.get("error") != null) {
            problems.add("agent: " + source.get("error"));
        }
        if (agent.get("node") instanceof Map<?, ?> node && Integer.valueOf(0).equals(node.get("connected"))) {
            problems.add("no node is connected to the agent by ZDS (expected: one, at " + node.get("socket") + ")");
        }
        if (agent.get("xds") instanceof Map<?, ?> xds) {
            List<?> clients = xds.get("clients") instanceof List<?> list ? list : List.of();
            boolean serves = xds.get("listen") instanceof List<?> listen && !listen.isEmpty();
            if (serves && clients.isEmpty()) {
                problems.add("no node is connected to the agent by xDS (expected: one, at " + xds.get("listen") + ")");
            }
            for (Object client : clients) {
                if (client instanceof Map<?, ?> map && map.get("lastError") != null) {
                    problems.add("node " + map.get("id") + " rejected what it was told: " + map.get("lastError"));
                }
            }
        }
        List<?> list = agent.get("workloads") instanceof List<?> found ? found : List.of();
        for (Object each : list) {
            if (each instanceof Map<?, ?> workload) {
                String state = String.valueOf(workload.get("state"));
                workloads.merge(state, 1L, Long::sum);
                if (state.equals("failed") || state.equals("waiting-for-node")) {
                    Object why = state.equals("failed") ? workload.get("lastError") : "no node serves it";
                    problems.add(workload.get("namespace") + "/" + workload.get("name") + " is " + state + ": " + why);
                }
            }
        }
    }

    boolean isGood() {
        return problems.isEmpty();
    }

    /** A verdict first, then what is wrong, then the rest. */
    String text() {
        StringBuilder text = new StringBuilder(isGood() ? "good\n" : "NOT GOOD\n");
        // Of errors parts may come from strangers: nothing that a terminal acts on gets there.
        problems.forEach(problem -> text.append("problem: ")
                .append(problem.replaceAll("\\p{Cntrl}", " "))
                .append('\n'));
        text.append("workloads: ").append(workloads).append('\n');
        text.append("certificates: ")
                .append(certificates)
                .append(" valid, ")
                .append(without)
                .append(" missing");
        if (soonestExpiry != null) {
            text.append("; the first expires at ").append(soonestExpiry);
        }
        return text.append('\n').toString();
    }

    /** The same as one JSON object. */
    String json() {
        Map<String, @Nullable Object> dump = new LinkedHashMap<>();
        dump.put("good", isGood());
        dump.put("problems", problems);
        dump.put("workloads", workloads);
        dump.put("certificates", certificates);
        dump.put("missingCertificates", without);
        dump.put("soonestExpiry", soonestExpiry == null ? null : soonestExpiry.toString());
        StringBuilder json = new StringBuilder();
        Json.compact(json, dump);
        return json.append('\n').toString();
    }
}
