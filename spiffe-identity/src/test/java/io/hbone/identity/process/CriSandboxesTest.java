package io.hbone.identity.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.cri.proto.PodSandboxState;
import io.hbone.identity.testing.FakeRuntime;
import io.hbone.identity.testing.UnixServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CriSandboxesTest {
    private static final String INFO =
            "{\"pid\":42,\"runtimeSpec\":{\"linux\":{\"namespaces\":[{\"type\":\"network\",\"path\":\"/run/netns/a\"}]}}}";

    @TempDir
    private Path folder;

    private final FakeRuntime runtime = new FakeRuntime();
    private UnixServer server;
    private CriSandboxes sandboxes;

    @BeforeEach
    void start() {
        UnixEndpoint endpoint = new UnixEndpoint(folder.resolve("cri.sock"));
        server = new UnixServer(endpoint, runtime);
        sandboxes = new CriSandboxes(endpoint, Duration.ofSeconds(5));
    }

    @AfterEach
    void stop() {
        sandboxes.close();
        server.close();
    }

    private SandboxNetwork network() throws Exception {
        return sandboxes.ofPod("pod-uid").toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    /** No container of it need run yet. */
    @Test
    void networkOfTheNewestSandbox_thatIsReady_isTheOne() throws Exception {
        runtime.sandbox("older", PodSandboxState.SANDBOX_READY, 1, "{}");
        runtime.sandbox("ended", PodSandboxState.SANDBOX_NOTREADY, 9, "{}");
        runtime.sandbox("ready", PodSandboxState.SANDBOX_READY, 5, INFO);
        assertThat(network()).isEqualTo(new SandboxNetwork(42, "/run/netns/a"));
        assertThat(runtime.askedForSandboxes().getFilter().getLabelSelectorMap())
                .containsEntry("io.kubernetes.pod.uid", "pod-uid");
    }

    @Test
    void podWithoutASandbox_isToldApartFromARuntimeThatCannotBeAsked() {
        assertThatThrownBy(this::network)
                .hasCauseInstanceOf(NoProcessException.class)
                .hasMessageContaining("no sandbox of pod pod-uid");
        server.close();
        assertThatThrownBy(this::network)
                .satisfies(failure -> assertThat(failure.getCause()).isNotInstanceOf(NoProcessException.class))
                .hasMessageContaining("container runtime at ");
    }

    @Test
    void sandboxThatGoesBetweenTheQuestions_isGone() {
        runtime.sandbox("going", PodSandboxState.SANDBOX_READY, 1, INFO);
        runtime.forgetSandbox("going");
        assertThatThrownBy(this::network).hasCauseInstanceOf(NoProcessException.class);
        runtime.sandboxStatus("going", PodSandboxState.SANDBOX_NOTREADY, INFO);
        assertThatThrownBy(this::network).hasCauseInstanceOf(NoProcessException.class);
    }

    @Test
    void answerWithoutANetwork_isToldOf_andNotTakenForGone() {
        runtime.sandbox("odd", PodSandboxState.SANDBOX_READY, 1, "{}");
        assertThatThrownBy(this::network)
                .satisfies(failure -> assertThat(failure.getCause()).isNotInstanceOf(NoProcessException.class))
                .hasMessageContaining("neither a process nor a network namespace");
    }
}
