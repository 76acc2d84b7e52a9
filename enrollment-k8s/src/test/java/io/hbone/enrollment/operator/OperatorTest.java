package io.hbone.enrollment.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.grpc.Status;
import io.hbone.core.TrustDomain;
import io.hbone.enrollment.Retries;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The operator as a whole, over an API server and a SPIRE server that live in this process. */
@EnableKubernetesMockClient(crud = true, https = false)
class OperatorTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    KubernetesClient client;

    private final FakeSpireServer spire = new FakeSpireServer();
    private final List<Operator> operators = new ArrayList<>();

    @BeforeEach
    void clusterHasItsOldestNamespace() {
        namespace("kube-system", null);
    }

    @AfterEach
    void close() {
        operators.forEach(Operator::close);
        spire.close();
    }

    @Test
    void label_bringsEntriesAndTakesThemBack() {
        namespace("shop", null);
        account("shop", "default");
        Operator operator = start("a");
        until(() -> operator.status().synced());

        label("shop", "true");
        until(() -> spire.identities().equals(List.of("/ns/shop/sa/default")));
        account("shop", "cart");
        until(() -> spire.identities().equals(List.of("/ns/shop/sa/cart", "/ns/shop/sa/default")));
        client.serviceAccounts().inNamespace("shop").withName("default").delete();
        until(() -> spire.identities().equals(List.of("/ns/shop/sa/cart")));
        label("shop", "True");
        until(() -> spire.identities().isEmpty());
    }

    /** Cilium enrols whole namespaces only (spec/cilium.md 10.1, 2). */
    @Test
    void podThatOptsIn_bringsItsServiceAccountAlone() {
        namespace("shop", null);
        account("shop", "default");
        account("shop", "cart");
        Operator operator = start("a");
        until(() -> operator.status().synced());

        pod("p", "cart", Map.of("io.cilium/mtls-enabled", "true"));
        until(() -> spire.identities().equals(List.of("/ns/shop/sa/cart")));
        client.pods().inNamespace("shop").withName("p").delete();
        until(() -> spire.identities().isEmpty());
    }

    @Test
    void istiosLabel_bringsEntriesAsCiliumsDoes_andItsNoneWins() {
        namespace("shop", null);
        account("shop", "default");
        account("shop", "cart");
        Operator operator = start("a");
        until(() -> operator.status().synced());

        pod("both", "default", Map.of("io.cilium/mtls-enabled", "true", "istio.io/dataplane-mode", "none"));
        pod("p", "cart", Map.of("istio.io/dataplane-mode", "ambient"));
        until(() -> spire.identities().equals(List.of("/ns/shop/sa/cart")));
        label("shop", "istio.io/dataplane-mode", "ambient");
        until(() -> spire.identities().equals(List.of("/ns/shop/sa/cart", "/ns/shop/sa/default")));
        client.pods().inNamespace("shop").withName("p").delete();
        label("shop", "io.cilium/mtls-enabled", "false");
        until(() -> spire.identities().isEmpty());
    }

    @Test
    void ofTwoOperators_oneActsAndTheOtherTakesOverWhenItLeaves() {
        Operator first = start("a");
        until(() -> first.status().leading());
        Operator second = start("b");
        namespace("shop", "true");
        account("shop", "default");
        until(() -> spire.identities().equals(List.of("/ns/shop/sa/default")));
        assertThat(second.status().leading()).isFalse();

        first.close();
        LeaseSpec lease = client.leases()
                .inNamespace("default")
                .withName("operator")
                .get()
                .getSpec();
        assertThat(!"a".equals(lease.getHolderIdentity()) || lease.getLeaseDurationSeconds() == 1)
                .as("taken already, or over in a second: %s", lease)
                .isTrue();
        client.serviceAccounts().inNamespace("shop").withName("default").delete();

        until(() -> second.status().leading() && spire.identities().isEmpty());
    }

    @Test
    void spireServerThatIsAway_isToldAndCaughtUpWith() {
        spire.broken = Status.UNAVAILABLE.withDescription("gone fishing");
        namespace("shop", "true");
        account("shop", "default");
        Operator operator = start("a");
        until(() -> operator.status().spireProblem().contains("gone fishing"));
        until(() -> operator.status().namespaces().stream()
                .anyMatch(each ->
                        each.namespace().equals("shop") && each.problem().contains("gone fishing")));

        spire.broken = null;

        until(() -> spire.identities().equals(List.of("/ns/shop/sa/default")));
        until(() -> operator.status().spireProblem().isEmpty());
        until(() -> operator.status().namespaces().contains(new NamespaceReport("shop", true, 1, 1, 0, "")));
    }

    @Test
    void entryThatSomebodyTakesAway_isBackAfterAResync() {
        namespace("shop", "true");
        account("shop", "default");
        start("a");
        until(() -> !spire.identities().isEmpty());
        List<String> before = spire.identities();

        synchronized (spire) {
            spire.entries.entries.clear();
        }

        until(() -> spire.identities().equals(before));
    }

    /** What has not been read yet must not be taken for gone. */
    @Test
    void operatorThatStarts_removesNothingThatIsStillWanted() {
        for (int i = 0; i < 40; i++) {
            namespace("ns" + i, "true");
            account("ns" + i, "default");
        }
        Operator first = start("a");
        until(() -> spire.identities().size() == 40);
        first.close();
        synchronized (spire) {
            spire.entries.calls.clear();
        }

        Operator second = start("b");

        until(() -> second.status().namespaces().size() == 40);
        synchronized (spire) {
            assertThat(spire.entries.calls).containsOnly("list");
        }
    }

    private Operator start(String holder) {
        Operator operator = Operator.builder(
                        client,
                        spire.connect(),
                        TrustDomain.of("example.org"),
                        new LeaseSettings("default", "operator", holder, Duration.ofSeconds(2)))
                .retries(new Retries(Duration.ofMillis(20), Duration.ofMillis(200)))
                .resync(Duration.ofMillis(500))
                .start();
        operators.add(operator);
        return operator;
    }

    private void namespace(String name, String label) {
        NamespaceBuilder namespace =
                new NamespaceBuilder().withNewMetadata().withName(name).endMetadata();
        if (label != null) {
            namespace
                    .editMetadata()
                    .addToLabels("io.cilium/mtls-enabled", label)
                    .endMetadata();
        }
        client.resource(namespace.build()).create();
    }

    private void pod(String name, String account, Map<String, String> labels) {
        client.resource(new PodBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .withNamespace("shop")
                        .withLabels(labels)
                        .endMetadata()
                        .withNewSpec()
                        .withServiceAccountName(account)
                        .endSpec()
                        .build())
                .create();
    }

    private void label(String name, String value) {
        label(name, "io.cilium/mtls-enabled", value);
    }

    private void label(String name, String key, String value) {
        client.namespaces()
                .withName(name)
                .edit(namespace -> new NamespaceBuilder(namespace)
                        .editMetadata()
                        .addToLabels(key, value)
                        .endMetadata()
                        .build());
    }

    private void account(String namespace, String name) {
        client.resource(new ServiceAccountBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .withNamespace(namespace)
                        .endMetadata()
                        .build())
                .create();
    }

    private static void until(Callable<Boolean> condition) {
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(20)).until(condition);
    }
}
