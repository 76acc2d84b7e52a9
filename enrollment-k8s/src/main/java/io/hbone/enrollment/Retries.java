package io.hbone.enrollment;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait after failures in a row: twice as long each time.
 *
 * @param first after the first failure, more than zero
 * @param longest not less than {@code first}
 */
public record Retries(Duration first, Duration longest) {
    /** Half a second to a minute. */
    public static final Retries STANDARD = new Retries(Duration.ofMillis(500), Duration.ofMinutes(1));

    /** @throws IllegalArgumentException when they are not so */
    public Retries {
        if (first.isNegative() || first.isZero() || longest.compareTo(first) < 0) {
            throw new IllegalArgumentException(
                    "retries: " + first + " to " + longest + " (expected: more than zero, and not less than that)");
        }
    }

    /**
     * How long to wait now; with jitter.
     *
     * @param failures how many in a row, 1 or more
     */
    public Duration after(int failures, RandomGenerator random) {
        Duration wait = first;
        for (int i = 1; i < failures && wait.compareTo(longest) < 0; i++) {
            wait = wait.multipliedBy(2);
        }
        return jittered(wait.compareTo(longest) < 0 ? wait : longest, random);
    }

    /** Between half and all of it, so that what failed together does not come back together. */
    public static Duration jittered(Duration wait, RandomGenerator random) {
        long nanos = wait.toNanos();
        return Duration.ofNanos(nanos - random.nextLong(nanos / 2 + 1));
    }
}
