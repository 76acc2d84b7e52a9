package io.hbone.zds;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one thread that an end of the protocol keeps its state on, and its clock. Never blocked. */
final class Loop implements Executor {
    private static final Logger logger = LoggerFactory.getLogger(Loop.class);

    private final ScheduledExecutorService executor;

    /** @param executor does one task at a time; ended by {@link #end()} */
    Loop(ScheduledExecutorService executor) {
        this.executor = executor;
    }

    static Loop start(String name) {
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
        executor.setRemoveOnCancelPolicy(true);
        return new Loop(executor);
    }

    /** @throws RejectedExecutionException after the end */
    @Override
    public void execute(Runnable task) {
        executor.execute(logged(task));
    }

    /** After the end on the caller's thread, for what still has to be given back. */
    void executeOrRun(Runnable task) {
        try {
            execute(task);
        } catch (RejectedExecutionException e) {
            logged(task).run();
        }
    }

    /** @throws RejectedExecutionException after the end */
    Future<?> after(Duration delay, Runnable task) {
        return executor.schedule(logged(task), delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** What is queued is still done, each in its time: who ends it has cancelled what shall not come any more. */
    void end() {
        executor.shutdown();
    }

    private static Runnable logged(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (RuntimeException e) {
                logger.error("a failure in the ZDS loop; what it was about may hang", e);
            }
        };
    }
}
