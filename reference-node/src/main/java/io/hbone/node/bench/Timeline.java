package io.hbone.node.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * How a total grew.
 *
 * @param samples in order of time
 */
record Timeline(List<Sample> samples) {
    /**
     * One look.
     *
     * @param at nanoseconds since some moment
     * @param total so far
     * @param cpu processor time of the watched processes so far, nanoseconds
     */
    record Sample(long at, long total, long cpu) {}

    /**
     * How fast it grew.
     *
     * @param second seconds since the first sample, of the middle
     * @param perSecond of the total
     */
    record Speed(double second, double perSecond) {}

    Timeline {
        samples = List.copyOf(samples);
        if (samples.size() < 2) {
            throw new IllegalArgumentException(samples.size() + " samples (expected: 2 or more)");
        }
    }

    private Sample first() {
        return samples.get(0);
    }

    private Sample last() {
        return samples.get(samples.size() - 1);
    }

    /** How much the total grew. */
    long growth() {
        return last().total() - first().total();
    }

    /** Seconds from the first sample to the last. */
    double seconds() {
        return (last().at() - first().at()) / 1e9;
    }

    double perSecond() {
        return growth() / seconds();
    }

    /** Seconds of processor time. */
    double cpuSeconds() {
        return (last().cpu() - first().cpu()) / 1e9;
    }

    /** Between each sample and the next. */
    List<Speed> speeds() {
        List<Speed> speeds = new ArrayList<>(samples.size());
        for (int i = 1; i < samples.size(); i++) {
            Sample a = samples.get(i - 1);
            Sample b = samples.get(i);
            double seconds = (b.at() - a.at()) / 1e9;
            if (seconds > 0) {
                double middle = ((a.at() - first().at()) / 2.0 + (b.at() - first().at()) / 2.0) / 1e9;
                speeds.add(new Speed(middle, (b.total() - a.total()) / seconds));
            }
        }
        return speeds;
    }
}
