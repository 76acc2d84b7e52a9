package io.hbone.bench;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.cri.proto.ListPodSandboxRequest;
import io.hbone.identity.cri.proto.ListPodSandboxResponse;
import io.hbone.identity.cri.proto.PodSandbox;
import io.hbone.identity.cri.proto.PodSandboxStatus;
import io.hbone.identity.cri.proto.PodSandboxStatusRequest;
import io.hbone.identity.cri.proto.PodSandboxStatusResponse;
import io.hbone.identity.cri.proto.RuntimeServiceGrpc;
import io.hbone.identity.testing.UnixServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/**
 * Answers an agent as a container runtime would for pods that are mere network namespaces: of the pod with a uid the network is what the
 * link of that name in a folder leads to. Like CRI-O, it names no process.
 *
 * <p>Run by {@code benchmarks/kubernetes}: socket, folder.
 */
public final class SandboxRuntime extends RuntimeServiceGrpc.RuntimeServiceImplBase {
    private static final String UID = "io.kubernetes.pod.uid";

    private final Path folder;

    private SandboxRuntime(Path folder) {
        this.folder = folder;
    }

    public static void main(String[] args) throws InterruptedException {
        try (UnixServer server =
                new UnixServer(new UnixEndpoint(Path.of(args[0])), new SandboxRuntime(Path.of(args[1])))) {
            System.out.println("answers on " + server);
            Thread.currentThread().join();
        }
    }

    @Override
    public void listPodSandbox(ListPodSandboxRequest request, StreamObserver<ListPodSandboxResponse> answer) {
        String uid = request.getFilter().getLabelSelectorMap().getOrDefault(UID, "");
        ListPodSandboxResponse.Builder found = ListPodSandboxResponse.newBuilder();
        if (!uid.isEmpty() && Files.exists(folder.resolve(uid), LinkOption.NOFOLLOW_LINKS)) {
            found.addItems(PodSandbox.newBuilder().setId(uid));
        }
        answer.onNext(found.build());
        answer.onCompleted();
    }

    @Override
    public void podSandboxStatus(PodSandboxStatusRequest request, StreamObserver<PodSandboxStatusResponse> answer) {
        String id = request.getPodSandboxId();
        try {
            String info = "{\"pid\":0,\"runtimeSpec\":{\"linux\":{\"namespaces\":[{\"type\":\"network\",\"path\":\""
                    + Files.readSymbolicLink(folder.resolve(id)) + "\"}]}}}";
            answer.onNext(PodSandboxStatusResponse.newBuilder()
                    .setStatus(PodSandboxStatus.newBuilder().setId(id))
                    .putInfo("info", info)
                    .build());
            answer.onCompleted();
        } catch (IOException e) {
            answer.onError(Status.NOT_FOUND.withCause(e).asRuntimeException());
        }
    }
}
