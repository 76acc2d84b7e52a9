package io.hbone.node.agent;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Reads what an agent and a node say of themselves. What is not there, as of other versions, is nothing. */
final class MachineReading {
    private final List<String> problems;
    private final Map<String, Long> workloads = new LinkedHashMap<>();
    private final Set<Object> namespaces = new HashSet<>();
    private final Map<String, Integer> connections = new LinkedHashMap<>();
    private final SortedMap<String, String> sources = new TreeMap<>();
    private final SortedMap<String, SortedSet<String>> versions = new TreeMap<>();
    private int valid;
    private int without;
    private @Nullable Instant soonest;

    MachineReading(List<String> problems) {
        this.problems = new ArrayList<>(problems);
    }

    MachineStatus status() {
        return new MachineStatus(
                List.copyOf(problems),
                workloads,
                namespaces.size(),
                connections,
                valid,
                without,
                soonest,
                Collections.unmodifiableSortedMap(sources),
                Collections.unmodifiableSortedMap(versions));
    }

    /** What {@link StatusDocument} has. */
    void agent(Map<String, Object> agent) {
        version("agent", agent.get("version"));
        if (agent.get("source") instanceof Map<?, ?> source && source.get("error") != null) {
            problems.add("agent: " + source.get("error"));
        }
        if (agent.get("node") instanceof Map<?, ?> node && node.get("connected") instanceof Integer connected) {
            connections.put("zds", connected);
            if (connected == 0) {
                problems.add("no node is connected to the agent by ZDS (expected: one, at " + node.get("socket") + ")");
            }
        }
        if (agent.get("xds") instanceof Map<?, ?> xds) {
            xds(xds);
        }
        for (Object each : list(agent.get("workloads"))) {
            if (each instanceof Map<?, ?> workload) {
                workload(workload);
            }
        }
    }

    private void xds(Map<?, ?> xds) {
        List<?> clients = list(xds.get("clients"));
        if (!list(xds.get("listen")).isEmpty()) {
            connections.put("xds", clients.size());
            if (clients.isEmpty()) {
                problems.add("no node is connected to the agent by xDS (expected: one, at " + xds.get("listen") + ")");
            }
        }
        for (Object client : clients) {
            if (client instanceof Map<?, ?> map) {
                version("node", map.get("version"));
                if (map.get("lastError") != null) {
                    problems.add("node " + map.get("id") + " rejected what it was told: " + map.get("lastError"));
                }
            }
        }
    }

    private void workload(Map<?, ?> workload) {
        String state = String.valueOf(workload.get("state"));
        workloads.merge(state, 1L, Long::sum);
        if (Boolean.TRUE.equals(workload.get("wanted"))) {
            namespaces.add(String.valueOf(workload.get("namespace")));
        }
        if (state.equals("failed") || state.equals("waiting-for-node")) {
            Object why = state.equals("failed") ? workload.get("lastError") : "no node serves it";
            problems.add(workload.get("namespace") + "/" + workload.get("name") + " is " + state + ": " + why);
        }
    }

    /** What the page of a node's identities has. */
    void identities(List<Map<String, Object>> identities) {
        Map<String, Integer> troubled = new LinkedHashMap<>();
        for (Map<String, Object> identity : identities) {
            String source = String.valueOf(Objects.requireNonNullElse(identity.get("source"), "?"));
            Object error = identity.get("lastError"); // until it goes right again
            sources.merge(source, error == null ? "" : error.toString(), (one, other) -> one.isEmpty() ? other : one);
            if (Boolean.TRUE.equals(identity.get("serving"))) {
                valid++;
                Object end = identity.get("notAfter");
                Instant expiry = end == null ? null : Instant.parse(end.toString());
                soonest = expiry != null && (soonest == null || expiry.isBefore(soonest)) ? expiry : soonest;
                if (error != null) {
                    troubled.merge(source, 1, Integer::sum);
                }
            } else {
                without++;
                problems.add("certificate of " + identity.get("identity") + ": "
                        + Objects.requireNonNullElse(error, "none yet"));
            }
        }
        troubled.forEach((source, count) -> problems.add(
                count + " certificates are valid, and cannot be renewed by " + source + ": " + sources.get(source)));
    }

    private void version(String program, @Nullable Object version) {
        if (version != null && !version.equals("")) {
            versions.computeIfAbsent(program, none -> new TreeSet<>()).add(version.toString());
        }
    }

    private static List<?> list(@Nullable Object value) {
        return value instanceof List<?> list ? list : List.of();
    }
}
