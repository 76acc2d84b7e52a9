package io.hbone.node.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.hbone.core.TrustDomain;
import io.hbone.enrollment.Retries;
import io.hbone.enrollment.kubernetes.ClusterClients;
import io.hbone.enrollment.operator.ClusterStatus;
import io.hbone.enrollment.operator.ClusterStatus.Standing;
import io.hbone.enrollment.operator.ClusterStatus.State;
import io.hbone.enrollment.operator.LeaseSettings;
import io.hbone.enrollment.operator.Operator;
import io.hbone.enrollment.testing.KubeApi;
import io.hbone.enrollment.testing.SharedKubeApi;
import io.hbone.identity.testing.Spire;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The operator between a real API server and a real SPIRE server, as the service account and with the rights that the manifest gives
 * it, driven by {@code kubectl}.
 */
@ExtendWith(SharedKubeApi.class)
@Tag("peer")
class OperatorPeerTest {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final Path RBAC = Path.of("src/main/kubernetes/operator-rbac.yaml");
    private static final Path STRICT_MTLS = Path.of("src/main/kubernetes/strictmtls-crd.yaml");

    private static KubeApi cluster;
    private static Spire spire;
    private static Path kubeconfig;

    @TempDir
    private Path folder;

    private final List<Running> running = new ArrayList<>();
    private final String shop = "shop-" + UUID.randomUUID().toString().substring(0, 8);

    @BeforeAll
    static void start(KubeApi shared) {
        assumeTrue(Spire.missing().isEmpty(), Spire::missing);
        cluster = shared;
        spire = Spire.start();
        cluster.kubectl("apply", "-f", RBAC.toString());
        kubeconfig = cluster.kubeconfig("kube-system", "hbone-operator");
    }

    @AfterAll
    static void stop() {
        if (spire != null) {
            spire.close();
        }
    }

    @BeforeEach
    void namespaceOfTheTest() {
        cluster.kubectl("create", "namespace", shop);
        cluster.kubectl("create", "serviceaccount", "cart", "-n", shop);
    }

    @AfterEach
    void end() {
        running.forEach(Running::close);
        cluster.kubectl("delete", "namespace", shop, "--ignore-not-found", "--wait=false");
    }

    @Test
    void labelledNamespace_hasEntriesAndSaysSo_andTheUnlabelledHasNone() {
        operator("a");

        label();
        until(() -> entries().equals(expected("cart", "default")));
        cluster.kubectl("wait", "--for=condition=hbone.io/Registered", "namespace/" + shop, "--timeout=60s");
        cluster.kubectl("create", "serviceaccount", "pay", "-n", shop);
        until(() -> entries().equals(expected("cart", "default", "pay")));
        until(() -> condition().contains("3 of 3 service accounts"));
        assertThat(status().isLed(Instant.now())).isTrue();
        assertThat(status().namespaces())
                .contains(new Standing(
                        shop, State.REGISTERED, "3 of 3 service accounts have an entry at the SPIRE server"));
        cluster.kubectl("delete", "serviceaccount", "pay", "-n", shop);
        until(() -> entries().equals(expected("cart", "default")));

        cluster.kubectl("label", "namespace", shop, "io.cilium/mtls-enabled-", "istio.io/dataplane-mode=ambient");
        cluster.kubectl("create", "serviceaccount", "late", "-n", shop);
        until(() -> entries().equals(expected("cart", "default", "late")));
        cluster.kubectl("label", "namespace", shop, "istio.io/dataplane-mode=none", "--overwrite");
        until(() -> entries().isEmpty());
        until(() -> condition().isEmpty());
        assertThat(status().namespaces()).extracting(Standing::namespace).doesNotContain(shop);
        assertThat(cluster.kubectl("get", "namespace", shop, "-o", "jsonpath={.status.phase}"))
                .isEqualTo("Active");
    }

    /** GAP of Cilium (spec/cilium.md 5.4). */
    @Test
    void namespaceDeletedWhileNoOperatorRuns_leavesNothingBehind() {
        Running first = operator("a");
        label();
        until(() -> entries().equals(expected("cart", "default")));
        first.close();
        cluster.kubectl("delete", "namespace", shop, "--timeout=60s");
        assertThat(entries()).isNotEmpty();

        operator("b");

        until(() -> entries().isEmpty());
    }

    @Test
    void entriesOfOthers_stayWhatTheyAre() {
        String theirs = spire.register(
                "spiffe://example.org/ns/" + shop + "/sa/elsewhere", Duration.ofMinutes(5), "k8s:ns:" + shop);
        operator("a");
        label();
        until(() -> entries().size() == 3);
        cluster.kubectl("label", "namespace", shop, "io.cilium/mtls-enabled-");

        until(() -> entries().equals(expected("elsewhere")));
        spire.unregister(theirs);
    }

    @Test
    void ofTwoOperators_oneLeadsAndTheOtherTakesOver() {
        Running first = operator("a");
        until(() -> first.operator().status().leading());
        Running second = operator("b");
        label();
        until(() -> entries().equals(expected("cart", "default")));
        assertThat(second.operator().status().leading()).isFalse();

        first.close();
        cluster.kubectl("delete", "serviceaccount", "cart", "-n", shop);

        until(() -> second.operator().status().leading());
        until(() -> entries().equals(expected("default")));
    }

    @Test
    void spireServerThatIsAway_isToldAtTheNamespaceAndCaughtUpWith() {
        Running running = operator("a");
        until(() -> running.operator().status().synced());
        spire.killServer();
        label();
        until(() -> condition().contains("no connection to the SPIRE server"));

        spire.startServer();

        until(() -> entries().equals(expected("cart", "default")));
        until(() -> condition().contains("2 of 2 service accounts"));
    }

