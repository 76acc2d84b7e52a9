package io.hbone.bench.harness;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Lets one thread wait for the end of what an event loop does, for as long as that makes progress. */
final class Completion {

    /** Seconds are counted one by one: a machine that was stopped meanwhile is no stall. */
    private static final int STALLED_AFTER_SECONDS = 60;

    private final Semaphore complete = new Semaphore(0);
    private final AtomicLong progress = new AtomicLong();
    private volatile @Nullable Throwable failure;

    /**
     * So much more is done.
     *
     * @return what is done in all
     */
    long progressed(long by) {
        long now = progress.getPlain() + by; // the event loop's alone
        progress.setOpaque(now);
        return now;
    }

    /** All is done. */
    void complete() {
        complete.release();
    }

    /** It will not be done. Any thread. */
    void fail(Throwable cause) {
        failure = cause;
        complete.release();
    }

    /** Waits for {@link #complete}. @throws IllegalStateException when it failed, or nothing was done for a minute */
    void await() throws InterruptedException {
        long before = progress.getOpaque();
        int idle = 0;
        while (!complete.tryAcquire(1, TimeUnit.SECONDS)) {
            long now = progress.getOpaque();
            idle = now == before ? idle + 1 : 0;
            before = now;
            if (idle == STALLED_AFTER_SECONDS) {
                throw new IllegalStateException("stalled after " + now + " (expected: progress within a minute)");
            }
        }
        Throwable cause = failure;
        if (cause != null) {
            throw new IllegalStateException("failed after " + before + ": " + cause, cause);
        }
    }
}
