package io.hbone.bench;

import io.hbone.node.chart.Chart;
import io.hbone.node.chart.Scale;
import io.hbone.node.chart.Svg;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * Draws what {@code benchmarks/growth} has measured: {@code Plot JSON SVG}, where the JSON is a list of charts with {@code title}, {@code
 * x}, {@code xScale}, {@code y}, {@code yScale} (linear or log) and {@code lines}: lists of pairs by name.
 */
public final class Plot {
    private Plot() {}

    public static void main(String[] args) throws Exception {
        // JSON is YAML.
        Object read = new Load(LoadSettings.builder().setCodePointLimit(1 << 26).build())
                .loadFromString(Files.readString(Path.of(args[0])));
        List<Chart> charts = new ArrayList<>();
        for (Object one : (List<?>) read) {
            Map<?, ?> map = (Map<?, ?>) one;
            Chart chart = new Chart(
                    text(map, "title"), text(map, "x"), scale(map, "xScale"), text(map, "y"), scale(map, "yScale"));
            ((Map<?, ?>) Objects.requireNonNull(map.get("lines"), "no lines"))
                    .forEach((name, points) -> chart.line(
                            String.valueOf(name),
                            ((List<?>) points)
                                    .stream()
                                            .map(point -> point((List<?>) point))
                                            .toList()));
            charts.add(chart);
        }
        Files.writeString(Path.of(args[1]), Svg.document("How cost grows", charts));
    }

    private static String text(Map<?, ?> map, String key) {
        return String.valueOf(map.get(key));
    }

    private static Scale scale(Map<?, ?> map, String key) {
        return Scale.valueOf(text(map, key).toUpperCase(Locale.ROOT));
    }

    private static Chart.Point point(List<?> pair) {
        return new Chart.Point(((Number) pair.get(0)).doubleValue(), ((Number) pair.get(1)).doubleValue());
    }
}
