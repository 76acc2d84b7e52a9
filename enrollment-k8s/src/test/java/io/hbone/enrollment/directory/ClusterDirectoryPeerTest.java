package io.hbone.enrollment.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.hbone.enrollment.testing.KubeApi;
import io.hbone.xds.model.LoadBalancing;
import io.hbone.xds.model.Workload;
import io.hbone.xds.policy.Policy;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** What nodes are told of a cluster whose API server is a real one. */
@Tag("peer")
class ClusterDirectoryPeerTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Path STRICT_MTLS = Path.of("../reference-node/src/main/kubernetes/strictmtls-crd.yaml");

    private static KubeApi cluster;
    private static KubernetesClient client;

    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    private final ToldNodes nodes = new ToldNodes();
    private final List<ClusterDirectory> directories = new ArrayList<>();
    private final List<String> namespaces = new ArrayList<>();

    @BeforeAll
    static void start() {
        assumeTrue(KubeApi.missing().isEmpty(), KubeApi.missing());
        cluster = KubeApi.start();
        client = cluster.admin();
    }

    @AfterAll
    static void stop() {
        if (cluster != null) {
            client.close();
            cluster.close();
        }
    }

    @AfterEach
    void close() {
        directories.forEach(ClusterDirectory::close);
        executor.shutdown();
        namespaces.forEach(name -> client.namespaces().withName(name).delete());
    }

    @Test
    void podsAndServices_areToldAndChangeAndGo(TestInfo test) {
        String shop = namespace(test, "true");
        apply("""
                apiVersion: v1
                kind: Service
                metadata: {name: cart, namespace: %s}
                spec:
                  selector: {app: cart}
                  ports:
                  - {name: http, port: 80, targetPort: web}
                  - {name: admin, port: 81, targetPort: 8081}
                  - {name: dns, port: 53, protocol: UDP}
                """.formatted(shop));
        Pod pod = pod(shop, "cart-1", "app: cart", "10.1.0.1", "[{name: web, containerPort: 8080}]");
        pod(shop, "other", "app: other", "10.1.0.2", "[]");
        start(shop);

        Workload cart = told("cart-1");
        String service = shop + "/cart." + shop + ".svc.cluster.local";
        assertThat(cart.uid()).isEqualTo(pod.getMetadata().getUid());
        assertThat(cart.enrolled()).isTrue();
        assertThat(cart.healthy()).isTrue();
        assertThat(cart.services()).containsOnlyKeys(service);
        assertThat(cart.services().get(service)).hasToString("{80=8080, 81=8081}");
        assertThat(nodes.service(service)).satisfies(known -> {
            assertThat(known.vips()).hasSize(1);
            assertThat(known.ports()).hasToString("{80=0, 81=8081}");
            assertThat(known.canonical()).isTrue();
        });
        assertThat(told("other").services()).isEmpty();
        // The first list may be older than the last write.
        until(() -> told("other").addresses().toString().contains("10.1.0.2"));

        nodes.takeTouched();
        client.pods().inNamespace(shop).withName("cart-1").edit(live -> {
            live.getMetadata().getLabels().put("app", "none");
            return live;
        });
        until(() -> told("cart-1").services().isEmpty());
        // Pods of other tests' namespaces may still be leaving.
        assertThat(nodes.takeTouched())
                .contains(cart.uid())
                .doesNotContain(told("other").uid());

        client.services().inNamespace(shop).withName("cart").delete();
        until(() -> nodes.service(service) == null);
        client.pods().inNamespace(shop).withName("cart-1").withGracePeriod(0).delete();
        until(() -> nodes.workload("cart-1") == null);
        client.namespaces().withName(shop).edit(live -> {
            live.getMetadata().getLabels().remove("io.cilium/mtls-enabled");
            return live;
        });
        until(() -> !told("other").enrolled());
    }

    @Test
    void podThatTakesAnothersName_isAnotherWorkload(TestInfo test) {
        String shop = namespace(test, "true");
        Pod first = pod(shop, "db-0", "app: db", "10.1.1.1", "[]");
        start(shop);
        client.pods().inNamespace(shop).withName("db-0").withGracePeriod(0).delete();
        Pod second = pod(shop, "db-0", "app: db", "10.1.1.2", "[]");

        until(() -> nodes.workloads().contains(second.getMetadata().getUid()));
        assertThat(nodes.workloads()).doesNotContain(first.getMetadata().getUid());
    }

    @Test
    void servicesOfAllKinds_areToldAsTheyAre(TestInfo test) {
        String shop = namespace(test, "true");
        String local = "{name: local, namespace: %s}".formatted(shop);
        apply("""
                apiVersion: v1
                kind: Service
                metadata: %s
                spec: {internalTrafficPolicy: Local, ports: [{port: 80}], selector: {app: a}}
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: close, namespace: %s}
                spec: {trafficDistribution: PreferClose, publishNotReadyAddresses: true, ports: [{port: 80}]}
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: headless, namespace: %s}
                spec: {clusterIP: None, ports: [{port: 80}], selector: {app: a}}
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: alias, namespace: %s}
                spec: {type: ExternalName, externalName: example.org}
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: outside, namespace: %s}
                spec: {ports: [{name: sql, port: 5432}]}
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: outside-1, namespace: %s, labels: {kubernetes.io/service-name: outside}}
                addressType: IPv4
                ports: [{name: sql, port: 15432}]
                endpoints: [{addresses: [192.0.2.5]}, {addresses: [192.0.2.6], conditions: {ready: false}}]
                """.formatted(local, shop, shop, shop, shop, shop));
        ClusterDirectory directory = start(shop);

        assertThat(service(shop, "local").loadBalancing())
                .isEqualTo(new LoadBalancing(
                        List.of(LoadBalancing.Scope.NODE),
                        LoadBalancing.Mode.STRICT,
                        LoadBalancing.HealthPolicy.ONLY_HEALTHY));
        assertThat(service(shop, "close").loadBalancing().mode()).isEqualTo(LoadBalancing.Mode.FAILOVER);
        assertThat(service(shop, "close").loadBalancing().health()).isEqualTo(LoadBalancing.HealthPolicy.ALLOW_ALL);
        assertThat(service(shop, "headless").vips()).isEmpty();
        assertThat(nodes.service(shop + "/alias." + shop + ".svc.cluster.local"))
                .isNull();
        assertThat(directory.status().problems())
                .anySatisfy(problem ->
                        assertThat(problem.toString()).startsWith("Service " + shop + "/alias: type ExternalName"));
        String slice = "Kubernetes/discovery.k8s.io/EndpointSlice/" + shop + "/outside-1/";
        assertThat(nodes.workloads()).contains(slice + "192.0.2.5", slice + "192.0.2.6");
        Workload outside = told("outside-1");
        assertThat(outside.hostNetwork()).isTrue();
        assertThat(outside.enrolled()).isFalse();
        assertThat(outside.services().values()).extracting(Object::toString).containsExactly("{5432=15432}");

        client.discovery()
                .v1()
                .endpointSlices()
                .inNamespace(shop)
                .withName("outside-1")
                .delete();
        until(() -> nodes.workloads().stream().noneMatch(name -> name.startsWith(slice)));
    }

    /** What has gone while nobody could tell must not stay (spec/cilium.md 4.4). */
    @Test
    void deletionsWhileTheApiServerIsAway_areLearntWhenItIsBack(TestInfo test) {
        String shop = namespace(test, "true");
        pod(shop, "stays", "app: a", "10.1.2.1", "[]");
        pod(shop, "goes", "app: a", "10.1.2.2", "[]");
        ClusterDirectory directory = start(shop);

        // The directory's connections break, and when they can be made again the past is forgotten: the watch has
        // expired.
        cluster.killApi();
        until(() -> !directory.status().live());
        assertThat(nodes.workload("goes")).isNotNull();
        cluster.startApi();
        client.pods().inNamespace(shop).withName("goes").withGracePeriod(0).delete();
        pod(shop, "comes", "app: a", "10.1.2.3", "[]");

        until(() -> nodes.workload("goes") == null && nodes.workload("comes") != null);
        assertThat(nodes.workload("stays")).isNotNull();
        until(() -> directory.status().live());
    }

    @Test
    void newDirectory_tellsTheSame(TestInfo test) {
        String shop = namespace(test, "true");
        pod(shop, "a", "app: a", "10.1.3.1", "[]");
        start(shop);
        Set<String> before = nodes.workloads();
        ToldNodes others = new ToldNodes();
        ClusterDirectory second =
                ClusterDirectory.builder(client, others, executor).build();
        directories.add(second);
        second.start().toCompletableFuture().join();

        assertThat(others.workloads()).isEqualTo(before);
        assertThat(others.services()).isEqualTo(nodes.services());
    }

    @Test
    void kindsThatComeLater_areHeardOf(TestInfo test) throws IOException {
        String shop = namespace(test, "true");
        pod(shop, "cart", "app: cart", "10.1.4.1", "[]");
        Pod early = podWithoutAddress(shop, "early");
        ClusterDirectory directory = start(shop);
        assertThat(directory.status().kinds()).isEmpty();

        definitions();
        until(() -> directory.status().kinds().size() == 6);
        apply("""
                apiVersion: security.istio.io/v1
                kind: AuthorizationPolicy
                metadata: {name: only-web, namespace: %s}
                spec:
                  selector: {matchLabels: {app: cart}}
                  rules: [{from: [{source: {principals: [cluster.local/ns/web/sa/web]}}], to: [{operation: {ports: ["8080"]}}]}]
                ---
                apiVersion: hbone.io/v1alpha1
                kind: StrictMtls
                metadata: {name: default, namespace: %s}
                spec: {exceptPorts: [9090]}
                ---
                apiVersion: cilium.io/v2
                kind: CiliumEndpoint
                metadata: {name: early, namespace: %s, ownerReferences: [{apiVersion: v1, kind: Pod, name: early, uid: %s}]}
                status: {service-account: default, networking: {addressing: [{ipv4: 10.1.4.9, ipv6: "fd00::9"}], node: 192.0.2.9}}
                ---
                apiVersion: gateway.networking.k8s.io/v1
                kind: Gateway
                metadata: {name: way, namespace: %s, labels: {istio.io/waypoint-for: all}}
                spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
                status: {addresses: [{type: Hostname, value: way.shop.svc.cluster.local}]}
                """.formatted(shop, shop, shop, early.getMetadata().getUid(), shop));

        until(() -> told("cart")
                .authorizationPolicies()
                .equals(List.of(shop + "/only-web", shop + "/strict_mtls_default")));
        assertThat(nodes.policy(shop + "/only-web").scope()).isEqualTo(Policy.Scope.WORKLOAD_SELECTOR);
        assertThat(nodes.policy(shop + "/strict_mtls_default").action()).isEqualTo(Policy.Action.DENY);
        until(() -> nodes.workload("early") != null);
        assertThat(told("early").addresses()).hasSize(2);
        client.namespaces().withName(shop).edit(live -> {
            live.getMetadata().getLabels().put("istio.io/use-waypoint", "way");
            return live;
        });
        until(() -> told("cart").waypoint() != null);
        assertThat(told("cart").waypoint()).hasToString(shop + "/way.shop.svc.cluster.local:15008");
        assertThat(nodes.dangling()).isEmpty();

        cluster.kubectl("delete", "crd", "--all");
        until(() -> told("cart").authorizationPolicies().isEmpty());
        until(() -> told("cart").waypoint() == null && nodes.workload("early") == null);
        until(() -> nodes.policies().isEmpty());
        assertThat(directory.status().kinds()).isEmpty();
    }

    @Test
    void objectThatBreaksItsSchema_isRefusedByTheApiServer() throws IOException {
        apply(Files.readString(STRICT_MTLS));
        String wrong =
                "{apiVersion: hbone.io/v1alpha1, kind: StrictMtls, metadata: {name: x, namespace: default}, spec: %s}";

        for (String spec : List.of("{mode: MAYBE}", "{exceptPorts: [0]}", "{exceptPorts: [1, 1]}", "{selector: {}}")) {
            Path file = Files.writeString(Files.createTempFile("strict", ".yaml"), wrong.formatted(spec));
            until(() -> refusal(file).contains("invalid") || refusal(file).contains("Invalid"));
            Files.delete(file);
        }
        cluster.kubectl("delete", "crd", "strictmtls.hbone.io");
    }

    private static String refusal(Path file) {
        try {
            return cluster.kubectl("apply", "-f", file.toString());
        } catch (IllegalStateException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private ClusterDirectory start(String namespace) {
        ClusterDirectory directory =
                ClusterDirectory.builder(client, nodes, executor).build();
        directories.add(directory);
        assertThat(nodes.workloads()).isEmpty();
        directory.start().toCompletableFuture().join();
        assertThat(directory.status().synced()).isTrue();
        return directory;
    }

    private String namespace(TestInfo test, String enrolled) {
        String name = "n"
                + Integer.toUnsignedString(
                        test.getTestMethod().orElseThrow().getName().hashCode());
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .addToLabels("io.cilium/mtls-enabled", enrolled)
                        .endMetadata()
                        .build())
                .create();
        namespaces.add(name);
        until(() ->
                client.serviceAccounts().inNamespace(name).withName("default").get() != null);
        return name;
    }

    private static Pod pod(String namespace, String name, String labels, String address, String ports) {
        Pod pod = create(namespace, name, labels, ports);
        Pod running = Yaml.read(
                "{status: {phase: Running, podIP: %s, podIPs: [{ip: %s}], hostIP: 192.0.2.1, conditions: [{type: Ready, status: 'True'}]}}"
                        .formatted(address, address),
                Pod.class);
        return client.pods().inNamespace(namespace).withName(name).editStatus(live -> {
            live.setStatus(running.getStatus());
            return live;
        });
    }

    private static Pod podWithoutAddress(String namespace, String name) {
        return create(namespace, name, "app: none", "[]");
    }

    private static Pod create(String namespace, String name, String labels, String ports) {
        return client.resource(Yaml.read("""
                        metadata: {name: %s, namespace: %s, labels: {%s}}
                        spec: {nodeName: machine-1, containers: [{name: main, image: none, ports: %s}]}
                        """.formatted(name, namespace, labels, ports), Pod.class))
                .create();
    }

    private static void definitions() throws IOException {
        try (InputStream in =
                Objects.requireNonNull(ClusterDirectoryPeerTest.class.getResourceAsStream("definitions.yaml"))) {
            apply(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
        apply(Files.readString(STRICT_MTLS));
        cluster.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s");
    }

    private static void apply(String yaml) {
        client.load(new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8)))
                .create();
    }

    private Workload told(String name) {
        return Objects.requireNonNull(nodes.workload(name), name);
    }

    private io.hbone.xds.model.Service service(String namespace, String name) {
        return Objects.requireNonNull(
                nodes.service(namespace + "/" + name + "." + namespace + ".svc.cluster.local"), name);
    }

    private static void until(Callable<Boolean> condition) {
        await().atMost(PATIENCE).until(condition);
    }
}
