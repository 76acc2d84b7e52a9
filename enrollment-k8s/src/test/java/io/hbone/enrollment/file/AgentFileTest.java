package io.hbone.enrollment.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.core.TrustDomain;
import io.hbone.enrollment.LocalWorkload;
import io.hbone.enrollment.NetworkReference;
import io.hbone.xds.file.LocalFileException;
import io.hbone.xds.model.Workload;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentFileTest {
    private static final String FILE = """
            namespaces:
              shop: {enrolled: true}
              wild: {}
            pods:
            - {name: cart, namespace: shop, serviceAccount: cart, workloadIps: [10.1.0.5], node: m1, netns: cart,
               canonicalName: carts, services: {shop/cart.shop.svc.cluster.local: {80: 8080}}}
            - {name: old, namespace: shop, workloadIps: [10.1.0.6], netns: old, enrolled: false}
            - {name: bird, namespace: wild, workloadIps: [10.1.0.7], path: /run/netns/bird}
            - {name: tame, namespace: wild, workloadIps: [10.1.0.8], container: 3f2a, enrolled: true, uid: u-1}
            - {name: db, namespace: shop, workloadIps: [10.2.0.5], node: m2, netns: db}
            - {name: node, namespace: shop, workloadIps: [192.168.0.1], networkMode: HostNetwork}
            workloads:
            - {name: far, namespace: shop, workloadIps: [10.3.0.1], protocol: HBONE, services: {}}
            services:
            - {name: cart, namespace: shop, hostname: cart.shop.svc.cluster.local, vips: [/10.9.0.1], ports: {80: 8080}}
            """;

    private static AgentFile parse(String yaml) {
        return AgentFile.parse(yaml, "m1", TrustDomain.of("example.org"));
    }

    private static LocalWorkload local(AgentFile file, String name) {
        return file.local().stream()
                .filter(pod -> pod.workload().name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void podsOfThisMachine_areItsWorkloads() {
        AgentFile file = parse(FILE);
        assertThat(file.local())
                .extracting(pod -> pod.workload().name())
                .containsExactly("cart", "old", "bird", "tame");
        LocalWorkload cart = local(file, "cart");
        assertThat(cart.uid()).isEqualTo("shop/cart");
        assertThat(cart.workload().identity()).hasToString("spiffe://example.org/ns/shop/sa/cart");
        assertThat(cart.workload().canonicalName()).isEqualTo("carts");
        assertThat(cart.workload().services()).containsKey("shop/cart.shop.svc.cluster.local");
        assertThat(cart.network()).isEqualTo(new NetworkReference.Named("cart"));
        assertThat(local(file, "bird").network()).isEqualTo(new NetworkReference.File(Path.of("/run/netns/bird")));
        assertThat(local(file, "tame").network()).isEqualTo(new NetworkReference.Container("3f2a"));
        assertThat(local(file, "tame").uid()).isEqualTo("u-1");
    }

    @ParameterizedTest
    @CsvSource({"cart, true", "old, false", "bird, false", "tame, true"})
    void enrollment_isThatOfTheNamespace_unlessThePodSaysOtherwise(String name, boolean wanted) {
        assertThat(local(parse(FILE), name).wantsEnrollment()).isEqualTo(wanted);
    }

    @Test
    void whatElseThereIs_goesToTheMesh() {
        AgentFile file = parse(FILE);
        assertThat(file.mesh().workloads()).extracting(Workload::name).containsExactly("far", "db", "node");
        assertThat(file.mesh().workloads().get(1).enrolled()).isTrue();
        assertThat(file.mesh().services()).hasSize(1);
        assertThat(file)
                .hasToString(
                        "4 pods of this machine, 2 of them to be enrolled; of others 3 workloads, 1 services, 0 policies");
    }

    @Test
    void pid_isThatOfTheProcessThatHasItNow() {
        long own = ProcessHandle.current().pid();
        NetworkReference network = local(
                        parse("pods: [{name: me, namespace: a, workloadIps: [10.0.0.1], pid: " + own + "}]"), "me")
                .network();
        assertThat(network).isEqualTo(NetworkReference.Process.running(own));
        assertThat(((NetworkReference.Process) network).startedAt()).isNotNull();
    }

    @Test
    void emptyMapping_isAFileWithoutWorkloads() {
        assertThat(parse("{}").local()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | the document: no mapping (expected: one)",
                "pods: 3 | pods: no list (expected: a list of mappings)",
                "pods: [3] | pods[0]: no mapping (expected: one)",
                "pods: [{name: a, namespace: b, workloadIps: [10.0.0.1]}] | pods[0]: no network of b/a (expected: one of"
                        + " netns, pid, path, container, pod, or another machine's name as its node)",
                "pods: [{name: a, namespace: b, workloadIps: [ten], netns: a}] | pods[0].workloadIps[0]: \"ten\" (expected:"
                        + " an IP address)",
                "pods: [{name: a, namespace: b, workloadIps: [], netns: a, pid: 3}] | pods[0].pid: a second network"
                        + " (expected: one of netns, pid, path, container, pod)",
                "pods: [{name: a, namespace: b, workloadIps: [], pid: 0}] | pods[0].pid: \"0\" (expected: a process id)",
                "pods: [{name: a, namespace: b, workloadIps: [], netns: ../a}] | pods[0].netns: netns: '../a' (expected: a"
                        + " name of ip netns)",
                "pods: [{name: a, namespace: b, workloadIps: [], path: a}] | pods[0].path: \"a\" (expected: an absolute path)",
                "pods: [{name: a, namespace: b, workloadIps: [], netns: a, enrolled: 1}] | pods[0].enrolled: \"1\" (expected:"
                        + " true or false)",
                "pods: [{name: a, namespace: b, workloadIps: [], netns: a, protocol: HBONE}] | pods[0].protocol: set",
                "pods: [{name: a, namespace: b, workloadIps: [], netns: a, colour: red}] | pods[0].colour: unknown field",
                "namespaces: {a: {enroled: true}} | namespaces.a.enroled: unknown field (expected: enrolled)",
                "pod: [] | pod: unknown field",
                "pods: [{name: a, namespace: b, workloadIps: [], netns: a}, {name: a, namespace: b, workloadIps: [],"
                        + " netns: c}] | pods[1].uid: \"b/a\" (expected: another one",
                "'pods: [' | not YAML: ",
            })
    void wrongFile_isRefusedWithThePlaceAndTheReason(String yaml, String message) {
        assertThatThrownBy(() -> parse(yaml))
                .isInstanceOf(LocalFileException.class)
                .hasMessageStartingWith(message);
    }
}
