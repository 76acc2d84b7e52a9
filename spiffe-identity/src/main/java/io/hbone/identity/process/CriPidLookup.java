package io.hbone.identity.process;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.common.util.concurrent.MoreExecutors;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.cri.proto.Container;
import io.hbone.identity.cri.proto.ContainerFilter;
import io.hbone.identity.cri.proto.ContainerState;
import io.hbone.identity.cri.proto.ContainerStateValue;
import io.hbone.identity.cri.proto.ContainerStatusRequest;
import io.hbone.identity.cri.proto.ContainerStatusResponse;
import io.hbone.identity.cri.proto.ListContainersRequest;
import io.hbone.identity.cri.proto.ListContainersResponse;
import io.hbone.identity.cri.proto.ListPodSandboxRequest;
import io.hbone.identity.cri.proto.ListPodSandboxResponse;
import io.hbone.identity.cri.proto.PodSandbox;
import io.hbone.identity.cri.proto.PodSandboxFilter;
import io.hbone.identity.cri.proto.PodSandboxState;
import io.hbone.identity.cri.proto.PodSandboxStateValue;
import io.hbone.identity.cri.proto.RuntimeServiceGrpc;
import io.hbone.identity.internal.UnixChannels;
import java.io.IOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Asks the container runtime of the machine, over the Kubernetes container runtime interface, version 1 (spec/cilium.md 6.4): the
 * workload's uid is the pod's. Of its containers the oldest that runs is taken. One that has ended, as an init container does,
 * is passed over (GAP: the fork takes the first container, whose process id is 0 then).
 */
public final class CriPidLookup implements PidLookup {
    private static final String POD_UID = "io.kubernetes.pod.uid";

    private final UnixEndpoint endpoint;
    private final Duration timeout;
    private final UnixChannels channels;

    /**
     * @param endpoint the runtime's socket, {@code /run/containerd/containerd.sock} for example
     * @param timeout for each of the questions that a lookup takes, more than zero
     */
    public CriPidLookup(UnixEndpoint endpoint, Duration timeout) {
        if (timeout.isZero() || timeout.isNegative()) {
            throw new IllegalArgumentException("timeout: " + timeout + " (expected: more than zero)");
        }
        this.endpoint = endpoint;
        this.timeout = timeout;
        this.channels = new UnixChannels(endpoint, null);
    }

    @Override
    public CompletionStage<Integer> pid(WorkloadIdentity workload) {
        return pidOfPod(workload.uid());
    }

    /**
     * A running process of the container of that id.
     *
     * @return as {@link #pid}; a {@link NoProcessException} when the runtime says that there is none
     */
    public CompletionStage<Integer> pidOfContainer(String id) {
        channels.channel().resetConnectBackoff();
        ContainerStatusRequest request = ContainerStatusRequest.newBuilder()
                .setContainerId(id)
                .setVerbose(true)
                .build();
        return answer(stub().containerStatus(request)).handle((status, failure) -> {
            if (failure != null) {
                Throwable cause = failure.getCause() == null ? failure : failure.getCause();
                throw new CompletionException(
                        Status.fromThrowable(cause).getCode() == Status.Code.NOT_FOUND ? none(id) : failure);
            }
            int pid = pid(status);
            if (pid <= 0) {
                throw new CompletionException(none(id));
            }
            return pid;
        });
    }

    private NoProcessException none(String container) {
        return new NoProcessException(
                "container " + container + " does not run at " + endpoint + " (expected: one with a process)");
    }

    /**
     * A running process of the pod of that uid.
     *
     * @return as {@link #pid}; a {@link NoProcessException} when the runtime says that there is none
     */
    public CompletionStage<Integer> pidOfPod(String uid) {
        channels.channel().resetConnectBackoff();
        ListPodSandboxRequest request = ListPodSandboxRequest.newBuilder()
                .setFilter(PodSandboxFilter.newBuilder()
                        .setState(PodSandboxStateValue.newBuilder().setState(PodSandboxState.SANDBOX_READY))
                        .putLabelSelector(POD_UID, uid))
                .build();
        return answer(stub().listPodSandbox(request))
                .thenCompose(sandboxes -> containers(uid, sandboxes))
                .thenCompose(containers -> firstPid(uid, containers));
    }

    @Override
    public void close() {
        channels.close();
    }

    private CompletionStage<ListContainersResponse> containers(String uid, ListPodSandboxResponse sandboxes) {
        // A pod whose sandbox was made anew has an old one beside it, which is not ready; the filter may be ignored.
        return sandboxes.getItemsList().stream()
                .filter(sandbox -> sandbox.getState() == PodSandboxState.SANDBOX_READY)
                .max(Comparator.comparingLong(PodSandbox::getCreatedAt))
                .map(sandbox -> answer(stub().listContainers(ListContainersRequest.newBuilder()
                        .setFilter(ContainerFilter.newBuilder()
                                .setPodSandboxId(sandbox.getId())
                                .setState(ContainerStateValue.newBuilder().setState(ContainerState.CONTAINER_RUNNING)))
                        .build())))
                .orElseGet(() -> CompletableFuture.failedFuture(new NoProcessException(
                        "no sandbox of pod " + uid + " at " + endpoint + " (expected: one that is ready)")));
    }

    private CompletionStage<Integer> firstPid(String uid, ListContainersResponse response) {
        List<Container> running = response.getContainersList().stream()
                .filter(container -> container.getState() == ContainerState.CONTAINER_RUNNING)
                .sorted(Comparator.comparingLong(Container::getCreatedAt))
                .toList();
        return firstPid(uid, running.iterator());
    }

    private CompletionStage<Integer> firstPid(String uid, Iterator<Container> containers) {
        if (!containers.hasNext()) {
            return CompletableFuture.failedFuture(new NoProcessException(
                    "no running container of pod " + uid + " at " + endpoint + " (expected: one with a process)"));
        }
        ContainerStatusRequest request = ContainerStatusRequest.newBuilder()
                .setContainerId(containers.next().getId())
                .setVerbose(true)
                .build();
        return answer(stub().containerStatus(request)).thenCompose(status -> {
            int pid = pid(status);
            return pid > 0 ? CompletableFuture.completedFuture(pid) : firstPid(uid, containers);
        });
    }

    private static int pid(ContainerStatusResponse response) {
        return response.getStatus().getState() == ContainerState.CONTAINER_RUNNING
                ? ContainerInfo.pid(response.getInfoOrDefault("info", ""))
                : ContainerInfo.NO_PID;
    }

    private RuntimeServiceGrpc.RuntimeServiceFutureStub stub() {
        return RuntimeServiceGrpc.newFutureStub(channels.channel())
                .withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS);
    }

    private <T> CompletableFuture<T> answer(ListenableFuture<T> asked) {
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
}
