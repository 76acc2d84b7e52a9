package io.hbone.enrollment.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import org.junit.jupiter.api.Test;

class ReducedTest {
    @Test
    void namespace_keepsNameVersionTheLabelsOfTheMeshAndOneCondition() {
        Namespace full = new NamespaceBuilder()
                .withNewMetadata()
                .withName("shop")
                .withUid("u-1")
                .withResourceVersion("7")
                .addToLabels("io.cilium/mtls-enabled", "true")
                .addToLabels("team", "a")
                .addToLabels("istio.io/dataplane-mode", "none")
                .addToAnnotations("note", "x".repeat(10_000))
                .addNewManagedField()
                .withManager("kubectl")
                .endManagedField()
                .endMetadata()
                .withNewSpec()
                .addToFinalizers("kubernetes")
                .endSpec()
                .withNewStatus()
                .withPhase("Active")
                .addNewCondition()
                .withType("other")
                .endCondition()
                .addNewCondition()
                .withType("mine")
                .withStatus("True")
                .endCondition()
                .endStatus()
                .build();

        assertThat(Serialization.asJson(Reduced.namespace(full, "mine")))
                .isEqualTo("{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"labels\":"
                        + "{\"io.cilium/mtls-enabled\":\"true\",\"istio.io/dataplane-mode\":\"none\"},\"name\":\"shop\",\"resourceVersion\":\"7\",\"uid\":\"u-1\"},"
                        + "\"status\":{\"conditions\":[{\"status\":\"True\",\"type\":\"mine\"}]}}");
        assertThat(Reduced.namespace(full, "none").getStatus()).isNull();
    }

    @Test
    void pod_keepsNameVersionTheLabelsOfTheMeshAndItsAccount() {
        Pod full = new PodBuilder()
                .withNewMetadata()
                .withName("p")
                .withNamespace("shop")
                .withResourceVersion("9")
                .addToLabels("io.cilium/mtls-enabled", "true")
                .addToLabels("app", "p")
                .endMetadata()
                .withNewSpec()
                .withServiceAccountName("cart")
                .addNewContainer()
                .withName("c")
                .withImage("i")
                .endContainer()
                .endSpec()
                .build();

        assertThat(Serialization.asJson(Reduced.accountOfPod(full)))
                .isEqualTo("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"labels\":"
                        + "{\"io.cilium/mtls-enabled\":\"true\"},\"name\":\"p\",\"namespace\":\"shop\",\"resourceVersion\":\"9\"},"
                        + "\"spec\":{\"serviceAccountName\":\"cart\"}}");
    }
}
