package io.hbone.identity.process;

import io.grpc.Status;
import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.cri.proto.PodSandbox;
import io.hbone.identity.cri.proto.PodSandboxState;
import io.hbone.identity.cri.proto.PodSandboxStatusRequest;
import io.hbone.identity.cri.proto.PodSandboxStatusResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Asks the container runtime of the machine for the networks of pods, over the Kubernetes container runtime interface, version 1. A
 * pod has its network before any of its containers runs, so this finds it earlier than {@link CriPidLookup} finds a process. Of the
 * verbose answer it takes what containerd and CRI-O both give: the sandbox's process, where there is one (CRI-O does without as a
 * rule), and the file that its network namespace is pinned to. Safe for use by any thread; never blocks.
 */
public final class CriSandboxes implements AutoCloseable {
    private final CriClient runtime;

    /**
     * @param endpoint the runtime's socket, {@code /run/containerd/containerd.sock} for example
     * @param timeout for each of the two questions that a lookup takes, more than zero
     */
    public CriSandboxes(UnixEndpoint endpoint, Duration timeout) {
        runtime = new CriClient(endpoint, timeout);
    }

    /**
     * The network of the pod of that uid.
     *
     * @return fails with a {@link NoProcessException} when the runtime says that the pod has none (yet, or any more), and with
     *     another {@link IOException} when it cannot be asked
     */
    public CompletionStage<SandboxNetwork> ofPod(String uid) {
        runtime.wake();
        return runtime.sandbox(uid).thenCompose(sandbox -> network(uid, sandbox));
    }

    private CompletionStage<SandboxNetwork> network(String uid, PodSandbox sandbox) {
        PodSandboxStatusRequest request = PodSandboxStatusRequest.newBuilder()
                .setPodSandboxId(sandbox.getId())
                .setVerbose(true)
                .build();
        return runtime.ask(stub -> stub.podSandboxStatus(request))
                .handle((status, failure) -> {
                    if (failure == null) {
                        return network(uid, status);
                    }
                    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
                    // It has gone between the two questions.
                    boolean gone = Status.fromThrowable(cause).getCode() == Status.Code.NOT_FOUND;
                    return CompletableFuture.<SandboxNetwork>failedFuture(gone ? runtime.noSandbox(uid) : failure);
                })
                .thenCompose(found -> found);
    }

    private CompletableFuture<SandboxNetwork> network(String uid, PodSandboxStatusResponse response) {
        if (response.getStatus().getState() != PodSandboxState.SANDBOX_READY) {
            return CompletableFuture.failedFuture(runtime.noSandbox(uid));
        }
        try {
            return CompletableFuture.completedFuture(
                    SandboxInfo.network(response.getInfoOrDefault(CriClient.INFO, "")));
        } catch (IOException e) {
            return CompletableFuture.failedFuture(
                    new IOException("sandbox of pod " + uid + " at " + runtime.endpoint() + ": " + e.getMessage(), e));
        }
    }

    @Override
    public void close() {
        runtime.close();
    }
}
