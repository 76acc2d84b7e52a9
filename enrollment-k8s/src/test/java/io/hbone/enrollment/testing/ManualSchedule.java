package io.hbone.enrollment.testing;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Does what is scheduled on the test's own thread, when the test lets its time pass. It never starts a thread. */
public final class ManualSchedule extends ScheduledThreadPoolExecutor {
    private final PriorityQueue<Task> tasks =
            new PriorityQueue<>(Comparator.<Task>comparingLong(task -> task.at).thenComparingLong(task -> task.number));
    private long now;
    private long number;

    public ManualSchedule() {
        super(0);
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
        Task task = new Task(command, now + unit.toNanos(delay), number++);
        tasks.add(task);
        return task;
    }

    /** Does all that is due by then, in order. */
    public void pass(Duration time) {
        long end = now + time.toNanos();
        while (!tasks.isEmpty() && tasks.peek().at <= end) {
            Task next = tasks.remove();
            now = Math.max(now, next.at);
            next.run();
        }
        now = end;
    }

    /** A clock that goes by this time. @param begin what it shows before any has passed */
    public Clock clock(Instant begin) {
        return new Clock() {
            @Override
            public Instant instant() {
                return begin.plusNanos(now);
            }

            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                throw new UnsupportedOperationException();
            }
        };
    }

    /** In how long the next task is due; null when none is. */
    public Duration next() {
        return tasks.isEmpty() ? null : Duration.ofNanos(tasks.peek().at - now);
    }

    private static final class Task extends FutureTask<Void> implements ScheduledFuture<Void> {
        private final long at;
        private final long number;

        Task(Runnable command, long at, long number) {
            super(command, null);
            this.at = at;
            this.number = number;
        }

        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(at, TimeUnit.NANOSECONDS);
        }

        @Override
        public int compareTo(Delayed other) {
            return Long.compare(at, ((Task) other).at);
        }
    }
}
