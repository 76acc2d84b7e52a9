package io.hbone.enrollment.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodFluent;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.NonDeletingOperation;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.hbone.enrollment.LocalWorkload;
import io.hbone.enrollment.NetworkReference;
import io.hbone.enrollment.directory.DirectorySettings;
import io.hbone.enrollment.directory.PodWorkloads;
import io.hbone.enrollment.kubernetes.LocalPods.Local;
import io.hbone.xds.model.Locality;
import io.hbone.xds.model.Workload;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Over an API server that lives in this process. It knows no field selectors: that only this machine's pods come, a peer test holds. */
@EnableKubernetesMockClient(crud = true, https = false)
class KubernetesWorkloadsTest {
    KubernetesClient client;

    private final AtomicInteger changes = new AtomicInteger();
    private volatile Runnable listener = () -> {};
    private KubernetesWorkloads workloads;

    @BeforeEach
    void start() {
        namespace("shop", "true");
        namespace("plain", "false");
        PodWorkloads pods = new PodWorkloads(DirectorySettings.STANDARD);
        workloads = new KubernetesWorkloads(client, client.pods().inAnyNamespace(), "n1", (pod, labels) -> {
            if (pod.getMetadata().getName().startsWith("bad")) {
                throw new IllegalArgumentException("cannot be told of");
            }
            return pods.workload(pod, labels, Locality.UNKNOWN);
        });
        workloads.start(() -> {
            changes.incrementAndGet();
            listener.run();
        });
        until(() -> changes.get() > 0);
    }

    @AfterEach
    void close() {
        workloads.close();
    }

    private void namespace(String name, String label) {
        namespace(name, MeshLabels.CILIUM, label);
    }

