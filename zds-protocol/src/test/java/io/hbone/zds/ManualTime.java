package io.hbone.zds;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** A loop whose time goes on only when the test says so. What needs no time is done at once, on its thread. */
final class ManualTime extends ScheduledThreadPoolExecutor {
    private final List<Later> waiting = new ArrayList<>();
    private long now;

    ManualTime() {
        super(1, task -> {
            Thread thread = new Thread(task, "manual-time");
            thread.setDaemon(true);
            return thread;
        });
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
        if (delay <= 0 || isShutdown()) {
            return super.schedule(command, delay, unit);
        }
        synchronized (waiting) {
            Later later = new Later(command, now + unit.toNanos(delay));
            waiting.add(later);
            return later;
        }
    }

    /** Lets time pass, and waits until what was due is done. */
    void advance(Duration by) {
        List<Later> due;
        synchronized (waiting) {
            now += by.toNanos();
            due = waiting.stream()
                    .filter(later -> later.at <= now)
                    .sorted(Comparator.comparingLong(later -> later.at))
                    .toList();
            waiting.removeAll(due);
        }
        due.forEach(super::execute);
        settle();
    }

    /** Waits until what was queued by now is done. */
    void settle() {
        try {
            super.submit(() -> {}).get();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** How many tasks wait for their time. */
    int waiting() {
        synchronized (waiting) {
            waiting.removeIf(FutureTask::isCancelled);
            return waiting.size();
        }
    }

    private final class Later extends FutureTask<Void> implements ScheduledFuture<Void> {
        private final long at;

        private Later(Runnable command, long at) {
            super(command, null);
            this.at = at;
        }

        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(at - now, TimeUnit.NANOSECONDS);
        }

        @Override
        public int compareTo(Delayed other) {
            return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
        }
    }
}
