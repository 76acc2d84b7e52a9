package io.hbone.identity.internal;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/** Threads for those who were given none. */
public final class IdentityThreads {
    private IdentityThreads() {}

    /** One daemon thread; the caller's to shut down. */
    public static ScheduledExecutorService single(String name) {
        return Executors.newSingleThreadScheduledExecutor(work -> {
            Thread thread = new Thread(work, name);
            thread.setDaemon(true);
            return thread;
        });
    }
}
