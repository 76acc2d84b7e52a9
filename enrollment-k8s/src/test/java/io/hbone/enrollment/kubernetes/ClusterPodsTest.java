package io.hbone.enrollment.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.hbone.enrollment.kubernetes.ClusterPods.OptedOut;
import io.hbone.enrollment.kubernetes.ClusterPods.Standing;
import io.hbone.enrollment.kubernetes.ClusterPods.State;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@EnableKubernetesMockClient(crud = true, https = false)
class ClusterPodsTest {
    private static final Map<String, Map<String, String>> SHOP =
            Map.of("shop", Map.of("io.cilium/mtls-enabled", "true"));

    KubernetesClient client;

    private static PodBuilder pod(String name) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("shop")
                .withName(name)
                .addToLabels("app.kubernetes.io/name", "hbone-agent")
                .endMetadata()
                .withNewSpec()
                .withNodeName("n1")
                .addNewContainer()
                .withImage("hbone:" + name)
                .endContainer()
                .endSpec();
    }

    private static Pod pod(String name, String status, String reason, String message) {
        return pod(name)
                .withNewStatus()
                .addNewCondition()
                .withType("hbone.io/Enrolled")
                .withStatus(status)
                .withReason(reason)
                .withMessage(message)
                .endCondition()
                .endStatus()
                .build();
    }

    @Test
    void pods_standAsTheirAgentsSay() {
        Pod host = pod("host").editSpec().withHostNetwork(true).endSpec().build();
        Pod unscheduled = pod("later").editSpec().withNodeName(null).endSpec().build();
        ClusterPods pods = ClusterPods.of(
                List.of(
                        pod("in", "True", "Enrolled", "fine"),
                        pod("bad", "False", "EnrollmentFailed", "no iptables"),
                        pod("wait", "False", "WaitingForNode", "no node"),
                        pod("mute").build(),
                        unscheduled,
                        host),
                SHOP,
                List.of());
        assertThat(pods.pods())
                .containsExactly(
                        new Standing("shop", "bad", "n1", State.FAILED, "no iptables"),
                        new Standing("shop", "in", "n1", State.ENROLLED, "fine"),
                        new Standing("shop", "later", "", State.PENDING, "not scheduled yet"),
                        new Standing(
                                "shop",
                                "mute",
                                "n1",
                                State.PENDING,
                                "no agent has told of it (expected: hbone agent on n1)"),
                        new Standing("shop", "wait", "n1", State.PENDING, "no node"));
        assertThat(pods.isGood()).isFalse();
        assertThat(pods.optedOut()).containsExactly(new OptedOut("shop", "host", "n1", "host network"));
        assertThat(ClusterPods.of(List.of(pod("in", "True", "Enrolled", "")), SHOP, List.of())
                        .isGood())
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "io.cilium/mtls-enabled=false, false, Running, label io.cilium/mtls-enabled=false on the pod",
        "istio.io/dataplane-mode=none, false, Running, label istio.io/dataplane-mode=none on the pod",
        "istio.io/dataplane-mode=none, true, Running, label istio.io/dataplane-mode=none on the pod",
        "istio.io/dataplane-mode=ambient, true, Running, host network",
        "app=ztunnel, false, Running, a node of the mesh itself",
        "networking.istio.io/tunnel=http, false, Running, serves HBONE itself (label networking.istio.io/tunnel=http)",
        "app=x, true, Pending, host network",
        "app=x, false, Running,",
        "io.cilium/mtls-enabled=false, false, Succeeded,",
        "app=x, true, Failed,",
    })
    void podThatIsOptedOut_saysWhy(String label, boolean hostNetwork, String phase, String why) {
        Pod pod = pod("a").editMetadata()
                .addToLabels(label.substring(0, label.indexOf('=')), label.substring(label.indexOf('=') + 1))
                .endMetadata()
                .editSpec()
                .withHostNetwork(hostNetwork)
                .endSpec()
                .withNewStatus()
                .withPhase(phase)
                .endStatus()
                .build();

        assertThat(ClusterPods.of(List.of(pod), SHOP, List.of()).optedOut())
                .isEqualTo(why == null ? List.of() : List.of(new OptedOut("shop", "a", "n1", why)));
    }

    @Test
    void podWithASidecar_isOptedOut() {
        Pod pod = pod("a").editMetadata()
                .addToAnnotations("sidecar.istio.io/status", "{\"containers\": [\"istio-proxy\"]}")
                .endMetadata()
                .build();

        ClusterPods pods = ClusterPods.of(List.of(pod), SHOP, List.of());

        assertThat(pods.optedOut())
                .containsExactly(
                        new OptedOut("shop", "a", "n1", "a sidecar of its own (annotation sidecar.istio.io/status)"));
        assertThat(pods.isGood()).isTrue();
    }

    @Test
    void podsOfNamespacesWithEitherLabel_andThoseWithTheirOwn_areFound() {
        namespace("cilium", "io.cilium/mtls-enabled", "true");
        namespace("istio", "istio.io/dataplane-mode", "ambient");
        namespace("torn", "istio.io/dataplane-mode", "ambient", "io.cilium/mtls-enabled", "false");
        namespace("plain");
        create("cilium", "a");
        create("istio", "b");
        create("istio", "c", "istio.io/dataplane-mode", "none");
        create("torn", "d");
        create("plain", "e");
        create("plain", "f", "istio.io/dataplane-mode", "ambient");
        create("plain", "g", "io.cilium/mtls-enabled", "true");
        create("plain", "h", "io.cilium/mtls-enabled", "false");
        create("plain", "i", "io.cilium/mtls-enabled", "true", "istio.io/dataplane-mode", "none");

        ClusterPods pods = ClusterPods.read(client);

        assertThat(pods.pods()).extracting(Standing::name).containsExactly("a", "b", "f", "g");
        assertThat(pods.optedOut())
                .containsExactly(
                        new OptedOut("istio", "c", "n1", "label istio.io/dataplane-mode=none on the pod"),
                        new OptedOut("plain", "i", "n1", "label istio.io/dataplane-mode=none on the pod"),
                        new OptedOut("torn", "d", "n1", "label io.cilium/mtls-enabled=false on its namespace"));
    }

    private void namespace(String name, String... labels) {
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .withLabels(map(labels))
                        .endMetadata()
                        .build())
                .create();
    }

    private void create(String namespace, String name, String... labels) {
        client.resource(pod(name)
                        .editMetadata()
                        .withNamespace(namespace)
                        .withLabels(map(labels))
                        .endMetadata()
                        .build())
                .create();
    }

    private static Map<String, String> map(String... labels) {
        Map<String, String> map = new HashMap<>();
        for (int i = 0; i < labels.length; i += 2) {
            map.put(labels[i], labels[i + 1]);
        }
        return map;
    }

    @Test
    void severalImages_areSkew() {
        assertThat(ClusterPods.of(List.of(), SHOP, List.of(pod("1").build(), pod("1").build()))
                        .isSkewed())
                .isFalse();
        ClusterPods skewed = ClusterPods.of(List.of(), SHOP, List.of(pod("1").build(), pod("2").build()));
        assertThat(skewed.isSkewed()).isTrue();
        assertThat(skewed.images().get("hbone-agent")).containsExactly("hbone:1", "hbone:2");
    }
}
