package io.hbone.identity.testing;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** A clock, and an executor that runs by it, on the thread of the test and only when the test says so. */
public final class ManualTime extends AbstractExecutorService implements ScheduledExecutorService {
    private final PriorityQueue<Task<?>> tasks = new PriorityQueue<>(
            Comparator.<Task<?>, Instant>comparing(task -> task.due).thenComparing(task -> task.number));
    private Instant now;
    private long count;
    private boolean shutdown;

    public ManualTime(Instant start) {
        now = start;
    }

    public Clock clock() {
        return new Clock() {
            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                return now();
            }
        };
    }

    public synchronized Instant now() {
        return now;
    }

    /** Runs what is due. */
    public void run() {
        advance(Duration.ZERO);
    }

    /** Lets time pass, and runs what is due in its course. */
    public void advance(Duration duration) {
        Instant until = now().plus(duration);
        while (true) {
            Task<?> next;
            synchronized (this) {
                next = tasks.peek();
                if (next == null || next.due.isAfter(until)) {
                    now = until;
                    return;
                }
                tasks.poll();
                now = next.due.isAfter(now) ? next.due : now;
            }
            next.run();
        }
    }

    /** How long until the next task; null when there is none. */
    public synchronized Duration untilNext() {
        tasks.removeIf(FutureTask::isCancelled);
        Task<?> next = tasks.peek();
        return next == null ? null : Duration.between(now, next.due);
    }

    /** How many tasks wait for their time. */
    public synchronized int waiting() {
        tasks.removeIf(FutureTask::isCancelled);
        return tasks.size();
    }

    @Override
    public void execute(Runnable command) {
        schedule(command, 0, TimeUnit.NANOSECONDS);
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
        return add(new Task<>(java.util.concurrent.Executors.callable(command), delay, unit));
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
        return add(new Task<>(callable, delay, unit));
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
    public synchronized void shutdown() {
        shutdown = true;
        tasks.clear();
    }

    @Override
    public List<Runnable> shutdownNow() {
        shutdown();
        return new ArrayList<>();
    }

    @Override
    public synchronized boolean isShutdown() {
        return shutdown;
    }

    @Override
    public boolean isTerminated() {
        return isShutdown();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        return isShutdown();
    }

    private synchronized <V> Task<V> add(Task<V> task) {
        if (shutdown) {
            throw new java.util.concurrent.RejectedExecutionException("shut down");
        }
        tasks.add(task);
        return task;
    }

    private final class Task<V> extends FutureTask<V> implements ScheduledFuture<V> {
        private final Instant due;
        private final long number;

        Task(Callable<V> callable, long delay, TimeUnit unit) {
            super(callable);
            synchronized (ManualTime.this) {
                due = now.plusNanos(unit.toNanos(Math.max(0, delay)));
                number = count++;
            }
        }

        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(Duration.between(now(), due));
        }

        @Override
        public int compareTo(Delayed other) {
            return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
        }

        @Override
        protected void setException(Throwable t) {
            super.setException(t);
            t.printStackTrace();
        }
    }
}
