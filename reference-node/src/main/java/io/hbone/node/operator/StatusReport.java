package io.hbone.node.operator;

import io.hbone.enrollment.kubernetes.ClusterMachine;
import io.hbone.enrollment.kubernetes.ClusterPods;
import io.hbone.enrollment.operator.ClusterStatus;
import io.hbone.enrollment.operator.ClusterStatus.Standing;
import io.hbone.enrollment.operator.ClusterStatus.State;
import io.hbone.node.text.Json;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes how the identities and the pods of a cluster stand, for people and for programs. */
public final class StatusReport {
    private StatusReport() {}

    /** Whether nothing is left to be done. Different versions are told of, and are not bad: upgrades have them. */
    public static boolean isGood(ClusterStatus status, ClusterPods pods, Instant now) {
        return status.isGood(now) && pods.isGood();
    }

    /**
     * A verdict first, then what is wrong, then the rest; of pods that are enrolled the number alone.
     *
     * @param verbose names those that are opted out, too
     */
    public static String text(ClusterStatus status, ClusterPods pods, Instant now, boolean verbose) {
        StringBuilder text = new StringBuilder();
        text.append(isGood(status, pods, now) ? "good" : "NOT GOOD")
                .append(": ")
                .append(count(status, State.REGISTERED))
                .append(" namespaces registered, ")
                .append(count(status, State.PENDING))
                .append(" pending, ")
                .append(count(status, State.FAILED))
                .append(" failed\noperator: ")
                .append(operator(status, now))
                .append('\n')
                .append("pods: ")
                .append(pods.count(ClusterPods.State.ENROLLED))
                .append(" enrolled, ")
                .append(pods.count(ClusterPods.State.PENDING))
                .append(" pending, ")
                .append(pods.count(ClusterPods.State.FAILED))
                .append(" failed, ")
                .append(pods.optedOut().size())
                .append(" opted out\n");
        if (!pods.images().isEmpty()) {
            text.append(pods.isSkewed() ? "versions DIFFER: " : "versions: ")
                    .append(pods.images())
                    .append('\n');
        }
        text.append(machines(pods.machines(), verbose));
        for (ClusterPods.State state : List.of(ClusterPods.State.FAILED, ClusterPods.State.PENDING)) {
            for (ClusterPods.Standing each : pods.pods()) {
                if (each.state() == state) {
                    text.append(line(state.toString(), each.namespace(), each.name(), each.node(), each.message()));
                }
            }
        }
        for (State state : List.of(State.FAILED, State.PENDING, State.REGISTERED)) {
            for (Standing each : status.namespaces()) {
                if (each.state() == state) {
                    text.append(String.format(
                            "%-10s %s%s%n",
                            state.name().toLowerCase(Locale.ROOT),
                            each.namespace(),
                            each.message().isEmpty() ? "" : ": " + each.message()));
                }
            }
        }
        if (verbose) {
            for (ClusterPods.OptedOut each : pods.optedOut()) {
                text.append(line("out", each.namespace(), each.name(), each.node(), each.why()));
            }
        }
        return text.toString();
    }

    /** One that is as it should be is counted; which it is, and what it says, is for who asks for it. */
    private static String machines(List<ClusterMachine> machines, boolean verbose) {
        if (machines.isEmpty()) {
            return "";
        }
        StringBuilder text = new StringBuilder("machines: ");
        List<String> counts = new ArrayList<>();
        for (ClusterMachine.State state : ClusterMachine.State.values()) {
            counts.add(machines.stream().filter(each -> each.state() == state).count() + " " + state);
        }
        text.append(String.join(", ", counts)).append('\n');
        for (ClusterMachine each : machines) {
            boolean skewed = each.isSkewed();
            if (verbose || skewed || each.state() != ClusterMachine.State.CONNECTED) {
                text.append(String.format("%-10s machine %s", each.state(), each.name()));
                text.append(skewed ? ": versions DIFFER: " : ": ").append(each.images());
                String said = each.message().replaceAll("\\p{Cntrl}", " ");
                text.append(said.isEmpty() ? "" : ": " + said).append('\n');
            }
        }
        return text.toString();
    }

    private static String line(String state, String namespace, String pod, String node, String message) {
        String where = node.isEmpty() ? "" : " on " + node;
        // Of errors parts may come from strangers: nothing that a terminal acts on gets there.
        return String.format(
                "%-10s pod %s/%s%s: %s%n", state, namespace, pod, where, message.replaceAll("\\p{Cntrl}", " "));
    }

    /** The same as one JSON object. */
    public static String json(ClusterStatus status, ClusterPods pods, Instant now) {
        Map<String, @Nullable Object> dump = new LinkedHashMap<>();
        dump.put("good", isGood(status, pods, now));
        dump.put("led", status.isLed(now));
        dump.put("leader", status.leader());
        dump.put(
                "namespaces",
                status.namespaces().stream().map(StatusReport::dump).toList());
        dump.put("pods", pods.pods().stream().map(StatusReport::dump).toList());
        dump.put("optedOut", pods.optedOut().stream().map(StatusReport::dump).toList());
        dump.put("images", pods.images());
        dump.put("machines", pods.machines().stream().map(StatusReport::dump).toList());
        dump.put("skewed", pods.isSkewed());
        StringBuilder json = new StringBuilder();
        Json.compact(json, dump);
        return json.append('\n').toString();
    }

    private static Map<String, Object> dump(ClusterPods.Standing standing) {
        Map<String, Object> dump = new LinkedHashMap<>();
        dump.put("namespace", standing.namespace());
        dump.put("name", standing.name());
        dump.put("node", standing.node());
        dump.put("state", standing.state().toString());
        dump.put("message", standing.message());
        return dump;
    }

    private static Map<String, Object> dump(ClusterPods.OptedOut pod) {
        Map<String, Object> dump = new LinkedHashMap<>();
        dump.put("namespace", pod.namespace());
        dump.put("name", pod.name());
        dump.put("node", pod.node());
        dump.put("why", pod.why());
        return dump;
    }

    private static Map<String, Object> dump(ClusterMachine machine) {
        Map<String, Object> dump = new LinkedHashMap<>();
        dump.put("name", machine.name());
        dump.put("state", machine.state().toString());
        dump.put("images", machine.images());
        dump.put("skewed", machine.isSkewed());
        dump.put("message", machine.message());
        return dump;
    }

    private static Map<String, Object> dump(Standing standing) {
        Map<String, Object> dump = new LinkedHashMap<>();
        dump.put("name", standing.namespace());
        dump.put("state", standing.state().name().toLowerCase(Locale.ROOT));
        dump.put("message", standing.message());
        return dump;
    }

    private static String operator(ClusterStatus status, Instant now) {
        if (status.isLed(now)) {
            return status.leader() + " leads";
        }
        return status.renewed() == null
                ? "none has ever led (expected: hbone operator runs, with its lease where it is looked for)"
                : "none leads; the last one said so at " + status.renewed() + " (expected: hbone operator runs)";
    }

    private static long count(ClusterStatus status, State state) {
        return status.namespaces().stream()
                .filter(each -> each.state() == state)
                .count();
    }
}
