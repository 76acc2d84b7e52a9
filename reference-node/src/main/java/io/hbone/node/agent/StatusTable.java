package io.hbone.node.agent;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** An agent's status for a terminal: what it is connected to, and a line for each workload, with its last error below. */
final class StatusTable {
    /** Of those that are named. */
    private static final int PEERS = 5;

    private StatusTable() {}

    static String of(Map<String, Object> status, Instant now) {
        StringBuilder out = new StringBuilder();
        head(out, status, now);
        List<Map<String, @Nullable Object>> workloads = StatusCommand.workloads(status);
        if (workloads.isEmpty()) {
            return out.append("no workloads\n").toString();
        }
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {"NAMESPACE", "NAME", "STATE", "SINCE", "NETWORK"});
        workloads.forEach(workload -> rows.add(new String[] {
            text(workload.get("namespace")),
            text(workload.get("name")),
            text(workload.get("state")),
            ago(workload.get("since"), now),
            text(workload.get("network"))
        }));
        int[] widths = widths(rows);
        line(out, rows.get(0), widths);
        for (int i = 0; i < workloads.size(); i++) {
            Map<String, @Nullable Object> workload = workloads.get(i);
            line(out, rows.get(i + 1), widths);
            below(out, workload.get("doing"), "");
            if (workload.get("lastError") != null) {
                below(
                        out,
                        workload.get("lastError"),
                        "last error, " + ago(workload.get("lastErrorAt"), now) + " ago: ");
            }
        }
        return out.toString();
    }

    private static void head(StringBuilder out, Map<String, Object> status, Instant now) {
        out.append("machine  ").append(status.get("machine"));
        out.append(Boolean.TRUE.equals(status.get("ready")) ? "\n" : " (starting)\n");
        out.append("version  ").append(status.get("version")).append('\n');
        if (status.get("source") instanceof Map<?, ?> source) {
            boolean file = source.containsKey("file");
            out.append(file ? "file     " : "cluster  ")
                    .append(source.get(file ? "file" : "cluster"))
                    .append('\n');
            if (source.get("error") != null) {
                out.append("         NOT USED AS IT IS NOW: ")
                        .append(source.get("error"))
                        .append('\n');
            }
        }
        if (status.get("node") instanceof Map<?, ?> node) {
            boolean none = Integer.valueOf(0).equals(node.get("connected"));
            out.append("node     ")
                    .append(none ? "NONE CONNECTED" : node.get("connected") + " connected")
                    .append(" since ")
                    .append(ago(node.get("since"), now))
                    .append(", ")
                    .append(node.get("socket"))
                    .append('\n');
        }
        if (status.get("xds") instanceof Map<?, ?> xds && xds.get("clients") instanceof List<?> clients) {
            out.append("xds      ").append(clients.size()).append(" clients, ");
            out.append(xds.get("listen") instanceof List<?> listen && !listen.isEmpty() ? listen : "served elsewhere");
            out.append('\n');
        }
        peers(out, status.get("peers"));
        out.append("rules    ").append(status.get("rules")).append("\n\n");
    }

    /** Said only when there is something to say. */
    private static void peers(StringBuilder out, @Nullable Object peers) {
        if (peers instanceof Map<?, ?> map && map.get("unreached") instanceof List<?> unreached) {
            boolean any = !Integer.valueOf(0).equals(map.get("awaited"));
            if (any || !unreached.isEmpty()) {
                out.append("peers    ").append(map.get("awaited")).append(" awaited on other machines\n");
            }
            if (!unreached.isEmpty()) {
                String names =
                        unreached.stream().limit(PEERS).map(String::valueOf).collect(Collectors.joining(", "));
                out.append("         NOBODY LISTENS FOR HBONE AT ")
                        .append(unreached.size())
                        .append(": ");
                out.append(names.replaceAll("\\p{Cntrl}", " "));
                out.append(unreached.size() > PEERS ? ", ...\n" : "\n");
            }
        }
    }

    private static void below(StringBuilder out, @Nullable Object value, String before) {
        if (value != null && !value.equals("")) {
            // Of errors parts may come from strangers: nothing that a terminal acts on gets there.
            out.append("    ")
                    .append(before)
                    .append(value.toString().replaceAll("\\p{Cntrl}", " "))
                    .append('\n');
        }
    }

    private static int[] widths(List<String[]> rows) {
        int[] widths = new int[rows.get(0).length];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        return widths;
    }

    private static void line(StringBuilder out, String[] row, int[] widths) {
        for (int i = 0; i < row.length; i++) {
            out.append(row[i]);
            if (i < row.length - 1) {
                out.append(" ".repeat(widths[i] - row[i].length() + 2));
            }
        }
        out.append('\n');
    }

    private static String ago(@Nullable Object time, Instant now) {
        if (time == null) {
            return "?";
        }
        Duration past = Duration.between(Instant.parse(time.toString()), now).truncatedTo(ChronoUnit.SECONDS);
        return past.isNegative() ? "0s" : past.toString().substring(2).toLowerCase(Locale.ROOT);
    }

    private static String text(@Nullable Object value) {
        return value == null ? "" : value.toString();
    }
}
