package io.hbone.enrollment.kubernetes;

import java.time.Duration;

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

    /** @param failures how many in a row, 1 or more */
    Duration after(int failures) {
        Duration wait = first;
        for (int i = 1; i < failures && wait.compareTo(longest) < 0; i++) {
            wait = wait.multipliedBy(2);
        }
        return wait.compareTo(longest) < 0 ? wait : longest;
    }
}
