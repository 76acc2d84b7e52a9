package io.hbone.identity.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.hbone.core.SpiffeId;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.cri.proto.ContainerState;
import io.hbone.identity.cri.proto.PodSandboxState;
import io.hbone.identity.testing.FakeRuntime;
import io.hbone.identity.testing.UnixServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CriPidLookupTest {
    private static final WorkloadIdentity POD =
            new WorkloadIdentity("pod-uid", SpiffeId.parseStrict("spiffe://example.org/ns/a/sa/b"));

    @TempDir
    private Path folder;

    private final FakeRuntime runtime = new FakeRuntime();
    private UnixEndpoint endpoint;
    private UnixServer server;
    private CriPidLookup lookup;

    @BeforeEach
    void start() {
        endpoint = new UnixEndpoint(folder.resolve("cri.sock"));
        server = new UnixServer(endpoint, runtime);
        lookup = new CriPidLookup(endpoint, Duration.ofSeconds(5));
    }

    @AfterEach
    void stop() {
        lookup.close();
        server.close();
    }

    @Test
    void oldestRunningContainer_isTheOne() throws Exception {
        runtime.sandbox("s", PodSandboxState.SANDBOX_READY, 1, "{}");
        runtime.container("young", ContainerState.CONTAINER_RUNNING, 20, "{\"pid\": 200}");
        runtime.container("old", ContainerState.CONTAINER_RUNNING, 10, "{\"sandboxID\": \"s\", \"pid\": 100}");
        assertThat(pid()).isEqualTo(100);
        assertThat(runtime.askedForSandboxes().getFilter().getLabelSelectorMap())
                .containsExactly(Map.entry("io.kubernetes.pod.uid", "pod-uid"));
    }

    /** GAP in the fork (spec/cilium.md 6.4): an init container that has ended comes first and has process id 0. */
    @Test
    void containersThatHaveEnded_orHaveNoProcess_arePassedOver() throws Exception {
        runtime.sandbox("s", PodSandboxState.SANDBOX_READY, 1, "{}");
        runtime.container("init", ContainerState.CONTAINER_EXITED, 1, "{\"pid\": 0}");
        runtime.container("ending", ContainerState.CONTAINER_RUNNING, 2, "{\"pid\": 0}");
        runtime.container("mute", ContainerState.CONTAINER_RUNNING, 3, "not json");
        runtime.container("app", ContainerState.CONTAINER_RUNNING, 4, "{\"pid\": 42}");
        assertThat(pid()).isEqualTo(42);
    }

    @Test
    void sandboxThatIsNotReady_isPassedOver() throws Exception {
        runtime.sandbox("old", PodSandboxState.SANDBOX_NOTREADY, 9, "{}");
        runtime.sandbox("new", PodSandboxState.SANDBOX_READY, 2, "{}");
        runtime.container("app", ContainerState.CONTAINER_RUNNING, 4, "{\"pid\": 42}");
        assertThat(pid()).isEqualTo(42);
        assertThat(runtime.askedForContainers().getFilter().getPodSandboxId()).isEqualTo("new");
    }

    @Test
    void podThatTheRuntimeDoesNotKnow_isNamed() {
        assertThatThrownBy(this::pid).hasMessageContaining("no sandbox of pod pod-uid at " + endpoint);
    }

    @Test
    void podWithoutAProcess_isNamed() {
        runtime.sandbox("s", PodSandboxState.SANDBOX_READY, 1, "{}");
        runtime.container("app", ContainerState.CONTAINER_EXITED, 4, "{\"pid\": 42}");
        assertThatThrownBy(this::pid).hasMessageContaining("no running container of pod pod-uid");
    }

    @Test
    void runtimeThatIsAway_isNamed_andComesBack() throws Exception {
        runtime.sandbox("s", PodSandboxState.SANDBOX_READY, 1, "{}");
        runtime.container("app", ContainerState.CONTAINER_RUNNING, 4, "{\"pid\": 42}");
        assertThat(pid()).isEqualTo(42);
        server.close();
        assertThatThrownBy(this::pid).hasMessageContaining("container runtime at " + endpoint);
        server = new UnixServer(endpoint, runtime);
        // The first call may still meet the connection that failed.
        await().ignoreExceptions().untilAsserted(() -> assertThat(pid()).isEqualTo(42));
    }

    @Test
    void runtimeThatHangs_isGivenUp() {
        runtime.hang();
        try (CriPidLookup impatient = new CriPidLookup(endpoint, Duration.ofMillis(200))) {
            assertThatThrownBy(() -> impatient.pid(POD).toCompletableFuture().get(20, TimeUnit.SECONDS))
                    .hasMessageContaining("no answer (expected: within PT0.2S)");
        }
    }

    @Test
    void container_byItsId_hasItsOwnProcess() throws Exception {
        runtime.container("app", ContainerState.CONTAINER_RUNNING, 4, "{\"pid\": 42}");
        assertThat(lookup.pidOfContainer("app").toCompletableFuture().get(20, TimeUnit.SECONDS))
                .isEqualTo(42);
    }

    /** So that who keeps something for it can let it go; a runtime that cannot be asked says nothing of the kind. */
    @Test
    void whatDoesNotRun_isToldApartFromARuntimeThatCannotBeAsked() {
        runtime.container("ended", ContainerState.CONTAINER_EXITED, 4, "{\"pid\": 42}");
        for (String id : List.of("ended", "never-was")) {
            assertThatThrownBy(() ->
                            lookup.pidOfContainer(id).toCompletableFuture().get(20, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(NoProcessException.class)
                    .hasMessageContaining("container " + id + " does not run at " + endpoint);
        }
        assertThatThrownBy(() -> lookup.pidOfPod("nobody").toCompletableFuture().get(20, TimeUnit.SECONDS))
                .hasCauseInstanceOf(NoProcessException.class);
        server.close();
        assertThatThrownBy(
                        () -> lookup.pidOfContainer("app").toCompletableFuture().get(20, TimeUnit.SECONDS))
                .satisfies(failure -> assertThat(failure.getCause()).isNotInstanceOf(NoProcessException.class))
                .hasMessageContaining("container runtime at " + endpoint);
    }

    private int pid() throws ExecutionException, InterruptedException, TimeoutException {
        return lookup.pid(POD).toCompletableFuture().get(20, TimeUnit.SECONDS);
    }
}
