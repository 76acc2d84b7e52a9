package io.hbone.node.bench;

import io.hbone.node.text.Json;
import java.lang.management.ManagementFactory;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a run has shown, for people and for programs.
 *
 * @param via what the connections went through, in the user's words; null when nothing was said
 * @param measurements of all repeats, in order
 * @param at when it ended
 */
record RunReport(
        Target target, @Nullable String via, Plan plan, int repeats, List<Measurement> measurements, Instant at) {
    private static final MathContext DIGITS = new MathContext(5);

    /** Of each metric, what each repeat has shown. */
    Map<String, List<Double>> figures() {
        Map<String, List<Double>> figures = new LinkedHashMap<>();
        for (Measurement measurement : measurements) {
            measurement
                    .metrics()
                    .forEach((key, figure) -> figures.computeIfAbsent(key, none -> new ArrayList<>())
                            .add(rounded(figure)));
        }
        return figures;
    }

    /** How often what happened, with the kind of run that it happened to. */
    Map<String, Long> errors() {
        Map<String, Long> errors = new LinkedHashMap<>();
        for (Measurement measurement : measurements) {
            measurement
                    .errors()
                    .forEach((what, count) -> errors.merge(measurement.kind() + ": " + what, count, Long::sum));
        }
        return errors;
    }

    /** A table of medians with their spread. */
    String text() {
        StringBuilder out = new StringBuilder(1024);
        out.append(String.format(
                Locale.ROOT,
                "%s%s: %d connections, %s s each after %s s of warm-up, %d times%n",
                target,
                via == null ? "" : ", via " + via,
                plan.connections(),
                rounded(plan.duration().toMillis() / 1e3),
                rounded(plan.warmUp().toMillis() / 1e3),
                repeats));
        out.append(String.format("%-32s %12s %12s %12s%n", "", "median", "least", "most"));
        figures()
                .forEach((key, values) -> out.append(String.format(
                        Locale.ROOT,
                        "%-32s %12s %12s %12s%n",
                        key,
                        plain(Spread.of(values).median()),
                        plain(Spread.of(values).least()),
                        plain(Spread.of(values).most()))));
        errors().forEach((what, count) -> out.append("error: " + what + ", " + count + " times\n"));
        return out.toString();
    }

    /** One JSON document; {@link RunDocument} reads it. */
    String json() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("tool", "hbone bench");
        map.put("at", at.truncatedTo(ChronoUnit.SECONDS).toString());
        map.put("target", target.toString());
        map.put("via", via);
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("connections", plan.connections());
        settings.put("rate_per_s", plan.perSecond());
        settings.put("request_bytes", plan.requestSize());
        settings.put("write_bytes", plan.writeSize());
        settings.put("warm_up_s", plan.warmUp().toMillis() / 1e3);
        settings.put("duration_s", plan.duration().toMillis() / 1e3);
        settings.put("repeats", repeats);
        map.put("settings", settings);
        Map<String, Object> machine = new LinkedHashMap<>();
        machine.put("cpus", Runtime.getRuntime().availableProcessors());
        machine.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        machine.put("java", Runtime.version().toString());
        machine.put(
                "load_average",
                rounded(ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()));
        map.put("machine", machine);
        Map<String, Object> metrics = new LinkedHashMap<>();
        figures().forEach((key, values) -> metrics.put(key, Spread.of(values).median()));
        map.put("metrics", metrics);
        map.put("repeats", figures());
        map.put("distributions", distributions());
        map.put("timelines", timelines());
        map.put("errors", errors());
        return Json.pretty(map);
    }

    /** Of all repeats together: pairs of a percentile and microseconds. */
    private Map<String, Object> distributions() {
        Map<Kind, Latencies> sums = new LinkedHashMap<>();
        for (Measurement measurement : measurements) {
            Latencies latencies = measurement.latencies();
            if (latencies != null) {
                sums.computeIfAbsent(measurement.kind(), none -> new Latencies())
                        .addAll(latencies);
            }
        }
        Map<String, Object> map = new LinkedHashMap<>();
        sums.forEach((kind, latencies) -> map.put(
                kind.toString(),
                latencies.distribution().stream()
                        .map(point -> List.of(point.percentile(), rounded(point.micros())))
                        .toList()));
        return map;
    }

    /** One repeat behind the other: pairs of a second and a speed in the unit of the kind. */
    private Map<String, Object> timelines() {
        Map<String, Object> map = new LinkedHashMap<>();
        Map<Kind, Double> ends = new LinkedHashMap<>();
        Map<Kind, List<Object>> all = new LinkedHashMap<>();
        for (Measurement measurement : measurements) {
            Kind kind = measurement.kind();
            double before = ends.getOrDefault(kind, 0.0);
            List<Object> points = all.computeIfAbsent(kind, none -> new ArrayList<>());
            for (Timeline.Speed speed : measurement.timeline().speeds()) {
                points.add(List.of(rounded(before + speed.second()), rounded(kind.speed(speed.perSecond()))));
            }
            ends.put(kind, before + measurement.timeline().seconds());
        }
        all.forEach((kind, points) -> map.put(kind.toString(), points));
        return map;
    }

    /** To five digits: more are noise. */
    static double rounded(double value) {
        return Double.isFinite(value) ? new BigDecimal(value).round(DIGITS).doubleValue() : 0;
    }

    /** Without an exponent. */
    static String plain(double value) {
        return new BigDecimal(value).round(DIGITS).stripTrailingZeros().toPlainString();
    }
}
