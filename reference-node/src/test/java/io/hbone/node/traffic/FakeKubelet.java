package io.hbone.node.traffic;

import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
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
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Writes Pod objects as a kubelet would, for network namespaces that are there already, and answers for them as a container runtime
 * would, like CRI-O, which names the file of the network and no process.
 */
final class FakeKubelet implements AutoCloseable {
    private static final String UID = "io.kubernetes.pod.uid";

    private final KubernetesClient api;
    private final String node;
    private final Map<String, Pod> sandboxes = new ConcurrentHashMap<>();
    private final UnixEndpoint socket;
    private final UnixServer runtime;

    FakeKubelet(KubernetesClient api, String node, Path socket) {
        this.api = api;
        this.node = node;
        this.socket = new UnixEndpoint(socket);
        runtime = new UnixServer(this.socket, new Runtime());
    }

    /** Where the runtime answers. */
    String socket() {
        return socket.path().toString();
    }

    /** Has a pod scheduled here, and running. @return its uid */
    String run(String namespace, String name, String account, Pod network) {
        return run(namespace, name, account, network, network.addresses().get(0));
    }

    /** @param address what the API server is told */
    String run(String namespace, String name, String account, Pod network, String address) {
        String uid = schedule(namespace, name, account);
        sandboxes.put(uid, network);
        tellRunning(namespace, name, address);
        return uid;
    }

    /** Has a pod scheduled here, which runs elsewhere, if at all. @return its uid */
    String schedule(String namespace, String name, String account) {
        return api.resource(new PodBuilder()
                        .withNewMetadata()
                        .withNamespace(namespace)
                        .withName(name)
                        .endMetadata()
                        .withNewSpec()
                        .withNodeName(node)
                        .withServiceAccountName(account)
                        .withAutomountServiceAccountToken(false)
                        .addNewContainer()
                        .withName("c")
                        .withImage("scratch")
                        .endContainer()
                        .endSpec()
                        .build())
                .create()
                .getMetadata()
                .getUid();
    }

    /** Tells the API server that a pod runs. */
    void tellRunning(String namespace, String name, String address) {
        api.pods()
                .inNamespace(namespace)
                .withName(name)
                .editStatus(pod -> new PodBuilder(pod)
                        .editOrNewStatus()
                        .withPhase("Running")
                        .withHostIP("192.0.2.1")
                        .addNewCondition()
                        .withType("Ready")
                        .withStatus("True")
                        .endCondition()
                        .withPodIP(address)
                        .addNewPodIP()
                        .withIp(address)
                        .endPodIP()
                        .endStatus()
                        .build());
    }

    /** Its containers end, its network is taken away, and then its object. */
    void end(String namespace, String name, String uid) {
        sandboxes.remove(uid);
        api.pods().inNamespace(namespace).withName(name).withGracePeriod(0).delete();
    }

    @Override
    public void close() {
        runtime.close();
    }

    private final class Runtime extends RuntimeServiceGrpc.RuntimeServiceImplBase {
        @Override
        public void listPodSandbox(ListPodSandboxRequest request, StreamObserver<ListPodSandboxResponse> answer) {
            String uid = request.getFilter().getLabelSelectorMap().get(UID);
            List<PodSandbox> items = sandboxes.containsKey(uid)
                    ? List.of(PodSandbox.newBuilder().setId("sandbox-" + uid).build())
                    : List.of();
            answer.onNext(ListPodSandboxResponse.newBuilder().addAllItems(items).build());
            answer.onCompleted();
        }

        @Override
        public void podSandboxStatus(PodSandboxStatusRequest request, StreamObserver<PodSandboxStatusResponse> answer) {
            String uid = request.getPodSandboxId().substring("sandbox-".length());
            Pod network = sandboxes.get(uid);
            if (network == null) {
                answer.onError(Status.NOT_FOUND.asRuntimeException());
                return;
            }
            String info =
                    "{\"pid\":0,\"runtimeSpec\":{\"linux\":{\"namespaces\":[{\"type\":\"network\",\"path\":\"/var/run/netns/"
                            + network.namespace() + "\"}]}}}";
            answer.onNext(PodSandboxStatusResponse.newBuilder()
                    .setStatus(PodSandboxStatus.newBuilder().setId(request.getPodSandboxId()))
                    .putInfo("info", info)
                    .build());
            answer.onCompleted();
        }
    }
}
