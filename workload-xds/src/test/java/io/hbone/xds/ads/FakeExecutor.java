package io.hbone.xds.ads;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** An executor whose time passes when a test says so, on the test's thread. */
final class FakeExecutor extends AbstractExecutorService implements ScheduledExecutorService {
    private final Queue<Runnable> now = new ArrayDeque<>();
    private final PriorityQueue<Timer> later = new PriorityQueue<>(Comparator.<Timer>comparingLong(timer -> timer.due));
    private long time;

    /** Nanoseconds. */
    long nanoTime() {
        return time;
    }

    /** Runs what is to run by then. */
    void pass(long duration, TimeUnit unit) {
        long end = time + unit.toNanos(duration);
        runNow();
        while (!later.isEmpty() && later.peek().due <= end) {
            Timer timer = later.remove();
            time = timer.due;
            timer.run();
            runNow();
        }
        time = end;
    }

    void runNow() {
        for (Runnable task = now.poll(); task != null; task = now.poll()) {
            task.run();
        }
    }

    /** How long until the next timer that was not cancelled; -1 when there is none. */
    long nextNanos() {
        later.removeIf(FutureTask::isCancelled);
        return later.isEmpty() ? -1 : later.peek().due - time;
    }

    @Override
    public void execute(Runnable task) {
        now.add(task);
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
        Timer timer = new Timer(task, time + unit.toNanos(delay));
        later.add(timer);
        return timer;
    }

    private final class Timer extends FutureTask<Void> implements ScheduledFuture<Void> {
        private final long due;

        Timer(Runnable task, long due) {
            super(task, null);
            this.due = due;
        }

        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(due - time, TimeUnit.NANOSECONDS);
        }

        @Override
        public int compareTo(Delayed other) {
            return Long.compare(due, ((Timer) other).due);
        }
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> task, long delay, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable task, long delay, long period, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable task, long delay, long pause, TimeUnit unit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void shutdown() {}

    @Override
    public List<Runnable> shutdownNow() {
        return List.of();
    }

    @Override
    public boolean isShutdown() {
        return false;
    }

    @Override
    public boolean isTerminated() {
        return false;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        return true;
    }
}
