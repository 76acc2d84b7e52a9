package io.hbone.node.bench;

import java.util.LinkedHashMap;
import java.util.Map;

/** Puts figures under the keys that reports and comparisons use: what was run, what was measured, and its unit. */
final class Metrics {
    private final Kind kind;
    private final Map<String, Double> figures = new LinkedHashMap<>();

    Metrics(Kind kind) {
        this.kind = kind;
    }

    Metrics put(String name, double figure) {
        figures.put(kind + "." + name, figure);
        return this;
    }

    /** @param cpu whether processes were watched */
    Metrics throughput(Timeline timeline, boolean cpu) {
        put("gbit_per_s", kind.speed(timeline.perSecond()));
        if (cpu && timeline.growth() > 0) {
            put("cpu_s_per_gb", timeline.cpuSeconds() / (timeline.growth() / 1e9));
        }
        return this;
    }

    /** @param cpu whether processes were watched */
    Metrics rate(Timeline timeline, boolean cpu) {
        put("per_s", timeline.perSecond());
        if (cpu && timeline.growth() > 0) {
            put("cpu_us_each", timeline.cpuSeconds() * 1e6 / timeline.growth());
        }
        return this;
    }

    Metrics latencies(Latencies latencies) {
        return put("p50_us", latencies.micros(50))
                .put("p90_us", latencies.micros(90))
                .put("p99_us", latencies.micros(99))
                .put("p99.9_us", latencies.micros(99.9))
                .put("max_us", latencies.maxMicros());
    }

    Map<String, Double> figures() {
        return figures;
    }
}
