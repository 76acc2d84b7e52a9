package io.hbone.enrollment.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.cache.Indexer;
import io.hbone.enrollment.testing.FakeApiServer;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the agent has its pods from, and the operator its namespaces and accounts. */
class ClusterWatchTest {
    private static final String PODS = "/api/v1/pods";

    private final FakeApiServer api = FakeApiServer.start();
    private final KubernetesClient client = ClusterClients.open(new ConfigBuilder(Config.empty())
            .withMasterUrl(api.url())
            .withRequestRetryBackoffLimit(0)
            .build());
    private final ClusterWatch watch = new ClusterWatch();
    private final Queue<String> heard = new ConcurrentLinkedQueue<>();
    private Indexer<Pod> pods;

    /** How an API server says that a watch asks for what is too long ago (410). */
    private enum Expiry {
        BY_EVENT(api -> api.expire(PODS)),
        BY_STATUS(api -> api.expireByStatus(PODS));

        private final Consumer<FakeApiServer> expire;

        Expiry(Consumer<FakeApiServer> expire) {
            this.expire = expire;
        }
    }

    @BeforeEach
    void start() {
        list("a", "b");
        pods = watch.watch(
                client.pods().inAnyNamespace(),
                "pods",
                Reduced::local,
                pod -> heard.add(pod.getMetadata().getName()));
        assertThat(watch.isLive()).isFalse();
        watch.start().toCompletableFuture().join();
    }

    @AfterEach
    void close() {
        watch.close();
        client.close();
        api.close();
    }

    /** DEFECT of the client: of a watch by HTTP it says that it is under way after the first event only. */
    @Test
    void watchWithoutWebSocket_isLiveBeforeAnythingChanges() {
        until(watch::isLive);
        assertThat(api.watches(PODS)).isEqualTo(1);
    }

    /** DEFECT of the client: a WebSocket that is refused with 410 is asked for again and again, with what has expired. */
    @Test
    void client_watchesWithoutWebSocket() {
        assertThat(client.getConfiguration().isOnlyHttpWatches()).isTrue();
    }

    @Test
    void apiServerThatGoes_isNotLive() {
        until(watch::isLive);
        api.close();
        until(() -> !watch.isLive());
        assertThat(pods.listKeys()).containsExactlyInAnyOrder("shop/a", "shop/b");
    }

    @ParameterizedTest
    @EnumSource
    void watchThatExpires_isListedAnew_andTellsWhatHasGone(Expiry expiry) {
        until(() -> api.watches(PODS) == 1 && heard.containsAll(List.of("a", "b")));
        // Of a watch that ends before it told anything, the client takes for granted that it has expired.
        api.event(PODS, "ADDED", pod("d", "2"));
        until(() -> heard.contains("d"));
        heard.clear();

        list("b", "c");
        expiry.expire.accept(api);
        until(() -> heard.containsAll(List.of("a", "c", "d")));
        assertThat(pods.listKeys()).containsExactlyInAnyOrder("shop/b", "shop/c");
        assertThat(heard).as("nothing is heard of what stayed as it was").doesNotContain("b");
        until(() -> api.watches(PODS) == 1 && watch.isLive());
        api.event(PODS, "DELETED", pod("b", "2000"));
        until(() -> pods.listKeys().equals(List.of("shop/c")));
    }

    private void list(String... names) {
        api.list(PODS, names.length, number -> pod(names[number], "1"));
    }

    private static String pod(String name, String version) {
        return """
            {"apiVersion": "v1", "kind": "Pod",
             "metadata": {"name": "%s", "namespace": "shop", "uid": "u-%s", "resourceVersion": "%s"},
             "spec": {}, "status": {"podIP": "10.0.0.1"}}
            """.formatted(name, name, version);
    }

    private static void until(Callable<Boolean> condition) {
        await().atMost(Duration.ofSeconds(60)).until(condition);
    }
}
