package io.hbone.zds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hbone.zds.WorkloadStatus.State;
import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Our agent's end against stock ztunnel, with real network namespaces for pods. */
@Tag("peer")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ZtunnelPeerTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    private Path program;
    private PodNamespace node;
    private PodNamespace pod;
    private ZdsServer agent;

    @BeforeEach
    void open() throws Exception {
        program = ztunnel();
        assumeTrue(program != null, "missing: ztunnel (expected: ZTUNNEL_BIN, or ztunnel on PATH)");
        node = PodNamespace.create();
        pod = PodNamespace.create();
        agent = agent();
    }

    @AfterEach
    void close() throws Exception {
        if (agent != null) {
            agent.close();
        }
        for (PodNamespace each : new PodNamespace[] {node, pod}) {
            if (each != null) {
                each.close();
            }
        }
    }

    private static Path ztunnel() {
        String named = System.getenv("ZTUNNEL_BIN");
        Stream<Path> candidates = named != null
                ? Stream.of(Path.of(named))
                : Stream.of(System.getenv("PATH").split(File.pathSeparator)).map(folder -> Path.of(folder, "ztunnel"));
        return candidates.filter(Files::isExecutable).findFirst().orElse(null);
    }

    private ZdsServer agent() throws IOException {
        return ZdsServer.builder(socket())
                .retries(Duration.ofMillis(100), Duration.ofSeconds(1))
                .start();
    }

    private Path socket() {
        return directory.resolve("ztunnel.sock");
    }

    /** In a namespace of its own, for its own ports are the same in every one. */
    private Process start(PodNamespace inside) throws IOException {
        Path mesh = Files.writeString(directory.resolve("mesh.yaml"), "workloads: []\nservices: []\npolicies: []\n");
        ProcessBuilder builder = new ProcessBuilder(inside.command(List.of(program.toString())));
        builder.environment()
                .putAll(Map.of(
                        "PROXY_MODE", "shared",
                        "INPOD_UDS", socket().toString(),
                        "FAKE_CA", "true",
                        "XDS_ADDRESS", "",
                        "LOCAL_XDS_PATH", mesh.toString(),
                        "NODE_NAME", "local",
                        "ISTIO_META_DNS_CAPTURE", "false",
                        "ZTUNNEL_WORKER_THREADS", "1"));
        return builder.redirectErrorStream(true)
                .redirectOutput(directory.resolve("ztunnel.log").toFile())
                .start();
    }

    private static void end(Process process) throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    private CompletableFuture<Void> enroll(String uid, PodNamespace inside) throws IOException {
        return agent.enroll(Namespaces.workload(uid), inside.open()).toCompletableFuture();
    }

    private static List<Integer> listening(PodNamespace inside) throws Exception {
        return inside.bash("ss -Hltn")
                .lines()
                .map(line -> line.trim().split("\\s+")[3])
                .map(address -> Integer.valueOf(address.substring(address.lastIndexOf(':') + 1)))
                .filter(port -> port == 15001 || port == 15006 || port == 15008)
                .distinct()
                .sorted()
                .toList();
    }

    private static boolean isReady(PodNamespace inside) throws Exception {
        return inside.bash("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:15021/healthz/ready || true")
                .startsWith("200");
    }

    @Test
    void podInTheSnapshot_isServedByZtunnelInsideItsNamespaceAndDeletedAgain() throws Exception {
        CompletableFuture<Void> enrolled = enroll("a", pod);
        agent.seeded();
        Process ztunnel = start(node);
        try {
            enrolled.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(listening(pod)).containsExactly(15001, 15006, 15008);
            assertThat(listening(node)).isEmpty();
            await().atMost(PATIENCE).until(() -> isReady(node));
            agent.withdraw("a").toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            await().atMost(PATIENCE).until(() -> listening(pod).isEmpty());
            assertThat(ztunnel.isAlive()).isTrue();
        } finally {
            end(ztunnel);
        }
    }

    @Test
    void podAfterTheSnapshot_isServed_andAReusedUidMovesToItsNewNamespace() throws Exception {
        agent.seeded();
        Process ztunnel = start(node);
        try (PodNamespace other = PodNamespace.create()) {
            await().atMost(PATIENCE).until(() -> isReady(node));
            enroll("a", pod).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(listening(pod)).containsExactly(15001, 15006, 15008);
            enroll("a", other).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(listening(other)).containsExactly(15001, 15006, 15008);
            await().atMost(PATIENCE).until(() -> listening(pod).isEmpty());
        } finally {
            end(ztunnel);
        }
    }

    @Test
    void podWhosePortsAreTaken_isRefusedByZtunnelAndComesWhenTheyAreFree() throws Exception {
        agent.seeded();
        Process ztunnel = start(node);
        try (PodNamespace other = PodNamespace.create();
                NetworkNamespace inside = pod.open()) {
            CompletableFuture<Void> blocked;
            try (ServerSocket taken = inside.run(() -> new ServerSocket(15008))) {
                assertThat(taken.isBound()).isTrue();
                blocked = enroll("a", pod);
                await().atMost(PATIENCE).until(() -> agent.workloads().get(0).state() == State.FAILED);
                assertThat(agent.workloads().get(0).lastError()).startsWith("the node answered: ");
                enroll("b", other).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            }
            blocked.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(listening(pod)).containsExactly(15001, 15006, 15008);
        } finally {
            end(ztunnel);
        }
    }

    @Test
    void restartedAgent_isFoundAgainByZtunnelWhichKeepsItsListeners() throws Exception {
        CompletableFuture<Void> enrolled = enroll("a", pod);
        agent.seeded();
        Process ztunnel = start(node);
        try (PodNamespace other = PodNamespace.create()) {
            enrolled.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            agent.close();
            assertThat(listening(pod)).containsExactly(15001, 15006, 15008);
            agent = agent();
            CompletableFuture<Void> next = enroll("b", other);
            agent.seeded();
            next.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(listening(other)).containsExactly(15001, 15006, 15008);
            await().atMost(PATIENCE).until(() -> listening(pod).isEmpty()); // not in the new snapshot
        } finally {
            end(ztunnel);
        }
    }

    @Test
    void newerZtunnel_besideTheOld_isToldEverythingAndTheOldOneDeletionsAlone() throws Exception {
        CompletableFuture<Void> enrolled = enroll("a", pod);
        agent.seeded();
        Process older = start(node);
        try (PodNamespace nextNode = PodNamespace.create();
                PodNamespace other = PodNamespace.create()) {
            enrolled.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            await().atMost(PATIENCE).until(() -> isReady(node));
            Process newer = start(nextNode);
            try {
                await().atMost(PATIENCE).until(() -> isReady(nextNode));
                assertThat(isReady(node)).isTrue(); // it keeps its connection
                assertThat(pod.bash("ss -Hltn").lines().filter(line -> line.contains(":15008")))
                        .hasSize(2);
                enroll("b", other).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                assertThat(other.bash("ss -Hltn").lines().filter(line -> line.contains(":15008")))
                        .hasSize(1);
                agent.withdraw("a").toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                await().atMost(PATIENCE).until(() -> listening(pod).isEmpty());
                end(older);
                agent.withdraw("b").toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            } finally {
                end(newer);
            }
        } finally {
            end(older);
        }
    }
}
