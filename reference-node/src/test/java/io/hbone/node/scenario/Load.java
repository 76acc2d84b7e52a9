package io.hbone.node.scenario;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/** Clients that connect, exchange a token and close, again and again, until they are stopped. */
final class Load implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** Without it a client runs out of ports in seconds. */
    private static final Duration PAUSE = Duration.ofMillis(1);

    /** Clients that are refused do not try at once again. */
    private static final Duration PAUSE_AFTER_FAILURE = Duration.ofMillis(20);

    private final Collection<Attempt> attempts = new ConcurrentLinkedQueue<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopped;

    /** Adds clients: one for each family. */
    Load add(Workload from, Workload to) {
        for (Family family : Family.values()) {
            Thread thread = new Thread(() -> run(from, to, family), "load " + from + " " + to + " " + family);
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
        return this;
    }

    private void run(Workload from, Workload to, Family family) {
        while (!stopped) {
            Attempt attempt = from.call(to, family);
            attempts.add(attempt);
            LockSupport.parkNanos((attempt.succeeded() ? PAUSE : PAUSE_AFTER_FAILURE).toNanos());
        }
    }

    /** What has come of those that have ended, in no order. */
    List<Attempt> soFar() {
        return List.copyOf(attempts);
    }

    /** Waits until there are so many that begin from now on. */
    void awaitMore(int count) {
        awaitMore(count, attempt -> true);
    }

    /** Waits until there are so many of a kind that begin from now on. */
    void awaitMore(int count, Predicate<Attempt> kind) {
        long now = System.nanoTime();
        await("more connections")
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> attempts.stream()
                                .filter(attempt -> attempt.began() >= now)
                                .filter(kind)
                                .count()
                        >= count);
    }

    /** Ends it: what has come of all. */
    List<Attempt> stop() {
        close();
        return soFar();
    }

    @Override
    public void close() {
        stopped = true;
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError(e);
            }
        }
    }
}
