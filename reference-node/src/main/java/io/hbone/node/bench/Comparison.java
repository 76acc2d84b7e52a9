package io.hbone.node.bench;

import io.hbone.node.text.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Two commands that were run in turns. A ratio is that of the two runs of one round, which share what else went on at the time; so
 * the spread of the ratios says how much they can be trusted, while that of the figures says how restless the machine was.
 *
 * @param a name of the first
 * @param b name of the second
 * @param rounds how many there were
 * @param rows one for each metric
 */
record Comparison(String a, String b, int rounds, List<Row> rows) {
    /**
     * One metric.
     *
     * @param a null when the first command does not have it
     * @param b null when the second command does not have it
     * @param ratio of a to b, round by round; null when there is none, as for what b has none of
     */
    record Row(
            String metric,
            @Nullable Spread a,
            @Nullable Spread b,
            @Nullable Spread ratio) {}

    /**
     * Compares.
     *
     * @param as what the first command has printed, round by round
     * @param bs what the second command has printed in the same rounds
     */
    static Comparison of(String a, List<RunDocument> as, String b, List<RunDocument> bs) {
        Set<String> metrics = new LinkedHashSet<>();
        as.forEach(run -> metrics.addAll(run.metrics().keySet()));
        bs.forEach(run -> metrics.addAll(run.metrics().keySet()));
        List<Row> rows = new ArrayList<>();
        for (String metric : metrics) {
            List<Double> ratios = new ArrayList<>();
            for (int round = 0; round < Math.min(as.size(), bs.size()); round++) {
                Double ofA = as.get(round).metrics().get(metric);
                Double ofB = bs.get(round).metrics().get(metric);
                if (ofA != null && ofB != null && ofB != 0) {
                    ratios.add(RunReport.rounded(ofA / ofB));
                }
            }
            rows.add(new Row(metric, spread(figures(as, metric)), spread(figures(bs, metric)), spread(ratios)));
        }
        return new Comparison(a, b, as.size(), rows);
    }

    private static List<Double> figures(List<RunDocument> runs, String metric) {
        List<Double> figures = new ArrayList<>();
        for (RunDocument run : runs) {
            Double figure = run.metrics().get(metric);
            if (figure != null) {
                figures.add(figure);
            }
        }
        return figures;
    }

    private static @Nullable Spread spread(List<Double> figures) {
        return figures.isEmpty() ? null : Spread.of(figures);
    }

    String text() {
        StringBuilder out = new StringBuilder(1024);
        out.append(String.format(
                Locale.ROOT, "%s over %s: medians of %d rounds, and the ratios of the rounds%n", a, b, rounds));
        out.append(String.format("%-32s %12s %12s %8s %8s %8s%n", "", cut(a), cut(b), "ratio", "least", "most"));
        for (Row row : rows) {
            Spread ratio = row.ratio();
            out.append(String.format(
                    "%-32s %12s %12s %8s %8s %8s%n",
                    row.metric(),
                    row.a() == null ? "-" : RunReport.plain(row.a().median()),
                    row.b() == null ? "-" : RunReport.plain(row.b().median()),
                    ratio == null ? "-" : fraction(ratio.median()),
                    ratio == null ? "-" : fraction(ratio.least()),
                    ratio == null ? "-" : fraction(ratio.most())));
        }
        return out.toString();
    }

    private static String cut(String name) {
        return name.length() <= 12 ? name : name.substring(0, 12);
    }

    private static String fraction(double ratio) {
        return String.format(Locale.ROOT, ratio < 10 ? "%.3f" : "%.1f", ratio);
    }

    String json() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("tool", "hbone bench compare");
        map.put("a", a);
        map.put("b", b);
        map.put("rounds", rounds);
        Map<String, Object> metrics = new LinkedHashMap<>();
        for (Row row : rows) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("a", map(row.a()));
            entry.put("b", map(row.b()));
            entry.put("ratio", map(row.ratio()));
            metrics.put(row.metric(), entry);
        }
        map.put("metrics", metrics);
        return Json.pretty(map);
    }

    private static @Nullable Map<String, Object> map(@Nullable Spread spread) {
        if (spread == null) {
            return null;
        }
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("median", spread.median());
        map.put("least", spread.least());
        map.put("most", spread.most());
        return map;
    }
}
