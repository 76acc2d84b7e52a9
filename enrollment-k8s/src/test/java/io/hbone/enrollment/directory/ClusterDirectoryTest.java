package io.hbone.enrollment.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.hbone.enrollment.Retries;
import io.hbone.enrollment.kubernetes.ClusterClients;
import io.hbone.enrollment.testing.FakeApiServer;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The directory over an API server that does what a test wants. */
class ClusterDirectoryTest {
    private static final String PODS = "/api/v1/pods";

    private final FakeApiServer api = FakeApiServer.start();
    private final KubernetesClient client = ClusterClients.open(new ConfigBuilder(Config.empty())
            .withMasterUrl(api.url())
            .withRequestRetryBackoffLimit(0)
            .build());
    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    private final ToldNodes nodes = new ToldNodes();
    private final ClusterDirectory directory = ClusterDirectory.builder(client, nodes, executor)
            .retries(new Retries(Duration.ofMillis(10), Duration.ofMillis(50)))
            .build();

    @AfterEach
    void close() {
        directory.close();
        executor.shutdown();
        api.close();
        client.close();
    }

    @Test
    void listInPages_isOneList() {
        String[] names = new String[1200];
        for (int i = 0; i < names.length; i++) {
            names[i] = "p" + i;
        }
        pods(names);
        directory.start().toCompletableFuture().join();

        assertThat(nodes.workloads()).hasSize(1200);
        assertThat(directory.status().pods()).isEqualTo(1200);
    }

    @Test
    void change_touchesItsResourcesAlone() {
        pods("a", "b");
        directory.start().toCompletableFuture().join();
        until(() -> api.watches(PODS) == 1);
        nodes.takeTouched();

        api.event(PODS, "MODIFIED", pod("a", "2", "10.0.0.77"));
        until(() -> nodes.workload("a").addresses().toString().contains("10.0.0.77"));
        assertThat(nodes.takeTouched()).containsExactly("u-a");
        api.event(PODS, "DELETED", pod("a", "3", "10.0.0.77"));
        until(() -> nodes.workload("a") == null);
        assertThat(nodes.takeTouched()).containsExactly("-u-a");
    }

    @Test
    void nodesThatCannotBeTold_areToldLater() {
        pods("a");
        directory.start().toCompletableFuture().join();
        until(() -> api.watches(PODS) == 1);

        nodes.setAway(true);
        api.event(PODS, "ADDED", pod("b", "2", "10.0.0.78"));
        api.event(PODS, "DELETED", pod("a", "3", "10.0.0.1"));
        until(() -> directory.status().pods() == 1);
        assertThat(nodes.workloads()).containsExactly("u-a");
        nodes.setAway(false);
        until(() -> nodes.workloads().equals(Set.of("u-b")));
    }

    @Test
    void directoryThatIsNotSynced_tellsNothing() {
        pods("a");
        assertThat(directory.status().synced()).isFalse();
        assertThat(directory.status().live()).isFalse();
        assertThat(nodes.workloads()).isEmpty();
        directory.start().toCompletableFuture().join();
        assertThat(directory.status().synced()).isTrue();
        assertThat(directory.status().kinds()).isEmpty();
    }

    /** As an API server says it to whom it lets watch nevertheless: by an event. */
    @Test
    void watchThatExpires_losesNoDeletion() {
        pods("a", "b");
        directory.start().toCompletableFuture().join();
        until(() -> api.watches(PODS) == 1 && directory.status().live());

        pods("b", "c");
        api.expire(PODS);
        until(() -> nodes.workloads().equals(Set.of("u-b", "u-c")));
        until(() -> api.watches(PODS) == 1 && directory.status().live());
        api.event(PODS, "DELETED", pod("c", "2000", "10.0.0.1"));
        until(() -> nodes.workloads().equals(Set.of("u-b")));
    }

    /** The watch has broken off, and the next one is too late: an answer with that status code. */
    @Test
    void watchThatIsRefusedAsExpired_losesNoDeletion() {
        pods("a", "b");
        directory.start().toCompletableFuture().join();
        until(() -> api.watches(PODS) == 1);
        // Of a watch that ends before it told anything, the client takes for granted that it has expired.
        api.event(PODS, "MODIFIED", pod("b", "2", "10.0.0.77"));
        until(() -> nodes.workload("b").addresses().toString().contains("10.0.0.77"));

        pods("b", "c");
        api.expireByStatus(PODS);
        until(() -> nodes.workloads().equals(Set.of("u-b", "u-c")));
        assertThat(api.refused(PODS)).isPositive();
        until(() -> api.watches(PODS) == 1 && directory.status().live());
        api.event(PODS, "DELETED", pod("c", "2000", "10.0.0.1"));
        until(() -> nodes.workloads().equals(Set.of("u-b")));
    }

    private void pods(String... names) {
        List<String> all = List.of(names);
        api.list(PODS, all.size(), number -> pod(all.get(number), "1", address(all.get(number))));
    }

    private static String address(String name) {
        int hash = name.hashCode() & 0xffff;
        return "10.0." + (hash >> 8) + "." + (hash & 0xff);
    }

    private static String pod(String name, String version, String address) {
        return """
            {"apiVersion": "v1", "kind": "Pod",
             "metadata": {"name": "%s", "namespace": "shop", "uid": "u-%s", "resourceVersion": "%s"},
             "spec": {}, "status": {"podIP": "%s"}}
            """.formatted(name, name, version, address);
    }

    private static void until(Callable<Boolean> condition) {
        await().atMost(Duration.ofSeconds(60)).until(condition);
    }
}
