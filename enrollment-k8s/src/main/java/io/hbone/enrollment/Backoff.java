package io.hbone.enrollment;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** Waiting times that double from a first to a longest, each between half and all of it, so that many do not come at once. */
final class Backoff {
    private final long first;
    private final long longest;
    private final RandomGenerator random;
    private long next;

    Backoff(Duration first, Duration longest, RandomGenerator random) {
        this.first = first.toNanos();
        this.longest = longest.toNanos();
        this.random = random;
        next = this.first;
    }

    Duration next() {
        long due = next;
        next = Math.min(longest, 2 * due);
        return jittered(due, random);
    }

    void reset() {
        next = first;
    }

    static Duration jittered(Duration due, RandomGenerator random) {
        return jittered(due.toNanos(), random);
    }

    private static Duration jittered(long due, RandomGenerator random) {
        return Duration.ofNanos(due / 2 + random.nextLong(due / 2 + 1));
    }
}
