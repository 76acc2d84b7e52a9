package io.hbone.node.explain;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What would happen to a connection, and why.
 *
 * @param source the workload that opens it, as resources call it
 * @param destination its address and port
 * @param allowed whether it would be carried to an application, as far as this mesh decides
 * @param verdict the same in words
 * @param expected the identities that the other end must prove one of; empty when none is asked for
 * @param steps in the order in which they are decided
 */
public record Explanation(
        String source, String destination, boolean allowed, String verdict, List<String> expected, List<Step> steps) {
    private static final String GAP = "  ";

    public Explanation {
        expected = List.copyOf(expected);
        steps = List.copyOf(steps);
    }

    /**
     * One decision.
     *
     * @param what was decided
     * @param outcome in words for an operator
     * @param resource that it was decided by; empty when it was the absence of one
     * @param version of that resource; empty for unknown
     */
    public record Step(String what, String outcome, String resource, String version) {}

    /** For {@link io.hbone.node.text.Json}. */
    public Map<String, Object> toMap() {
        List<Object> all = new ArrayList<>();
        for (Step step : steps) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("what", step.what());
            entry.put("outcome", step.outcome());
            entry.put("resource", step.resource());
            entry.put("version", step.version());
            all.add(entry);
        }
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("source", source);
        out.put("destination", destination);
        out.put("allowed", allowed);
        out.put("verdict", verdict);
        out.put("expectedIdentities", expected);
        out.put("steps", all);
        return out;
    }

    /** A table for people: what was decided, by what, and last the outcome. */
    public String toTable() {
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {"DECISION", "RESOURCE", "VERSION", "OUTCOME"});
        for (Step step : steps) {
            rows.add(new String[] {step.what(), dash(step.resource()), dash(step.version()), step.outcome()});
        }
        int[] widths = new int[3];
        for (String[] row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        StringBuilder out = new StringBuilder();
        out.append(printable(source)).append(" -> ").append(destination).append("\n\n");
        for (String[] row : rows) {
            for (int i = 0; i < widths.length; i++) {
                out.append(printable(row[i]))
                        .append(" ".repeat(widths[i] - row[i].length()))
                        .append(GAP);
            }
            out.append(printable(row[3])).append('\n');
        }
        return out.append('\n')
                .append(allowed ? "ALLOWED: " : "NOT ALLOWED: ")
                .append(printable(verdict))
                .append('\n')
                .toString();
    }

    private static String dash(String text) {
        return text.isEmpty() ? "-" : text;
    }

    /** Names come from a server: none may command a terminal. One for one, so that columns stay where they are. */
    private static String printable(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.chars().forEach(c -> out.append(Character.isISOControl(c) ? '?' : (char) c));
        return out.toString();
    }
}
