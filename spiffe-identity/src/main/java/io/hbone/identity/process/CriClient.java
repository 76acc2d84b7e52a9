package io.hbone.identity.process;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.common.util.concurrent.MoreExecutors;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.cri.proto.ListPodSandboxRequest;
import io.hbone.identity.cri.proto.ListPodSandboxResponse;
import io.hbone.identity.cri.proto.PodSandbox;
import io.hbone.identity.cri.proto.PodSandboxFilter;
import io.hbone.identity.cri.proto.PodSandboxState;
import io.hbone.identity.cri.proto.PodSandboxStateValue;
import io.hbone.identity.cri.proto.RuntimeServiceGrpc;
import io.hbone.identity.cri.proto.RuntimeServiceGrpc.RuntimeServiceFutureStub;
import io.hbone.identity.internal.UnixChannels;
import java.io.IOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** The connection to a container runtime, and what every question to it begins with. Safe for use by any thread; never blocks. */
final class CriClient implements AutoCloseable {
    /** What the runtime's answers say beyond the interface is under this key, at containerd and at CRI-O. */
    static final String INFO = "info";

    private static final String POD_UID = "io.kubernetes.pod.uid";

    private final UnixEndpoint endpoint;
    private final Duration timeout;
    private final UnixChannels channels;

    /** @param timeout for each question, more than zero */
    CriClient(UnixEndpoint endpoint, Duration timeout) {
        if (timeout.isZero() || timeout.isNegative()) {
            throw new IllegalArgumentException("timeout: " + timeout + " (expected: more than zero)");
        }
        this.endpoint = endpoint;
        this.timeout = timeout;
        this.channels = new UnixChannels(endpoint, null);
    }

    UnixEndpoint endpoint() {
        return endpoint;
    }

    /** The next question does not wait for a connection that failed before. */
    void wake() {
        channels.channel().resetConnectBackoff();
    }

    /** The answer, or an {@link IOException} that says what came instead, within the timeout. */
    <T> CompletableFuture<T> ask(Function<RuntimeServiceFutureStub, ListenableFuture<T>> question) {
        ListenableFuture<T> asked = question.apply(RuntimeServiceGrpc.newFutureStub(channels.channel())
                .withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS));
        CompletableFuture<T> answer = new CompletableFuture<>();
        asked.addListener(
                () -> {
                    try {
                        answer.complete(asked.get());
                    } catch (ExecutionException e) {
                        answer.completeExceptionally(unanswered(e.getCause() == null ? e : e.getCause()));
                    } catch (InterruptedException | RuntimeException e) {
                        answer.completeExceptionally(unanswered(e));
                    }
                },
                MoreExecutors.directExecutor());
        return answer;
    }

    /** The sandbox of the pod of that uid that is ready now; a {@link NoProcessException} when there is none. */
    CompletionStage<PodSandbox> sandbox(String uid) {
        ListPodSandboxRequest request = ListPodSandboxRequest.newBuilder()
                .setFilter(PodSandboxFilter.newBuilder()
                        .setState(PodSandboxStateValue.newBuilder().setState(PodSandboxState.SANDBOX_READY))
                        .putLabelSelector(POD_UID, uid))
                .build();
        return ask(runtime -> runtime.listPodSandbox(request)).thenCompose(sandboxes -> newest(uid, sandboxes));
    }

    private CompletionStage<PodSandbox> newest(String uid, ListPodSandboxResponse sandboxes) {
        // A pod whose sandbox was made anew has an old one beside it, which is not ready; the filter may be ignored.
        return sandboxes.getItemsList().stream()
                .filter(sandbox -> sandbox.getState() == PodSandboxState.SANDBOX_READY)
                .max(Comparator.comparingLong(PodSandbox::getCreatedAt))
                .map(CompletableFuture::completedFuture)
                .orElseGet(() -> CompletableFuture.failedFuture(noSandbox(uid)));
    }

    NoProcessException noSandbox(String uid) {
        return new NoProcessException(
                "no sandbox of pod " + uid + " at " + endpoint + " (expected: one that is ready)");
    }

    private IOException unanswered(Throwable cause) {
        if (cause instanceof StatusRuntimeException failed
                && failed.getStatus().getCode() == Status.Code.DEADLINE_EXCEEDED) {
            return new IOException(
                    "container runtime at " + endpoint + ": no answer (expected: within " + timeout + ")", cause);
        }
        return new IOException(
                "container runtime at " + endpoint + ": " + cause.getMessage()
                        + " (expected: one that serves CRI v1 to this process)",
                cause);
    }

    @Override
    public void close() {
        channels.close();
    }
}
