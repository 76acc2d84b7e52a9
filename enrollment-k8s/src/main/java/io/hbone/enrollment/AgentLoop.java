package io.hbone.enrollment;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one thread that the agent keeps its state on, and its clock. Never blocked. */
final class AgentLoop {
    private static final Logger logger = LoggerFactory.getLogger(AgentLoop.class);

    private final ScheduledExecutorService executor;
    private final InstantSource clock;

    /** @param executor does one task at a time; ended by {@link #end} */
    AgentLoop(ScheduledExecutorService executor, InstantSource clock) {
        this.executor = executor;
        this.clock = clock;
    }

    /** @param name of its thread */
    static AgentLoop start(InstantSource clock, String name) {
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
        executor.setRemoveOnCancelPolicy(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        return new AgentLoop(executor, clock);
    }

    Instant now() {
        return clock.instant();
    }

    /** After the end nothing is done. */
    void execute(Runnable task) {
        try {
            executor.execute(logged(task));
        } catch (RejectedExecutionException e) {
            logger.debug("the agent has ended");
        }
    }

    /** On the loop only. */
    Future<?> after(Duration delay, Runnable task) {
        return executor.schedule(logged(task), delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    void end() {
        executor.shutdown();
    }

    private static Runnable logged(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (RuntimeException e) {
                logger.error("a failure in the agent; the workload that it was about may hang", e);
            }
        };
    }
}
