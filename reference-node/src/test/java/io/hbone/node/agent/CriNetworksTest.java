package io.hbone.node.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.hbone.enrollment.NetworkGoneException;
import io.hbone.enrollment.NetworkReference;
import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.cri.proto.ContainerState;
import io.hbone.identity.cri.proto.ContainerStatus;
import io.hbone.identity.cri.proto.ContainerStatusRequest;
import io.hbone.identity.cri.proto.ContainerStatusResponse;
import io.hbone.identity.cri.proto.RuntimeServiceGrpc;
import io.hbone.identity.testing.UnixServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A workload of the file that is named by the id of a container; those that are pods: KubernetesAgentPeerTest. */
class CriNetworksTest {
    private static final long SELF = ProcessHandle.current().pid();

    @TempDir
    private Path folder;

    private final Map<String, Long> containers = new HashMap<>();
    private UnixEndpoint socket;
    private CriNetworks networks;
    private UnixServer runtime;

    @BeforeEach
    void open() {
        socket = new UnixEndpoint(folder.resolve("containerd.sock"));
        networks = new CriNetworks(socket, Duration.ofSeconds(30));
    }

    @AfterEach
    void close() {
        networks.close();
        if (runtime != null) {
            runtime.close();
        }
    }

    private void serve() {
        runtime = new UnixServer(socket, new RuntimeServiceGrpc.RuntimeServiceImplBase() {
            @Override
            public void containerStatus(
                    ContainerStatusRequest request, StreamObserver<ContainerStatusResponse> answer) {
                Long pid = containers.get(request.getContainerId());
                if (pid == null) {
                    answer.onError(Status.NOT_FOUND.asRuntimeException());
                    return;
                }
                answer.onNext(ContainerStatusResponse.newBuilder()
                        .setStatus(ContainerStatus.newBuilder()
                                .setId(request.getContainerId())
                                .setState(
                                        pid == 0 ? ContainerState.CONTAINER_CREATED : ContainerState.CONTAINER_RUNNING))
                        .putInfo("info", "{\"pid\":" + pid + '}')
                        .build());
                answer.onCompleted();
            }
        });
    }

    @Test
    void container_isInTheNetworkOfItsProcess() throws Exception {
        containers.put("3f2a91", SELF);
        serve();

        assertThat(networks.find(new NetworkReference.Container("3f2a91")))
                .containsExactly(NetworkReference.Process.running(SELF));
    }

    @Test
    void containerThatIsNotThere_orDoesNotRun_hasNone() {
        containers.put("created", 0L);
        serve();

        for (String id : new String[] {"gone", "created"}) {
            assertThatThrownBy(() -> networks.find(new NetworkReference.Container(id)))
                    .isInstanceOf(NetworkGoneException.class)
                    .hasMessageContaining("container " + id);
        }
    }

    /** It may come: that is another thing than a container that has gone. */
    @Test
    void runtimeThatIsNotThere_isAFailure() {
        assertThatThrownBy(() -> networks.find(new NetworkReference.Container("3f2a91")))
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(NetworkGoneException.class)
                .hasMessageContaining(socket.toString());
    }

    @Test
    void whatNoRuntimeKnows_isRefused() {
        assertThatThrownBy(() -> networks.find(new NetworkReference.Named("blue")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("blue", "(expected: a container or a pod)");
    }
}
