package io.hbone.zds;

import io.hbone.zds.WorkloadStatus.State;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** What the agent wants of one workload, and how far that is. Touched by the loop only, but for {@link #status()}. */
final class Enrolment {
    private final ZdsWorkload workload;

    /** Null for one that is to go. */
    private final @Nullable NetworkNamespace namespace;

    private final CompletableFuture<Void> done;
    private final Backoff backoff;
    private @Nullable Future<?> retry;
    private volatile WorkloadStatus status;

    /** @param namespace becomes this one's to close; null when the workload is to go */
    Enrolment(
            ZdsWorkload workload, @Nullable NetworkNamespace namespace, CompletableFuture<Void> done, Backoff backoff) {
        this.workload = workload;
        this.namespace = namespace;
        this.done = done;
        this.backoff = backoff;
        this.status = new WorkloadStatus(workload, waiting(), 0, null);
    }

    ZdsWorkload workload() {
        return workload;
    }

    boolean isWanted() {
        return namespace != null;
    }

    @Nullable NetworkNamespace namespace() {
        return namespace;
    }

    boolean isSame(ZdsWorkload other, NetworkNamespace in) {
        return namespace != null && namespace.equals(in) && workload.equals(other);
    }

    /** Completes when the node has confirmed it for the first time. */
    CompletableFuture<Void> done() {
        return done;
    }

    /** Any thread. */
    WorkloadStatus status() {
        return status;
    }

    /** Nothing is known of the node any more: it starts from the beginning. */
    void restart() {
        cancelRetry();
        backoff.reset();
        status = new WorkloadStatus(workload, waiting(), 0, null);
    }

    void confirmed() {
        cancelRetry();
        backoff.reset();
        status = new WorkloadStatus(workload, isWanted() ? State.ENROLLED : State.LEAVING, 0, null);
        done.complete(null);
    }

    /** @param again is run after a pause, unless it is ended or restarted before */
    void failed(String why, Loop loop, Runnable again) {
        cancelRetry();
        status = new WorkloadStatus(workload, State.FAILED, status.attempts() + 1, why);
        retry = loop.after(backoff.next(), again);
    }

    /** It is wanted otherwise, or no more. */
    void end(String why) {
        cancelRetry();
        if (namespace != null) {
            namespace.close();
        }
        done.completeExceptionally(new CancellationException(workload + " " + why));
    }

    private State waiting() {
        return namespace == null ? State.LEAVING : State.PENDING;
    }

    private void cancelRetry() {
        if (retry != null) {
            retry.cancel(false);
            retry = null;
        }
    }
}
