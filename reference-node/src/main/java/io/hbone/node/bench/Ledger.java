package io.hbone.node.bench;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the connections of one event loop have seen within the window. On that loop only, but for {@link #done()}.
 */
final class Ledger {
    final Latencies latencies = new Latencies();

    /** How late the generator itself was, with a connection that was free. */
    final Latencies lateness = new Latencies();

    final Map<String, Long> errors = new TreeMap<>();
    long unanswered;

    private final AtomicLong done = new AtomicLong();

    /** Adds to what is done: requests, connections or bytes. */
    void count(long more) {
        done.lazySet(done.get() + more);
    }

    /** What is done, in the window or not. Any thread. */
    long done() {
        return done.get();
    }

    void error(String what) {
        errors.merge(what, 1L, Long::sum);
    }

    void addAll(Ledger other) {
        latencies.addAll(other.latencies);
        lateness.addAll(other.lateness);
        other.errors.forEach((what, count) -> errors.merge(what, count, Long::sum));
        unanswered += other.unanswered;
        done.addAndGet(other.done());
    }
}
