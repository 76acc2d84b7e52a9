package io.hbone.identity.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.cri.proto.ListPodSandboxRequest;
import io.hbone.identity.cri.proto.ListPodSandboxResponse;
import io.hbone.identity.cri.proto.PodSandbox;
import io.hbone.identity.cri.proto.PodSandboxState;
import io.hbone.identity.cri.proto.PodSandboxStatus;
import io.hbone.identity.cri.proto.PodSandboxStatusRequest;
import io.hbone.identity.cri.proto.PodSandboxStatusResponse;
import io.hbone.identity.cri.proto.RuntimeServiceGrpc;
import io.hbone.identity.testing.UnixServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
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

    private final Runtime runtime = new Runtime();
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
        assertThat(runtime.asked.getFilter().getLabelSelectorMap()).containsEntry("io.kubernetes.pod.uid", "pod-uid");
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
        runtime.statuses.clear();
        assertThatThrownBy(this::network).hasCauseInstanceOf(NoProcessException.class);
        runtime.statuses.put("going", Runtime.status("going", PodSandboxState.SANDBOX_NOTREADY, INFO));
        assertThatThrownBy(this::network).hasCauseInstanceOf(NoProcessException.class);
    }

    @Test
    void answerWithoutANetwork_isToldOf_andNotTakenForGone() {
        runtime.sandbox("odd", PodSandboxState.SANDBOX_READY, 1, "{}");
        assertThatThrownBy(this::network)
                .satisfies(failure -> assertThat(failure.getCause()).isNotInstanceOf(NoProcessException.class))
                .hasMessageContaining("neither a process nor a network namespace");
    }

    private static final class Runtime extends RuntimeServiceGrpc.RuntimeServiceImplBase {
        private final ListPodSandboxResponse.Builder sandboxes = ListPodSandboxResponse.newBuilder();
        private final Map<String, PodSandboxStatusResponse> statuses = new HashMap<>();
        private volatile ListPodSandboxRequest asked;

        void sandbox(String id, PodSandboxState state, long created, String info) {
            sandboxes.addItems(PodSandbox.newBuilder().setId(id).setState(state).setCreatedAt(created));
            statuses.put(id, status(id, state, info));
        }

        static PodSandboxStatusResponse status(String id, PodSandboxState state, String info) {
            return PodSandboxStatusResponse.newBuilder()
                    .setStatus(PodSandboxStatus.newBuilder().setId(id).setState(state))
                    .putInfo("info", info)
                    .build();
        }

        @Override
        public void listPodSandbox(ListPodSandboxRequest request, StreamObserver<ListPodSandboxResponse> answer) {
            asked = request;
            answer.onNext(sandboxes.build());
            answer.onCompleted();
        }

        @Override
        public void podSandboxStatus(PodSandboxStatusRequest request, StreamObserver<PodSandboxStatusResponse> answer) {
            assertThat(request.getVerbose()).isTrue();
            PodSandboxStatusResponse status = statuses.get(request.getPodSandboxId());
            if (status == null) {
                answer.onError(Status.NOT_FOUND.asRuntimeException());
                return;
            }
            answer.onNext(status);
            answer.onCompleted();
        }
    }
}
