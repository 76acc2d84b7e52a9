package io.hbone.node.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.enrollment.NetworkGoneException;
import io.hbone.enrollment.NetworkReference;
import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.cri.proto.ContainerState;
import io.hbone.identity.testing.FakeRuntime;
import io.hbone.identity.testing.UnixServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A workload of the file that is named by the id of a container; those that are pods: KubernetesAgentPeerTest. */
class CriNetworksTest {
    private static final long SELF = ProcessHandle.current().pid();

    @TempDir
    private Path folder;

    private final FakeRuntime runtime = new FakeRuntime();
    private UnixEndpoint socket;
    private CriNetworks networks;
    private UnixServer server;

    @BeforeEach
    void open() {
        socket = new UnixEndpoint(folder.resolve("containerd.sock"));
        networks = new CriNetworks(socket, Duration.ofSeconds(30));
    }

    @AfterEach
    void close() {
        networks.close();
        if (server != null) {
            server.close();
        }
    }

    private void serve() {
        server = new UnixServer(socket, runtime);
    }

    @Test
    void container_isInTheNetworkOfItsProcess() throws Exception {
        runtime.container("3f2a91", ContainerState.CONTAINER_RUNNING, 1, "{\"pid\":" + SELF + '}');
        serve();

        assertThat(networks.find(new NetworkReference.Container("3f2a91")))
                .containsExactly(NetworkReference.Process.running(SELF));
    }

    @Test
    void containerThatIsNotThere_orDoesNotRun_hasNone() {
        runtime.container("created", ContainerState.CONTAINER_CREATED, 1, "{\"pid\":0}");
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