    private void namespace(String name, String key, String label) {
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .addToLabels(key, label)
                        .endMetadata()
                        .build())
                .createOr(NonDeletingOperation::update);
    }

    private static PodBuilder builder(String namespace, String name, String uid, String address) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .withUid(uid)
                .withCreationTimestamp("2026-01-01T00:00:00Z")
                .endMetadata()
                .withNewSpec()
                .withNodeName("n1")
                .withServiceAccountName("cart")
                .endSpec()
                .withNewStatus()
                .withPhase("Running")
                .addNewPodIP()
                .withIp(address)
                .endPodIP()
                .endStatus();
    }

    private Pod create(PodBuilder pod) {
        return client.resource(pod.build()).create();
    }

    private void until(Callable<Boolean> condition) {
        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(20))
                .until(condition);
    }

    /** Their names; those to be enrolled with a star. */
    private Set<String> known() {
        return workloads.workloads().stream()
                .map(each -> each.workload().name() + (each.wantsEnrollment() ? "*" : ""))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private void expect(String... names) {
        until(() -> known().equals(Set.of(names)));
    }

    @Test
    void podsOfALabelledNamespace_areToBeEnrolled_others_areKnown() {
        create(builder("shop", "a", "u-a", "10.0.0.1"));
        create(builder("plain", "b", "u-b", "10.0.0.2"));
        expect("a*", "b");
        namespace("plain", "true");
        expect("a*", "b*");
        namespace("plain", "True");
        expect("a*", "b");
        client.namespaces().withName("shop").delete();
        expect("a", "b");
        LocalWorkload a = workloads.workloads().stream()
                .filter(each -> each.workload().name().equals("a"))
                .findFirst()
                .orElseThrow();
        assertThat(a.network()).isEqualTo(new NetworkReference.Pod(a.uid()));
        assertThat(a.workload().identity()).hasToString("spiffe://cluster.local/ns/shop/sa/cart");
        assertThat(workloads.error()).isNull();
    }

    /** Its sidecar leads its connections elsewhere, as Istio's agent knows, too. */
    @Test
    void podWithASidecar_isNotEnrolled_whateverLabelsSay() {
        create(builder("shop", "a", "u-a", "10.0.0.1")
                .editMetadata()
                .addToAnnotations("sidecar.istio.io/status", "{}")
                .addToLabels("istio.io/dataplane-mode", "ambient")
                .endMetadata());
        create(builder("shop", "b", "u-b", "10.0.0.2"));
        expect("a", "b*");
    }

    /** DEFECT: such a pod was enrolled, and the node took the port of its own tunnel from it. */
    @Test
    void podThatServesHboneItself_isReachedByIt_andNotEnrolled() {
        create(builder("shop", "waypoint", "u-w", "10.0.0.1")
                .editMetadata()
                .addToLabels("networking.istio.io/tunnel", "http")
                .endMetadata());
        expect("waypoint");
        assertThat(workloads.workloads()).allSatisfy(each -> {
            assertThat(each.workload().enrolled()).isTrue();
            assertThat(each.workload().nativeTunnel()).isTrue();
        });
    }

    /** GAP of Cilium (spec/cilium.md 10.1, 2): it enrols whole namespaces only. */
    @Test
    void pod_optsOutOrIn_byItsOwnLabel() {
        create(builder("shop", "out", "u-out", "10.0.0.1")
                .editMetadata()
                .addToLabels(MeshLabels.CILIUM, "false")
                .endMetadata());
        create(builder("plain", "in", "u-in", "10.0.0.2")
                .editMetadata()
                .addToLabels(MeshLabels.CILIUM, "true")
                .endMetadata());
        expect("out", "in*");
    }

    @Test
    void istiosLabel_enrolsANamespaceAndAPod_andTakesOneOut() {
        create(builder("plain", "a", "u-a", "10.0.0.1"));
        create(builder("plain", "waypoint", "u-w", "10.0.0.2")
                .editMetadata()
                .addToLabels(MeshLabels.ISTIO, "none")
                .endMetadata());
        create(builder("other", "b", "u-b", "10.0.0.3")
                .editMetadata()
                .addToLabels(MeshLabels.ISTIO, "ambient")
                .endMetadata());
        expect("a", "waypoint", "b*");
        namespace("plain", MeshLabels.ISTIO, "ambient");
        expect("a*", "waypoint", "b*");
        namespace("plain", MeshLabels.ISTIO, "none");
        expect("a", "waypoint", "b*");
    }

    /** One object, and one watch: there is no moment at which it has neither. */
    @Test
    void namespaceThatGoesFromCiliumsLabelToIstios_isNeverOut() {
        create(builder("shop", "a", "u-a", "10.0.0.1"));
        expect("a*");
        List<Set<String>> seen = new CopyOnWriteArrayList<>();
        listener = () -> seen.add(known());
        namespace("shop", MeshLabels.ISTIO, "ambient");
        namespace("plain", "true");
        create(builder("plain", "last", "u-last", "10.0.0.2"));
        until(() -> seen.contains(Set.of("a*", "last*")));
        assertThat(seen).allSatisfy(each -> assertThat(each).contains("a*"));
    }

    @Test
    void podsWithoutANetworkOfTheirOwn_orThatHaveEnded_orAreTheNode_areLeftAlone() {
        create(builder("shop", "host", "u-host", "10.0.0.1")
                .editSpec()
                .withHostNetwork(true)
                .endSpec());
        create(builder("shop", "done", "u-done", "10.0.0.2")
                .editStatus()
                .withPhase("Succeeded")
                .endStatus());
        create(builder("shop", "died", "u-died", "10.0.0.3")
                .editStatus()
                .withPhase("Failed")
                .endStatus());
        create(builder("shop", "node", "u-node", "10.0.0.4")
                .editMetadata()
                .addToLabels("app", "ztunnel-cilium")
                .endMetadata());
        create(builder("shop", "early", "u-early", "10.0.0.5")
                .editStatus()
                .withPodIPs()
                .endStatus());
        create(builder("shop", "last", "u-last", "10.0.0.6"));
        expect("last*");
        assertThat(workloads.error()).isNull();
    }

    @Test
    void podThatTakesAnothersName_isAnotherWorkload() {
        String first =
                create(builder("shop", "a", "u-1", "10.0.0.1")).getMetadata().getUid();
        expect("a*");
        client.pods().inNamespace("shop").withName("a").delete();
        String second =
                create(builder("shop", "a", "u-2", "10.0.0.1")).getMetadata().getUid();
        assertThat(second).isNotEqualTo(first);
        until(() -> workloads.workloads().stream().allMatch(each -> each.uid().equals(second)) && known().size() == 1);
        assertThat(workloads.workloads())
                .singleElement()
                .satisfies(each -> assertThat(each.network()).isEqualTo(new NetworkReference.Pod(second)));
    }

    @Test
    void addressOfAPodThatIsEnding_isTheYoungerPods() {
        Local old = local("shop", "z", "10.0.0.1", "2026-01-01T00:00:00Z");
        Local young = local("plain", "a", "10.0.0.1", "2026-01-01T00:00:09Z");
        Local other = local("plain", "b", "10.0.0.2", "2025-01-01T00:00:00Z");
        assertThat(LocalPods.withoutDisplaced(List.of(old, young, other)))
                .containsExactlyInAnyOrder(young.workload(), other.workload());
    }

    private static Local local(String namespace, String name, String address, String created) {
        Pod pod = builder(namespace, name, "u-" + name, address)
                .editMetadata()
                .withCreationTimestamp(created)
                .endMetadata()
                .build();
        Workload workload = new PodWorkloads(DirectorySettings.STANDARD).workload(pod, null, Locality.UNKNOWN);
        return new Local(pod, new LocalWorkload(workload, LocalPods.network(pod)));
    }

    @Test
    void podWhoseContainersHaveEndedForGood_hasNoAddressAnyMore() {
        assertThat(LocalPods.isWorkload(ending(status -> {}))).isTrue();
        assertThat(LocalPods.isWorkload(ending(status -> status.addNewContainerStatus()
                        .withName("a")
                        .withNewState()
                        .withNewTerminated()
                        .endTerminated()
                        .endState()
                        .endContainerStatus()
                        .addNewContainerStatus()
                        .withName("b")
                        .endContainerStatus())))
                .isTrue();
        assertThat(LocalPods.isWorkload(ending(status -> status.addNewContainerStatus()
                        .withName("a")
                        .withNewState()
                        .withNewTerminated()
                        .endTerminated()
                        .endState()
                        .endContainerStatus())))
                .isFalse();
    }

    private static Pod ending(Consumer<PodFluent<?>.StatusNested<?>> containers) {
        PodBuilder pod = builder("shop", "a", "u", "10.0.0.1")
                .editMetadata()
                .withDeletionTimestamp("2026-01-01T00:00:30Z")
                .endMetadata();
        var status = pod.editStatus();
        containers.accept(status);
        status.endStatus();
        return Reduced.local(pod.build());
    }

    /** The runtime knows it by the uid that it has on its machine (kubelet's static pods). */
    @Test
    void podFromAFileOfTheMachine_isFoundByItsOwnUid() {
        Pod mirror = builder("shop", "static", "u-api", "10.0.0.1")
                .editMetadata()
                .addToAnnotations("kubernetes.io/config.mirror", "u-machine")
                .addToAnnotations("other", "x")
                .endMetadata()
                .build();
        assertThat(LocalPods.network(Reduced.local(mirror))).isEqualTo(new NetworkReference.Pod("u-machine"));
        assertThat(Reduced.local(mirror).getMetadata().getAnnotations())
                .containsOnlyKeys("kubernetes.io/config.mirror");
    }

    @Test
    void podThatCannotBeToldOf_isNamed_andHurtsNoOther() {
        create(builder("shop", "bad", "u-bad", "10.0.0.1"));
        create(builder("shop", "good", "u-good", "10.0.0.2"));
        expect("good*");
        assertThat(workloads.error()).isEqualTo("left out of the mesh: shop/bad: cannot be told of");
        client.pods().inNamespace("shop").withName("bad").delete();
        until(() -> {
            workloads.workloads();
            return workloads.error() == null;
        });
    }

    @Test
    void cacheKeepsWhatIsNeeded() {
        Pod full = builder("shop", "a", "u", "10.0.0.1")
                .editMetadata()
                .addNewManagedField()
                .withManager("kubelet")
                .endManagedField()
                .endMetadata()
                .editSpec()
                .addNewContainer()
                .withImage("i")
                .endContainer()
                .endSpec()
                .build();
        Pod reduced = Reduced.local(full);
        assertThat(reduced.getMetadata().getManagedFields()).isEmpty();
        assertThat(reduced.getSpec().getContainers()).isEmpty();
        assertThat(List.of(
                        reduced.getSpec().getNodeName(),
                        reduced.getStatus().getPodIPs().get(0).getIp()))
                .containsExactly("n1", "10.0.0.1");
    }
}
