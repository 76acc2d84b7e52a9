package io.hbone.identity.internal;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs tasks one after another in the order in which they came, on an executor of however many threads. What only its tasks
 * touch needs no locks. Safe for use by any thread.
 */
public final class Actor {
    private static final Logger log = LoggerFactory.getLogger(Actor.class);

    /** After so many tasks in a row others on the same executor get their turn. */
    private static final int TURN = 64;

    private final ScheduledExecutorService executor;
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private boolean scheduled;

    public Actor(ScheduledExecutorService executor) {
        this.executor = executor;
    }

    /** @return false when the executor is shut down; the task will never run then */
    public boolean execute(Runnable task) {
        synchronized (tasks) {
            tasks.add(task);
            if (scheduled) {
                return true;
            }
            scheduled = true;
        }
        return submit();
    }

    /** Runs {@code task} as one of the actor's after {@code delay}; a negative one is none. */
    public Future<?> schedule(Runnable task, Duration delay) {
        try {
            return executor.schedule(() -> execute(task), Math.max(0, delay.toNanos()), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            log.debug("not scheduled: the executor is shut down");
            return Never.INSTANCE;
        }
    }

    private boolean submit() {
        try {
            executor.execute(this::run);
            return true;
        } catch (RejectedExecutionException e) {
            synchronized (tasks) {
                tasks.clear();
                scheduled = false;
            }
            return false;
        }
    }

    private void run() {
        for (int done = 0; done < TURN; done++) {
            Runnable task;
            synchronized (tasks) {
                task = tasks.poll();
                if (task == null) {
                    scheduled = false;
                    return;
                }
            }
            try {
                task.run();
            } catch (RuntimeException e) {
                // One workload's defect must not stop the others.
                log.error("a task of an identity source failed", e);
            }
        }
        submit();
    }

    /** The future of what will never run. */
    private static final class Never extends java.util.concurrent.CompletableFuture<Object> {
        static final Never INSTANCE = new Never();

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            return false;
        }
    }
}
