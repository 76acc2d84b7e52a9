package io.hbone.enrollment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hbone.core.SpiffeId;
import io.hbone.enrollment.EnrollmentStatus.State;
import io.hbone.enrollment.rules.RedirectSettings;
import io.hbone.enrollment.rules.Redirection;
import io.hbone.xds.model.Workload;
import io.hbone.xds.server.MeshResources;
import io.hbone.zds.NetworkNamespace;
import io.hbone.zds.WorkloadHandler;
import io.hbone.zds.ZdsClient;
import io.hbone.zds.ZdsWorkload;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole agent with real network namespaces, real rules, and a node of the test's own at the other end of ZDS. */
@Tag("root")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EnrollmentAgentTest {
    private static final Duration SOON = Duration.ofSeconds(40);
    private static final Redirection RULES = Redirection.of(RedirectSettings.DEFAULT);

    @TempDir
    private Path folder;

    private final String prefix = "hbone-agent-" + ProcessHandle.current().pid() + '-';
    private final List<String> names = new ArrayList<>();
    private final Source source = new Source();
    private final Node node = new Node();
    private EnrollmentAgent agent;
    private ZdsClient client;

    /** What the test says. */
    private static final class Source implements WorkloadSource {
        private volatile List<LocalWorkload> workloads = List.of();
        private volatile Runnable changed = () -> {};

        void say(LocalWorkload... now) {
            workloads = List.of(now);
            changed.run();
        }

        @Override
        public void start(Runnable signal) {
            changed = signal;
            signal.run();
        }

        @Override
        public Collection<LocalWorkload> workloads() {
            return workloads;
        }

        @Override
        public String error() {
            return null;
        }

        @Override
        public void close() {}
    }

    /** Listens where a node listens for outgoing connections. */
    private static final class Node implements WorkloadHandler {
        private final Map<String, ServerSocket> listeners = new ConcurrentHashMap<>();
        private final Map<String, NetworkNamespace> namespaces = new ConcurrentHashMap<>();

        @Override
        public CompletionStage<?> start(ZdsWorkload workload, NetworkNamespace namespace) {
            try {
                listeners.put(workload.uid(), namespace.run(() -> new ServerSocket(15001)));
                namespaces.put(workload.uid(), namespace);
                return CompletableFuture.completedFuture(null);
            } catch (Exception e) {
                return CompletableFuture.failedFuture(e);
            }
        }

        @Override
        public CompletionStage<?> stop(ZdsWorkload workload) {
            try {
                listeners.remove(workload.uid()).close();
                namespaces.remove(workload.uid()).close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return CompletableFuture.completedFuture(null);
        }
    }

    @BeforeEach
    void begin() throws IOException {
        assumeTrue(
                Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid")),
                "missing: root (expected: it, to make network namespaces)");
        agent = start();
        client = ZdsClient.builder(socket(), node).start();
    }

    @AfterEach
    void close() throws Exception {
        if (client != null) {
            client.close();
            agent.close();
        }
        for (String name : names) {
            ip("netns", "del", name);
        }
    }

    private Path socket() {
        return folder.resolve("zds.sock");
    }

    private EnrollmentAgent start() throws IOException {
        return EnrollmentAgent.builder(
                        source,
                        new MachineNetworks(ContainerNetworks.NONE),
                        RULES,
                        new MeshDirectory(new MeshResources()),
                        socket())
                .settings(
                        AgentSettings.DEFAULT.withVerify(Duration.ofSeconds(1)).withDrain(Duration.ZERO))
                .start();
    }

    private static void ip(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).inheritIO().start();
        if (process.waitFor() != 0) {
            throw new IOException(command + " failed");
        }
    }

    private LocalWorkload pod(String name, boolean enrolled) throws Exception {
        String netns = prefix + name;
        if (!names.contains(netns)) {
            ip("netns", "add", netns);
            names.add(netns);
            ip("-n", netns, "link", "set", "lo", "up");
        }
        SpiffeId id = SpiffeId.parseStrict("spiffe://cluster.local/ns/shop/sa/cart");
        return new LocalWorkload(
                Workload.builder("uid-" + name, name, id).enrolled(enrolled).build(),
                new NetworkReference.Named(netns));
    }

    private void awaitState(String name, State state) {
        await(name + ' ' + state)
                .atMost(SOON)
                .untilAsserted(() -> assertThat(agent.status().workloads())
                        .filteredOn(
                                status -> status.workload().workload().name().equals(name))
                        .extracting(EnrollmentStatus::state)
                        .containsExactly(state));
    }

    private Redirection.State rules(String name) throws Exception {
        try (NetworkNamespace namespace = NetworkNamespace.named(prefix + name)) {
            return RULES.inspect(namespace);
        }
    }

    /** Namespaces that this process has open, the test's node included. */
    private static long open() {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.filter(fd -> {
                        try {
                            return Files.readSymbolicLink(fd).toString().startsWith("net:");
                        } catch (IOException e) {
                            return false; // closed meanwhile
                        }
                    })
                    .count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void pods_areServedAndLed_andGivenBack_withoutALeak() throws Exception {
        LocalWorkload a = pod("a", true);
        LocalWorkload b = pod("b", true);
        long before = open();
        source.say(a, b);
        awaitState("a", State.ENROLLED);
        awaitState("b", State.ENROLLED);
        assertThat(rules("a")).isEqualTo(Redirection.State.INSTALLED);
        assertThat(node.listeners).containsOnlyKeys("uid-a", "uid-b");
        source.say(pod("a", false), b);
        awaitState("a", State.NOT_ENROLLED);
        assertThat(rules("a")).isEqualTo(Redirection.State.ABSENT);
        assertThat(rules("b")).isEqualTo(Redirection.State.INSTALLED);
        source.say();
        await().atMost(SOON).until(() -> agent.status().workloads().isEmpty());
        assertThat(rules("b")).isEqualTo(Redirection.State.ABSENT);
        assertThat(node.listeners).isEmpty();
        await().atMost(SOON).until(() -> open() <= before);
    }

    @Test
    void podThatIsDeletedWithItsNetwork_isForgotten_withoutALeak() throws Exception {
        long before = open();
        source.say(pod("a", true));
        awaitState("a", State.ENROLLED);
        ip("netns", "del", prefix + "a");
        names.clear();
        awaitState("a", State.WAITING_FOR_NETWORK);
        await().atMost(SOON).until(() -> node.listeners.isEmpty());
        source.say();
        await().atMost(SOON).until(() -> agent.status().workloads().isEmpty());
        await().atMost(SOON).until(() -> open() <= before);
    }

    @Test
    void agentThatStarts_wherePodsAreLed_goesOn_andRemovesWhatIsNotWanted() throws Exception {
        source.say(pod("a", true), pod("b", true));
        awaitState("a", State.ENROLLED);
        awaitState("b", State.ENROLLED);
        agent.close();
        assertThat(rules("a")).isEqualTo(Redirection.State.INSTALLED);
        source.say(pod("a", true), pod("b", false));
        agent = start();
        awaitState("a", State.ENROLLED);
        awaitState("b", State.NOT_ENROLLED);
        assertThat(rules("a")).isEqualTo(Redirection.State.INSTALLED);
        assertThat(rules("b")).isEqualTo(Redirection.State.ABSENT);
        await().atMost(SOON).until(() -> node.listeners.keySet().equals(Set.of("uid-a")));
    }

    @Test
    void secondAgent_onTheSameSocket_isRefused() {
        assertThatThrownBy(this::start).isInstanceOf(IOException.class).hasMessageContaining("is in use by");
    }
}
