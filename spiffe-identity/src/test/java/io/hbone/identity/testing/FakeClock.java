package io.hbone.identity.testing;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Time that passes only when a test says so: a clock, and the executor that runs what is due by it. Nothing runs inside {@code
 * execute} or {@code schedule}; the test calls {@link #runDue} or {@link #advance}. For one thread.
 */
public final class FakeClock extends Clock {
    private Instant now;
    private final Scheduler scheduler = new Scheduler();
    private final List<Task<?>> tasks = new ArrayList<>();
    private long sequence;

    public FakeClock(Instant start) {
        now = start;
    }

    /** At a fixed moment. */
    public static FakeClock create() {
        return new FakeClock(Instant.parse("2026-03-01T12:00:00Z"));
    }

    public ScheduledExecutorService executor() {
        return scheduler;
    }

    /** Runs what is due now, also what that makes due. */
    public void runDue() {
        while (runNext(now)) {}
    }

    /** Lets time pass, and runs everything at its time. */
    public void advance(Duration duration) {
        Instant end = now.plus(duration);
        while (runNext(end)) {}
        now = end;
    }

    /** Lets time pass while the executor sleeps, as a suspended machine does. */
    public void jump(Duration duration) {
        now = now.plus(duration);
    }

    /** When the next task is due, from now on. */
    public Duration untilNext() {
        return tasks.stream()
                .map(task -> Duration.between(now, task.due))
                .min(Comparator.naturalOrder())
                .orElseThrow();
    }

    public int pending() {
        return tasks.size();
    }

    private boolean runNext(Instant until) {
        Task<?> next = tasks.stream()
                .filter(task -> !task.due.isAfter(until))
                .min(Comparator.<Task<?>, Instant>comparing(task -> task.due).thenComparing(task -> task.order))
                .orElse(null);
        if (next == null) {
            return false;
        }
        tasks.remove(next);
        now = next.due.isAfter(now) ? next.due : now;
        next.runOnce();
        return true;
    }

    @Override
    public Instant instant() {
        return now;
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException();
    }

    private final class Task<V> extends FutureTask<V> implements ScheduledFuture<V> {
        private final long order = sequence++;
        private final Duration period;
        private Instant due;

        Task(Callable<V> work, Instant due, Duration period) {
            super(work);
            this.due = due;
            this.period = period;
        }

        void runOnce() {
            if (period == null) {
                run();
            } else if (runAndReset()) {
                due = now.plus(period);
                tasks.add(this);
            }
        }

        @Override
        public boolean cancel(boolean interrupt) {
            tasks.remove(this);
            return super.cancel(interrupt);
        }

        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(Duration.between(now, due));
        }

        @Override
        public int compareTo(Delayed other) {
            return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
        }
    }

    private final class Scheduler extends AbstractExecutorService implements ScheduledExecutorService {
        private boolean shutdown;

        private <V> Task<V> add(Callable<V> work, Duration delay, Duration period) {
            if (shutdown) {
                throw new RejectedExecutionException("shut down");
            }
            Task<V> task = new Task<>(work, now.plus(delay), period);
            tasks.add(task);
            return task;
        }

        private static Callable<Object> callable(Runnable work) {
            return () -> {
                work.run();
                return null;
            };
        }

        @Override
        public void execute(Runnable work) {
            add(callable(work), Duration.ZERO, null);
        }

        @Override
        public ScheduledFuture<?> schedule(Runnable work, long delay, TimeUnit unit) {
            return add(callable(work), Duration.of(delay, unit.toChronoUnit()), null);
        }

        @Override
        public <V> ScheduledFuture<V> schedule(Callable<V> work, long delay, TimeUnit unit) {
            return add(work, Duration.of(delay, unit.toChronoUnit()), null);
        }

        @Override
        public ScheduledFuture<?> scheduleAtFixedRate(Runnable work, long initial, long period, TimeUnit unit) {
            return scheduleWithFixedDelay(work, initial, period, unit);
        }

        @Override
        public ScheduledFuture<?> scheduleWithFixedDelay(Runnable work, long initial, long delay, TimeUnit unit) {
            return add(
                    callable(work), Duration.of(initial, unit.toChronoUnit()), Duration.of(delay, unit.toChronoUnit()));
        }

        @Override
        public void shutdown() {
            shutdown = true;
        }

        @Override
        public List<Runnable> shutdownNow() {
            shutdown = true;
            List<Runnable> left = new ArrayList<>(tasks);
            tasks.clear();
            return left;
        }

        @Override
        public boolean isShutdown() {
            return shutdown;
        }

        @Override
        public boolean isTerminated() {
            return shutdown && tasks.isEmpty();
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) {
            return isTerminated();
        }
    }
}
