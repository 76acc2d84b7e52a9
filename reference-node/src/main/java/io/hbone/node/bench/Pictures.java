package io.hbone.node.bench;

import io.hbone.node.chart.Chart;
import io.hbone.node.chart.Scale;
import io.hbone.node.chart.Svg;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Draws runs: how latencies are distributed, and how fast it went over time. */
final class Pictures {
    private Pictures() {}

    /**
     * An SVG document.
     *
     * @param runs by the name of their line, in this order; with several runs of one name each has a line
     */
    static String svg(String title, List<Map.Entry<String, RunDocument>> runs) {
        List<Chart> charts = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            String name = kind.toString();
            Chart latencies = new Chart(
                    name + ": distribution of latencies", "percentile", Scale.PERCENTILE, "microseconds", Scale.LOG);
            Chart speeds = new Chart(name + " over time", "seconds", Scale.LINEAR, kind.unit(), Scale.LINEAR);
            for (Map.Entry<String, RunDocument> run : runs) {
                latencies.line(run.getKey(), run.getValue().distributions().getOrDefault(name, List.of()));
                speeds.line(run.getKey(), run.getValue().timelines().getOrDefault(name, List.of()));
            }
            charts.add(latencies);
            charts.add(speeds);
        }
        charts.removeIf(Chart::isEmpty);
        return Svg.document(title, charts);
    }
}
