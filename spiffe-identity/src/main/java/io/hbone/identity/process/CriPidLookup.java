package io.hbone.identity.process;

import io.grpc.Status;
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
import io.hbone.identity.cri.proto.PodSandbox;
import java.time.Duration;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * Asks the container runtime of the machine, over the Kubernetes container runtime interface, version 1 (spec/cilium.md 6.4): the
 * workload's uid is the pod's. Of its containers the oldest that runs is taken. One that has ended, as an init container does,
 * is passed over (GAP: the fork takes the first container, whose process id is 0 then).
 */
public final class CriPidLookup implements PidLookup {
    private final CriClient runtime;

    /**
     * @param endpoint the runtime's socket, {@code /run/containerd/containerd.sock} for example
     * @param timeout for each of the questions that a lookup takes, more than zero
     */
    public CriPidLookup(UnixEndpoint endpoint, Duration timeout) {
        runtime = new CriClient(endpoint, timeout);
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
        runtime.wake();
        return status(id).handle((status, failure) -> {
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
        return new NoProcessException("container " + container + " does not run at " + runtime.endpoint()
                + " (expected: one with a process)");
    }

    /**
     * A running process of the pod of that uid.
     *
     * @return as {@link #pid}; a {@link NoProcessException} when the runtime says that there is none
     */
    public CompletionStage<Integer> pidOfPod(String uid) {
        runtime.wake();
        return runtime.sandbox(uid).thenCompose(this::containers).thenCompose(containers -> firstPid(uid, containers));
    }

    @Override
    public void close() {
        runtime.close();
    }

    private CompletionStage<ListContainersResponse> containers(PodSandbox sandbox) {
        ListContainersRequest request = ListContainersRequest.newBuilder()
                .setFilter(ContainerFilter.newBuilder()
                        .setPodSandboxId(sandbox.getId())
                        .setState(ContainerStateValue.newBuilder().setState(ContainerState.CONTAINER_RUNNING)))
                .build();
        return runtime.ask(stub -> stub.listContainers(request));
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
            return CompletableFuture.failedFuture(new NoProcessException("no running container of pod " + uid + " at "
                    + runtime.endpoint() + " (expected: one with a process)"));
        }
        return status(containers.next().getId()).thenCompose(status -> {
            int pid = pid(status);
            return pid > 0 ? CompletableFuture.completedFuture(pid) : firstPid(uid, containers);
        });
    }

    private CompletableFuture<ContainerStatusResponse> status(String container) {
        ContainerStatusRequest request = ContainerStatusRequest.newBuilder()
                .setContainerId(container)
                .setVerbose(true)
                .build();
        return runtime.ask(stub -> stub.containerStatus(request));
    }

    private static int pid(ContainerStatusResponse response) {
        return response.getStatus().getState() == ContainerState.CONTAINER_RUNNING
                ? ContainerInfo.pid(response.getInfoOrDefault(CriClient.INFO, ""))
                : ContainerInfo.NO_PID;
    }
}
