package io.hbone.xds.ads;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** How long to wait before the next try: twice as long each time, and for each client something else. */
final class Backoff {
    private final long first;
    private final long most;
    private final RandomGenerator random;
    private long next;

    Backoff(Duration first, Duration most, RandomGenerator random) {
        this.first = first.toNanos();
        this.most = most.toNanos();
        this.random = random;
        next = this.first;
    }

    /** Between half and all of what is due, in nanoseconds: a server that comes back must not meet all its clients at once. */
    long nextNanos() {
        long due = next;
        next = Math.min(most, 2 * due);
        return due / 2 + random.nextLong(due / 2 + 1);
    }

    void reset() {
        next = first;
    }
}
