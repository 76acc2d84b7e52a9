package io.hbone.zds;

import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One daemon thread that goes from network namespace to network namespace and does short jobs in each, above all opening sockets:
 * a socket belongs to the namespace that its thread was in when it was made. So a process needs one such thread, not one for each
 * pod. The thread serves nothing else and never goes home, so no failure can leave other work in a foreign namespace.
 *
 * <p>Safe for use by any thread, an event loop among them. Jobs run one after another, must not block, and must not start threads,
 * which would stay in the namespace they were started from.
 */
public final class NamespaceThread implements AutoCloseable {
    private final LinkedBlockingQueue<Job<?>> jobs = new LinkedBlockingQueue<>();
    private final Thread thread;
    private boolean closed;

    private NamespaceThread(String name) {
        thread = new Thread(this::work, name);
        thread.setDaemon(true);
    }

    /** @param name of the thread */
    public static NamespaceThread start(String name) {
        NamespaceThread started = new NamespaceThread(name);
        started.thread.start();
        return started;
    }

    /**
     * Has a job done inside a namespace.
     *
     * @param namespace must stay open until the job has begun
     * @return completes on the namespace thread, with what the job returned or threw; with an {@link IOException} when the namespace
     *     could not be entered, which takes CAP_SYS_ADMIN; with a {@link RejectedExecutionException} when this is closed
     */
    public <T> CompletableFuture<T> submit(NetworkNamespace namespace, Callable<T> job) {
        Job<T> queued = new Job<>(namespace, job, new CompletableFuture<>());
        synchronized (jobs) {
            if (closed) {
                queued.reject();
            } else {
                jobs.add(queued);
            }
        }
        return queued.result;
    }

    /**
     * Like {@link #submit}, and waits for the result.
     *
     * @throws Exception what the job threw
     */
    public <T> T call(NetworkNamespace namespace, Callable<T> job) throws Exception {
        try {
            return submit(namespace, job).get();
        } catch (ExecutionException e) {
            throw unwrapped(e);
        }
    }

    static Exception unwrapped(ExecutionException e) {
        if (e.getCause() instanceof Error error) {
            throw error;
        }
        return e.getCause() instanceof Exception cause ? cause : e;
    }

    /** Ends the thread after the job that it does now; jobs that wait are rejected. Waits for nothing. */
    @Override
    public void close() {
        synchronized (jobs) {
            closed = true;
            jobs.forEach(Job::reject);
            jobs.clear();
        }
        thread.interrupt();
    }

    private boolean isClosed() {
        synchronized (jobs) {
            return closed; // for a job may have swallowed the interrupt
        }
    }

    private void work() {
        NetworkNamespace.@Nullable Id inside = null;
        try {
            while (!isClosed()) {
                Job<?> job = jobs.take();
                // While the thread is inside, no other namespace can get this one's number.
                if (!job.namespace.id().equals(inside)) {
                    try {
                        job.namespace.enter();
                        inside = job.namespace.id();
                    } catch (IOException e) {
                        job.result.completeExceptionally(e);
                        continue;
                    }
                }
                job.run();
            }
        } catch (InterruptedException e) {
            close();
        }
    }

    private record Job<T>(NetworkNamespace namespace, Callable<T> callable, CompletableFuture<T> result) {
        void run() {
            try {
                result.complete(callable.call());
            } catch (Throwable e) { // the thread outlives every job
                result.completeExceptionally(e);
            }
        }

        void reject() {
            result.completeExceptionally(new RejectedExecutionException("the namespace thread is closed"));
        }
    }
}
