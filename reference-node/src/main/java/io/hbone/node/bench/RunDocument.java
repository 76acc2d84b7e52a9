package io.hbone.node.bench;

import io.hbone.node.chart.Chart;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * What a command printed that measures: the JSON of {@link RunReport}, or of anybody else's program, of which an object {@code
 * metrics} with numbers is enough.
 *
 * @param metrics by key
 * @param distributions by kind of run: microseconds over percentiles; may be empty
 * @param timelines by kind of run: speed over seconds; may be empty
 */
record RunDocument(
        Map<String, Double> metrics,
        Map<String, List<Chart.Point>> distributions,
        Map<String, List<Chart.Point>> timelines) {
    /** More than the longest run prints. */
    static final int MAX_LENGTH = 16 << 20;

    private static final int SHOWN = 80;

    /** @throws BenchException when it is no such document */
    static RunDocument parse(String json) throws BenchException {
        Object read;
        try {
            // JSON is YAML, and the node reads YAML anyhow.
            read = new Load(LoadSettings.builder().setCodePointLimit(MAX_LENGTH).build()).loadFromString(json);
        } catch (YamlEngineException e) {
            throw new BenchException(
                    "printed " + shown(json) + " (expected: the JSON of 'hbone bench client --json')", e);
        }
        Map<String, Double> metrics = new LinkedHashMap<>();
        if (read instanceof Map<?, ?> map && map.get("metrics") instanceof Map<?, ?> figures) {
            figures.forEach((key, figure) -> {
                if (figure instanceof Number number) {
                    metrics.put(String.valueOf(key), number.doubleValue());
                }
            });
            if (!metrics.isEmpty()) {
                return new RunDocument(metrics, curves(map.get("distributions")), curves(map.get("timelines")));
            }
        }
        throw new BenchException("printed " + shown(json) + " (expected: JSON with an object \"metrics\" of numbers)");
    }

    private static String shown(String text) {
        String start = text.strip().replaceAll("\\s+", " ");
        return start.isEmpty() ? "nothing" : "\"" + start.substring(0, Math.min(SHOWN, start.length())) + "\"";
    }

    private static Map<String, List<Chart.Point>> curves(@Nullable Object value) {
        Map<String, List<Chart.Point>> curves = new LinkedHashMap<>();
        if (value instanceof Map<?, ?> map) {
            map.forEach((name, list) -> {
                if (list instanceof List<?> points) {
                    curves.put(String.valueOf(name), points(points));
                }
            });
        }
        return curves;
    }

    private static List<Chart.Point> points(List<?> list) {
        List<Chart.Point> points = new ArrayList<>();
        for (Object one : list) {
            if (one instanceof List<?> pair
                    && pair.size() == 2
                    && pair.get(0) instanceof Number x
                    && pair.get(1) instanceof Number y) {
                points.add(new Chart.Point(x.doubleValue(), y.doubleValue()));
            }
        }
        return points;
    }
}
