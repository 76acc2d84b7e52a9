package io.hbone.enrollment.directory;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.enrollment.directory.DirectorySettings.NodeNames;
import io.hbone.xds.model.Locality;
import io.hbone.xds.model.Workload;
import io.hbone.xds.model.WorkloadType;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class PodWorkloadsTest {
    private static final DirectorySettings SETTINGS = DirectorySettings.STANDARD
            .withTrustDomain(TrustDomain.of("mesh.example"))
            .withClusterId("east");
    private static final Locality LOCALITY = new Locality("r1", "z1", "");

    @Test
    void pod_becomesAWorkloadOfItsOwner() {
        Workload workload = workload("""
                metadata:
                  name: cart-7d9c-x2
                  generateName: cart-7d9c-
                  namespace: shop
                  uid: 1b4e28ba-2fa1-11d2-883f-0016d3cca427
                  labels: {app: cart, version: v2, pod-template-hash: 7d9c}
                  ownerReferences:
                  - {apiVersion: apps/v1, kind: ReplicaSet, name: cart-7d9c, uid: x, controller: true}
                spec:
                  serviceAccountName: cart
                  nodeName: machine-1
                  containers: [{name: main}]
                status:
                  phase: Running
                  hostIP: 192.0.2.1
                  podIP: 10.1.0.7
                  podIPs: [{ip: 10.1.0.7}, {ip: "fd00::7"}]
                  conditions: [{type: Ready, status: "True"}]
                """, Map.of("io.cilium/mtls-enabled", "true"));

        assertThat(workload.uid()).isEqualTo("1b4e28ba-2fa1-11d2-883f-0016d3cca427");
        assertThat(workload.name()).isEqualTo("cart-7d9c-x2");
        assertThat(workload.identity()).isEqualTo(SpiffeId.parse("spiffe://mesh.example/ns/shop/sa/cart"));
        assertThat(workload.addresses())
                .extracting(Object::toString)
                .containsExactly("/10.1.0.7", "/fd00:0:0:0:0:0:0:7");
        assertThat(workload.node()).isEqualTo("machine-1");
        assertThat(workload.locality()).isEqualTo(LOCALITY);
        assertThat(workload.clusterId()).isEqualTo("east");
        assertThat(workload.enrolled()).isTrue();
        assertThat(workload.healthy()).isTrue();
        assertThat(workload.hostNetwork()).isFalse();
        assertThat(workload.type()).isEqualTo(WorkloadType.DEPLOYMENT);
        assertThat(workload.workloadName()).isEqualTo("cart");
        assertThat(workload.canonicalName()).isEqualTo("cart");
        assertThat(workload.canonicalRevision()).isEqualTo("v2");
    }

    @Test
    void barePod_hasDefaultsForAllThatItDoesNotSay() {
        Workload workload = workload("{metadata: {name: p, namespace: shop, uid: u}, spec: {}}", Map.of());

        assertThat(workload.serviceAccount()).isEqualTo("default");
        assertThat(workload.addresses()).isEmpty();
        assertThat(workload.enrolled()).isFalse();
        assertThat(workload.healthy()).isFalse();
        assertThat(workload.type()).isEqualTo(WorkloadType.POD);
        assertThat(workload.workloadName()).isEqualTo("p");
        assertThat(workload.canonicalName()).isEqualTo("p");
        assertThat(workload.canonicalRevision()).isEqualTo("latest");
    }

    static Stream<Arguments> owners() {
        return Stream.of(
                Arguments.of(
                        "ReplicaSet", "web-5f6", Map.of("pod-template-hash", "5f6"), "web", WorkloadType.DEPLOYMENT),
                Arguments.of(
                        "ReplicaSet", "web-5f6", Map.of("rollouts-pod-template-hash", "5f6"), "web", WorkloadType.POD),
                Arguments.of("ReplicaSet", "web-5f6", Map.of("pod-template-hash", "abc"), "web-5f6", WorkloadType.POD),
                Arguments.of("Job", "sweep", Map.of(), "sweep", WorkloadType.JOB),
                Arguments.of("Job", "sweep-27654321", Map.of(), "sweep", WorkloadType.CRONJOB),
                Arguments.of("DaemonSet", "log", Map.of(), "log", WorkloadType.POD),
                Arguments.of(
                        "ReplicationController", "old-1", Map.of("deploymentconfig", "old"), "old", WorkloadType.POD),
                Arguments.of(
                        "DaemonSet",
                        "log",
                        Map.of("service.istio.io/workload-name", "mine"),
                        "mine",
                        WorkloadType.POD));
    }

    @ParameterizedTest
    @MethodSource("owners")
    void owner_namesTheWorkload(
            String kind, String name, Map<String, String> labels, String workloadName, WorkloadType type) {
        Pod pod = new PodBuilder()
                .withNewMetadata()
                .withName(name + "-x")
                .withGenerateName(name + "-")
                .withNamespace("shop")
                .withUid("u")
                .withLabels(labels)
                .addNewOwnerReference()
                .withKind(kind)
                .withName(name)
                .withController(true)
                .endOwnerReference()
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .build();
        Workload workload = workload(pod, Map.of());

        assertThat(workload.workloadName()).isEqualTo(workloadName);
        assertThat(workload.type()).isEqualTo(type);
    }

    @ParameterizedTest
    @CsvSource({
        // namespace, pod, host network, tunnel label, enrolled
        "true, , false, , true",
        "true, false, false, , false",
        ", true, false, , true",
        "True, , false, , false",
        "true, true, true, , false",
        ", , false, http, true",
        ", , false, grpc, false",
    })
    void labels_decideWhoIsEnrolled(
            String namespace, String own, boolean hostNetwork, String tunnel, boolean enrolled) {
        PodBuilder pod = new PodBuilder()
                .withNewMetadata()
                .withName("p")
                .withNamespace("shop")
                .withUid("u")
                .endMetadata()
                .withNewSpec()
                .withHostNetwork(hostNetwork)
                .endSpec();
        if (own != null) {
            pod.editMetadata().addToLabels("io.cilium/mtls-enabled", own).endMetadata();
        }
        if (tunnel != null) {
            pod.editMetadata().addToLabels("networking.istio.io/tunnel", tunnel).endMetadata();
        }
        Workload workload =
                workload(pod.build(), namespace == null ? Map.of() : Map.of("io.cilium/mtls-enabled", namespace));

        assertThat(workload.enrolled()).isEqualTo(enrolled);
        assertThat(workload.hostNetwork()).isEqualTo(hostNetwork);
        assertThat(workload.nativeTunnel()).isEqualTo("http".equals(tunnel));
    }

    @ParameterizedTest
    @CsvSource({"ambient, , true", "ambient, none, false", "none, ambient, true", ", ambient, true", "none, , false"})
    void istiosLabels_decideAlike(String namespace, String own, boolean enrolled) {
        String labels = own == null ? "{}" : "{istio.io/dataplane-mode: " + own + "}";
        assertThat(workload(
                                "{metadata: {name: p, namespace: s, uid: u, labels: " + labels + "}, spec: {}}",
                                namespace == null ? Map.of() : Map.of("istio.io/dataplane-mode", namespace))
                        .enrolled())
                .isEqualTo(enrolled);
    }

    @ParameterizedTest
    @CsvSource({"sidecar.istio.io/status, false", "sidecar.istio.io/inject, true"})
    void podWithASidecar_isReachedInPlaintext(String annotation, boolean enrolled) {
        assertThat(workload(
                                "{metadata: {name: p, namespace: s, uid: u, annotations: {" + annotation
                                        + ": '{}'}}, spec: {}}",
                                Map.of("istio.io/dataplane-mode", "ambient"))
                        .enrolled())
                .isEqualTo(enrolled);
    }

    @ParameterizedTest
    @CsvSource({"Succeeded", "Failed"})
    void podThatHasEnded_isNoWorkload(String phase) {
        Pod pod = pod("{metadata: {name: p, namespace: shop, uid: u}, spec: {}, status: {phase: " + phase
                + ", podIP: 10.0.0.1}}");

        assertThat(new PodWorkloads(SETTINGS).workload(pod, Map.of(), LOCALITY)).isNull();
    }

    @ParameterizedTest
    @CsvSource(
            value = {
                "{podIP: 10.0.0.1, conditions: [{type: Ready, status: 'True'}]} | true",
                "{podIP: 10.0.0.1, conditions: [{type: Ready, status: 'False'}]} | false",
                "{podIP: 10.0.0.1} | false",
            },
            delimiter = '|')
    void readiness_isHealth(String status, boolean healthy) {
        assertThat(workload("{metadata: {name: p, namespace: s, uid: u}, spec: {}, status: " + status + "}", Map.of())
                        .healthy())
                .isEqualTo(healthy);
    }

    @Test
    void podThatIsAboutToEnd_isNotHealthy() {
        assertThat(workload("""
                metadata: {name: p, namespace: s, uid: u, deletionTimestamp: "2026-01-01T00:00:00Z"}
                spec: {}
                status: {podIP: 10.0.0.1, conditions: [{type: Ready, status: "True"}]}
                """, Map.of()).healthy()).isFalse();
    }

    /** Cilium's DaemonSet tells its ztunnel the address as its name (spec/cilium.md 4.7). */
    @Test
    void nodeByAddress_isTheMachinesAddress() {
        Pod pod = pod("{metadata: {name: p, namespace: s, uid: u}, spec: {nodeName: m}, status: {hostIP: 192.0.2.9}}");
        Workload workload =
                new PodWorkloads(SETTINGS.withNodeNames(NodeNames.ADDRESS)).workload(pod, Map.of(), LOCALITY);

        assertThat(Objects.requireNonNull(workload).node()).isEqualTo("192.0.2.9");
    }

    @Test
    void addressesThatAreNone_areLeftOut() {
        assertThat(PodFacts.addresses(List.of("10.0.0.1", "no", "")))
                .extracting(Object::toString)
                .containsExactly("/10.0.0.1");
    }

    private static Workload workload(String yaml, Map<String, String> namespaceLabels) {
        return workload(pod(yaml), namespaceLabels);
    }

    private static Workload workload(Pod pod, Map<String, String> namespaceLabels) {
        return Objects.requireNonNull(new PodWorkloads(SETTINGS).workload(pod, namespaceLabels, LOCALITY));
    }

    private static Pod pod(String yaml) {
        return Yaml.read(yaml, Pod.class);
    }
}
