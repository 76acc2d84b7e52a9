package io.hbone.node.agent;

import io.hbone.enrollment.ContainerProcesses;
import io.hbone.enrollment.NetworkGoneException;
import io.hbone.enrollment.NetworkReference;
import io.hbone.identity.process.CriPidLookup;
import io.hbone.identity.process.NoProcessException;
import java.io.IOException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;

/** Asks the container runtime, which answers or fails within its own deadline. */
final class CriProcesses implements ContainerProcesses {
    private final CriPidLookup runtime;

    CriProcesses(CriPidLookup runtime) {
        this.runtime = runtime;
    }

    @Override
    public long pid(NetworkReference reference) throws IOException {
        try {
            return ask(reference).toCompletableFuture().get();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            if (cause instanceof NoProcessException) {
                throw new NetworkGoneException(String.valueOf(cause.getMessage()));
            }
            throw new IOException(String.valueOf(cause.getMessage()), cause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(reference + ": interrupted", e);
        }
    }

    private CompletionStage<Integer> ask(NetworkReference reference) throws IOException {
        if (reference instanceof NetworkReference.Container container) {
            return runtime.pidOfContainer(container.id());
        }
        if (reference instanceof NetworkReference.Pod pod) {
            return runtime.pidOfPod(pod.uid());
        }
        throw new IOException(reference + " (expected: a container or a pod)");
    }
}
