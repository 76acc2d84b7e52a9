package io.hbone.identity.internal;

import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;

/** Threads for those who were given none. */
public final class IdentityThreads {
    private IdentityThreads() {}

    /** One daemon thread; the caller's to shut down. */
    public static ScheduledExecutorService single(String name) {
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, work -> {
            Thread thread = new Thread(work, name);
            thread.setDaemon(true);
            return thread;
        });
        // A renewal that was cancelled must not keep the thread until it would have been due.
        executor.setRemoveOnCancelPolicy(true);
        return executor;
    }
}
