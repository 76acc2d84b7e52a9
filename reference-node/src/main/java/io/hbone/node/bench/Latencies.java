package io.hbone.node.bench;

import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/** Latencies to three digits, in bounded memory. One thread adds. */
final class Latencies {
    private static final int DIGITS = 3;
    private static final double NANOS_PER_MICRO = 1000;

    /** The percentiles of a curve, closer together where it gets interesting. */
    private static final int STEPS_PER_HALVING = 4;

    /**
     * A point of the distribution.
     *
     * @param percentile 0 to 100
     * @param micros that so many took at most, microseconds
     */
    record Point(double percentile, double micros) {}

    private final Histogram histogram = new Histogram(DIGITS);

    /** @param nanos what one took; of a clock that may be a little apart, less than nothing counts as nothing */
    void add(long nanos) {
        histogram.recordValue(Math.max(0, nanos));
    }

    void addAll(Latencies others) {
        histogram.add(others.histogram);
    }

    long count() {
        return histogram.getTotalCount();
    }

    /** Microseconds that {@code percentile} of 100 took at most; 0 when there are none. */
    double micros(double percentile) {
        return histogram.getValueAtPercentile(percentile) / NANOS_PER_MICRO;
    }

    double meanMicros() {
        return histogram.getMean() / NANOS_PER_MICRO;
    }

    double maxMicros() {
        return histogram.getMaxValue() / NANOS_PER_MICRO;
    }

    /** From the least to the most; empty when there are none. */
    List<Point> distribution() {
        List<Point> points = new ArrayList<>();
        histogram
                .percentiles(STEPS_PER_HALVING)
                .forEach(step -> points.add(
                        new Point(step.getPercentileLevelIteratedTo(), step.getValueIteratedTo() / NANOS_PER_MICRO)));
        return points;
    }
}
