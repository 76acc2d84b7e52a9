package io.hbone.identity.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.hbone.identity.cri.proto.Container;
import io.hbone.identity.cri.proto.ContainerState;
import io.hbone.identity.cri.proto.ContainerStatus;
import io.hbone.identity.cri.proto.ContainerStatusRequest;
import io.hbone.identity.cri.proto.ContainerStatusResponse;
import io.hbone.identity.cri.proto.ListContainersRequest;
import io.hbone.identity.cri.proto.ListContainersResponse;
import io.hbone.identity.cri.proto.ListPodSandboxRequest;
import io.hbone.identity.cri.proto.ListPodSandboxResponse;
import io.hbone.identity.cri.proto.PodSandbox;
import io.hbone.identity.cri.proto.PodSandboxState;
import io.hbone.identity.cri.proto.PodSandboxStatus;
import io.hbone.identity.cri.proto.PodSandboxStatusRequest;
import io.hbone.identity.cri.proto.PodSandboxStatusResponse;
import io.hbone.identity.cri.proto.RuntimeServiceGrpc;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A container runtime that says what a test tells it, of one pod whichever it is asked for; for a {@link UnixServer}. */
public final class FakeRuntime extends RuntimeServiceGrpc.RuntimeServiceImplBase {
    private final ListPodSandboxResponse.Builder sandboxes = ListPodSandboxResponse.newBuilder();
    private final ListContainersResponse.Builder containers = ListContainersResponse.newBuilder();
    private final Map<String, PodSandboxStatusResponse> sandboxStatuses = new ConcurrentHashMap<>();
    private final Map<String, ContainerStatusResponse> containerStatuses = new ConcurrentHashMap<>();
    private volatile ListPodSandboxRequest askedForSandboxes;
    private volatile ListContainersRequest askedForContainers;
    private volatile boolean hangs;

    /** Lists one, newest by {@code created}. @param info what it says of it, as JSON */
    public void sandbox(String id, PodSandboxState state, long created, String info) {
        sandboxes.addItems(PodSandbox.newBuilder().setId(id).setState(state).setCreatedAt(created));
        sandboxStatus(id, state, info);
    }

    /** What it says of one, and nothing of it in lists. */
    public void sandboxStatus(String id, PodSandboxState state, String info) {
        sandboxStatuses.put(
                id,
                PodSandboxStatusResponse.newBuilder()
                        .setStatus(PodSandboxStatus.newBuilder().setId(id).setState(state))
                        .putInfo("info", info)
                        .build());
    }

    /** Knows nothing of it any more, although lists have it. */
    public void forgetSandbox(String id) {
        sandboxStatuses.remove(id);
    }

    /** Lists one. @param info what it says of it, as JSON */
    public void container(String id, ContainerState state, long created, String info) {
        containers.addContainers(
                Container.newBuilder().setId(id).setState(state).setCreatedAt(created));
        containerStatuses.put(
                id,
                ContainerStatusResponse.newBuilder()
                        .setStatus(ContainerStatus.newBuilder().setId(id).setState(state))
                        .putInfo("info", info)
                        .build());
    }

    /** Answers no more when it is asked for sandboxes. */
    public void hang() {
        hangs = true;
    }

    /** The last request of its kind. */
    public ListPodSandboxRequest askedForSandboxes() {
        return askedForSandboxes;
    }

    /** The last request of its kind. */
    public ListContainersRequest askedForContainers() {
        return askedForContainers;
    }

    @Override
    public void listPodSandbox(ListPodSandboxRequest request, StreamObserver<ListPodSandboxResponse> answer) {
        askedForSandboxes = request;
        if (!hangs) {
            answer(answer, sandboxes.build());
        }
    }

    @Override
    public void listContainers(ListContainersRequest request, StreamObserver<ListContainersResponse> answer) {
        askedForContainers = request;
        answer(answer, containers.build());
    }

    @Override
    public void podSandboxStatus(PodSandboxStatusRequest request, StreamObserver<PodSandboxStatusResponse> answer) {
        assertThat(request.getVerbose()).isTrue();
        answer(answer, sandboxStatuses.get(request.getPodSandboxId()));
    }

    @Override
    public void containerStatus(ContainerStatusRequest request, StreamObserver<ContainerStatusResponse> answer) {
        assertThat(request.getVerbose()).isTrue();
        answer(answer, containerStatuses.get(request.getContainerId()));
    }

    /** @param what null of what it does not know */
    private static <T> void answer(StreamObserver<T> answer, T what) {
        if (what == null) {
            answer.onError(Status.NOT_FOUND.asRuntimeException());
            return;
        }
        answer.onNext(what);
        answer.onCompleted();
    }
}
