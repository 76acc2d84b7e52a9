package io.hbone.enrollment;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** A loop on the test's own thread, whose time goes on only when the test says so. */
final class ManualTime extends AbstractExecutorService implements ScheduledExecutorService, InstantSource {
    private final List<Later> queue = new ArrayList<>();
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private long order;
    private boolean ended;

    @Override
    public Instant instant() {
        return now;
    }

    /** Does what is due, and what comes of that. @return this */
    ManualTime settle() {
        return advance(Duration.ZERO);
    }

    /** Lets time pass, and does what becomes due, in its order. @return this */
    ManualTime advance(Duration by) {
        Instant until = now.plus(by);
        while (true) {
            Later next = queue.stream()
                    .filter(later -> !later.at.isAfter(until))
                    .min(Comparator.naturalOrder())
                    .orElse(null);
            if (next == null) {
                now = until;
                return this;
            }
            queue.remove(next);
            now = next.at.isAfter(now) ? next.at : now;
            if (!ended) {
                next.run();
            }
        }
    }

    /** Does one thing that is due now. @return whether there was one */
    boolean step() {
        Later next = queue.stream()
                .filter(later -> !later.at.isAfter(now))
                .min(Comparator.naturalOrder())
                .orElse(null);
        if (next == null) {
            return false;
        }
        queue.remove(next);
        next.run();
        return true;
    }

    @Override
    public void execute(Runnable command) {
        schedule(command, 0, TimeUnit.NANOSECONDS);
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
        Later later = new Later(command, now.plusNanos(unit.toNanos(delay)));
        queue.add(later);
        return later;
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable command, long initial, long period, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable command, long initial, long delay, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void shutdown() {
        ended = true;
    }

    @Override
    public List<Runnable> shutdownNow() {
        ended = true;
        return List.of();
    }

    @Override
    public boolean isShutdown() {
        return ended;
    }

    @Override
    public boolean isTerminated() {
        return ended;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        return ended;
    }

    private final class Later extends FutureTask<Void> implements ScheduledFuture<Void> {
        private final Instant at;
        private final long place = order++;

        private Later(Runnable command, Instant at) {
            super(command, null);
            this.at = at;
        }

        @Override
        public boolean cancel(boolean interrupt) {
            queue.remove(this);
            return super.cancel(interrupt);
        }

        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(Duration.between(now, at));
        }

        @Override
        public int compareTo(Delayed other) {
            Later that = (Later) other;
            int byTime = at.compareTo(that.at);
            return byTime != 0 ? byTime : Long.compare(place, that.place);
        }
    }
}