    @Test
    void apiServerThatIsAway_changesNothingAndIsCaughtUpWith() {
        operator("a");
        label();
        until(() -> entries().equals(expected("cart", "default")));

        cluster.killApi();
        try {
            await().during(Duration.ofSeconds(5))
                    .atMost(PATIENCE)
                    .until(() -> entries().equals(expected("cart", "default")));
        } finally {
            cluster.startApi();
        }
        cluster.kubectl("delete", "serviceaccount", "cart", "-n", shop);

        until(() -> entries().equals(expected("default")));
    }

    /** The one that took over finds what its predecessor had done, and does the rest, which is to tell. */
    @Test
    void operatorKilledBetweenBatchAndStatus_isFinishedByTheNext() {
        KubernetesClient cut = client();
        Running first = run("a", cut);
        until(() -> first.operator().status().synced());
        cluster.kubectl("delete", "clusterrolebinding", "hbone-operator");
        cluster.kubectl(
                "create",
                "clusterrolebinding",
                "hbone-operator-reads",
                "--clusterrole=view",
                "--serviceaccount=kube-system:hbone-operator");
        try {
            label();
            until(() -> entries().equals(expected("cart", "default")));
            assertThat(condition()).isEmpty();
            first.close();
        } finally {
            cluster.kubectl("delete", "clusterrolebinding", "hbone-operator-reads");
            cluster.kubectl("apply", "-f", RBAC.toString());
        }

        operator("b");

        until(() -> condition().contains("2 of 2 service accounts"));
    }

    /** The kind comes when the operator runs already. */
    @Test
    void strictMtls_sayWhetherTheyCouldBeRead() throws IOException {
        operator("a");
        cluster.kubectl("apply", "-f", STRICT_MTLS.toString());
        cluster.kubectl("wait", "--for=condition=Established", "crd/strictmtls.hbone.io", "--timeout=30s");
        strictMtls("good", "{exceptPorts: [9090]}");
        strictMtls("bad", "{selector: {matchLabels: {app: a b}}}");

        accepted("good", "True");
        accepted("bad", "False");
        assertThat(cluster.kubectl(
                        "get", "strictmtls", "bad", "-n", shop, "-o", "jsonpath={.status.conditions[0].message}"))
                .isEqualTo("selector: 'app=a b' (expected: a label that a pod can have): no workload");
        strictMtls("bad", "{selector: {matchLabels: {app: ab}}}");
        accepted("bad", "True");
        assertThat(cluster.kubectl("get", "strictmtls", "-n", shop)).contains("ACCEPTED");
    }

    private void strictMtls(String name, String spec) throws IOException {
        Path file = Files.writeString(
                folder.resolve(name + ".yaml"),
                "{apiVersion: hbone.io/v1alpha1, kind: StrictMtls, metadata: {name: %s, namespace: %s}, spec: %s}"
                        .formatted(name, shop, spec));
        cluster.kubectl("apply", "-f", file.toString());
    }

    private void accepted(String name, String status) {
        cluster.kubectl(
                "wait", "--for=condition=Accepted=" + status, "strictmtls/" + name, "-n", shop, "--timeout=60s");
    }

    @Test
    void labelThatFlaps_endsAsItWasLast() {
        operator("a");
        for (int i = 0; i < 10; i++) {
            label();
            cluster.kubectl("label", "namespace", shop, "io.cilium/mtls-enabled-");
        }
        label();

        until(() -> entries().equals(expected("cart", "default")));
        until(() -> condition().contains("2 of 2 service accounts"));
    }

    private static KubernetesClient client() {
        try {
            return ClusterClients.open(kubeconfig);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private Running operator(String holder) {
        return run(holder, client());
    }

    private Running run(String holder, KubernetesClient client) {
        SpireConnection server = SpireConnection.bySocket(spire.serverSocket());
        Operator operator = Operator.builder(
                        client,
                        server.channel(),
                        TrustDomain.of(Spire.TRUST_DOMAIN),
                        new LeaseSettings("kube-system", "hbone-operator", holder, Duration.ofSeconds(5)))
                .retries(new Retries(Duration.ofMillis(100), Duration.ofSeconds(2)))
                .start();
        Running one = new Running(operator, server, client);
        running.add(one);
        return one;
    }

    private void label() {
        cluster.kubectl("label", "namespace", shop, "io.cilium/mtls-enabled=true", "--overwrite");
    }

    /** Identities of the test's namespace that the server knows. */
    private List<String> entries() {
        return spire.registered().stream()
                .filter(id -> id.contains("/ns/" + shop + "/"))
                .sorted()
                .toList();
    }

    private List<String> expected(String... accounts) {
        return List.of(accounts).stream()
                .map(account -> "spiffe://example.org/ns/" + shop + "/sa/" + account)
                .toList();
    }

    private String condition() {
        return cluster.kubectl(
                "get",
                "namespace",
                shop,
                "-o",
                "jsonpath={.status.conditions[?(@.type==\"hbone.io/Registered\")].message}");
    }

    private static ClusterStatus status() {
        try (KubernetesClient admin = cluster.admin()) {
            return ClusterStatus.read(admin, "kube-system");
        }
    }

    private static void until(Callable<Boolean> condition) {
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(200)).until(condition);
    }

    private record Running(Operator operator, SpireConnection server, KubernetesClient client) {
        void close() {
            operator.close();
            server.close();
            client.close();
        }
    }
}
