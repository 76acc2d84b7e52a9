package io.hbone.zds;

import io.hbone.zds.WorkloadStatus.State;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One workload on the node, in one namespace, from its start to its stop. Calls its handler once at a time. Touched by the loop
 * only.
 */
final class NodeWorkload {
    private static final Logger logger = LoggerFactory.getLogger(NodeWorkload.class);

    private final ZdsWorkload workload;
    private final NetworkNamespace.Id id;
    private final WorkloadHandler handler;
    private final Loop loop;
    private final Duration retryAfter;
    private final Runnable changed;

    /** Ours until the handler has started; null from then on. */
    private @Nullable NetworkNamespace namespace;

    private State state = State.PENDING;
    private boolean late;
    private int failures;
    private @Nullable String error;
    private CompletableFuture<Void> started = new CompletableFuture<>();
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();
    private @Nullable Future<?> retry;
    private volatile WorkloadStatus status;

    /** @param changed is told whenever its state has changed */
    NodeWorkload(
            ZdsWorkload workload,
            NetworkNamespace namespace,
            WorkloadHandler handler,
            Loop loop,
            Duration retryAfter,
            Runnable changed) {
        this.workload = workload;
        this.namespace = namespace;
        this.id = namespace.id();
        this.handler = handler;
        this.loop = loop;
        this.retryAfter = retryAfter;
        this.changed = changed;
        this.status = new WorkloadStatus(workload, state, failures, error);
    }

    /** Whether it is, or shall be, served in that namespace. */
    boolean serves(NetworkNamespace other) {
        return state != State.LEAVING && id.equals(other.id());
    }

    boolean isRunning() {
        return state == State.ENROLLED;
    }

    /** Whether it keeps the node from being ready: it failed to start, or takes longer than the agent waits. */
    boolean isOverdue() {
        return state == State.FAILED || (state == State.PENDING && (late || failures > 0));
    }

    /** The agent was told that it takes longer. */
    void late() {
        late = state == State.PENDING;
    }

    /** Starts it when that other one has ended. */
    void startAfter(CompletableFuture<Void> other) {
        other.whenComplete((done, ignored) -> attempt());
    }

    /** The start, as far as it is; one that has failed is tried again at once. */
    CompletableFuture<Void> started() {
        if (state == State.FAILED) {
            cancelRetry();
            attempt();
        }
        return started;
    }

    private void attempt() {
        NetworkNamespace given = namespace;
        if (state == State.LEAVING || given == null) {
            end();
            return;
        }
        if (state == State.FAILED) {
            started = new CompletableFuture<>();
            set(State.PENDING);
        }
        called(() -> handler.start(workload, given), this::attempted);
    }

    private void attempted(@Nullable Throwable failure) {
        if (failure == null) {
            namespace = null;
            if (state == State.LEAVING) {
                callStop();
                return;
            }
            error = null;
            failures = 0;
            late = false;
            set(State.ENROLLED);
            started.complete(null);
        } else if (state == State.LEAVING) {
            end();
            return;
        } else {
            failures++;
            error = text(failure);
            set(State.FAILED);
            logger.warn("cannot serve {}; next attempt in {}: {}", workload, retryAfter, error);
            retry = loop.after(retryAfter, this::started);
            started.completeExceptionally(failure);
        }
        changed.run();
    }

    /** Stops it, now or as soon as its start has ended. */
    CompletableFuture<Void> stop() {
        if (state == State.LEAVING) {
            return stopped;
        }
        State before = state;
        set(State.LEAVING);
        cancelRetry();
        if (before == State.ENROLLED) {
            callStop();
        } else if (before == State.FAILED) {
            end();
        }
        return stopped;
    }

    private void callStop() {
        called(() -> handler.stop(workload), failure -> {
            if (failure != null) {
                logger.warn("stopping {} failed, it is taken for stopped: {}", workload, text(failure));
            }
            end();
        });
    }

    private void end() {
        release();
        started.completeExceptionally(new ZdsException(workload + " was deleted before it was started"));
        stopped.complete(null);
    }

    /**
     * Forgets it without a word to the handler; but a start under way is stopped when it has ended, for until then it is not the
     * handler's.
     */
    void abandon() {
        if (state == State.PENDING) {
            set(State.LEAVING);
        } else {
            release();
        }
    }

    private void release() {
        cancelRetry();
        if (namespace != null) {
            namespace.close();
            namespace = null;
        }
    }

    private void cancelRetry() {
        if (retry != null) {
            retry.cancel(false);
            retry = null;
        }
    }

    private void called(Supplier<CompletionStage<?>> call, Consumer<@Nullable Throwable> then) {
        CompletionStage<?> stage;
        try {
            stage = call.get();
        } catch (RuntimeException e) {
            stage = CompletableFuture.failedFuture(e);
        }
        stage.whenCompleteAsync((done, failure) -> then.accept(failure), loop::executeOrRun);
    }

    private void set(State next) {
        state = next;
        status = new WorkloadStatus(workload, next, failures, error);
    }

    /** Any thread. */
    WorkloadStatus status() {
        return status;
    }

    static String text(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        String message = cause.getMessage();
        return message != null ? message : cause.toString();
    }
}
