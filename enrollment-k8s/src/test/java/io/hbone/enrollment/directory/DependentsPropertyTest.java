package io.hbone.enrollment.directory;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.hbone.xds.NamedResource;
import io.hbone.xds.model.Locality;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** After any change nodes know what they would be told if all began anew. */
class DependentsPropertyTest {
    private static final DirectorySettings SETTINGS = DirectorySettings.STANDARD;
    private static final List<String> NAMESPACES = List.of("a", "b", "istio-system");
    private static final int CHANGES = 250;
    private static final Map<String, Object> PARSED = new HashMap<>();

    private final ClusterFacts facts = new ClusterFacts(SETTINGS.rootNamespace());
    private final Shared shared = new Shared();
    private final Set<ResourceKey> touched = new LinkedHashSet<>();
    private final Dependents dependents = new Dependents(facts, SETTINGS.rootNamespace(), touched::add);
    private final Map<String, NamedResource> told = new TreeMap<>();

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void changesOneByOne_comeToTheSameAsAllAtOnce(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        dependents.listen();
        dependents.all();
        // Nothing is named in a namespace that is not there.
        NAMESPACES.forEach(name -> facts.namespaces.put("", name, NamespaceFacts.NONE));
        for (int i = 0; i < CHANGES; i++) {
            String change = change(random);
            apply();
            assertThat(told).as("seed %d, change %d: %s", seed, i, change).isEqualTo(anew());
        }
        assertThat(told).isNotEmpty();
    }

    /** Of a hundred pods and ten services, one pod's change is one resource. */
    @Test
    void changeOfOnePod_touchesItAlone() {
        dependents.listen();
        for (int i = 0; i < 100; i++) {
            facts.pods.put("a", "p" + i, pod("a", "p" + i, "u" + i, "app: x" + i % 10, "10.0.0." + i, "True"));
        }
        for (int i = 0; i < 10; i++) {
            facts.services.put("a", "s" + i, service("a", "s" + i, "selector: {app: x" + i + "}"));
        }
        dependents.all();
        apply();
        assertThat(told).hasSize(110);

        facts.pods.put("a", "p7", pod("a", "p7", "u7", "app: x7", "10.0.0.7", "False"));
        assertThat(touched).containsExactly(new ResourceKey.OfPod("a", "p7", "u7"));
        touched.clear();
        facts.pods.put("a", "p7", pod("a", "p7", "u7", "app: x7", "10.0.0.7", "False"));
        assertThat(touched).isEmpty();
        facts.services.put("a", "s7", null);
        assertThat(touched).hasSize(11);
    }

    /** Cilium may know an endpoint for minutes after its pod has gone. */
    @Test
    void endpointOfCilium_doesNotOutliveItsPod() {
        dependents.listen();
        dependents.all();
        facts.ciliumEndpoints.put("a", "p", cilium("a", "p", "u", "10.0.0.1"));
        apply();
        assertThat(told).containsOnlyKeys("u");
        facts.pods.put("a", "p", pod("a", "p", "u", "app: x", "10.0.0.1", "True"));
        facts.pods.put("a", "p", null);
        apply();
        assertThat(told).isEmpty();
        facts.ciliumEndpoints.put("a", "p", null);
        assertThat(facts.gone).isEmpty();
    }

    /** A pod's endpoint that moves from one slice to another is there all the time, whichever is told of first (spec/cilium.md 4.6). */
    @Test
    void endpointThatMovesBetweenSlicesOfCilium_staysThere() {
        dependents.listen();
        dependents.all();
        facts.ciliumSlices.put("", "one", cilium("a", "p", "u", "10.0.0.1"));
        facts.ciliumSlices.put("", "two", cilium("a", "p", "u", "10.0.0.1"));
        apply();
        facts.ciliumSlices.put("", "one", null);
        apply();
        assertThat(told).containsOnlyKeys("u");
        facts.ciliumSlices.put("", "two", null);
        apply();
        assertThat(told).isEmpty();
    }

    /** Parsed once for each text: there are few, and parsing takes most of the time. */
    private static <T> T read(String yaml, Class<T> type) {
        return type.cast(PARSED.computeIfAbsent(yaml, text -> Yaml.read(text, type)));
    }

    private void apply() {
        Resources resources = new Resources(facts, SETTINGS);
        Resources.Made addresses = new Resources.Made();
        Resources.Made policies = new Resources.Made();
        touched.forEach(key -> resources.make(key, addresses, policies));
        touched.clear();
        for (Resources.Made made : List.of(addresses, policies)) {
            made.there().forEach(resource -> told.put(resource.name(), resource));
            List<String> names = made.there().stream().map(NamedResource::name).toList();
            made.gone().stream().filter(name -> !names.contains(name)).forEach(told::remove);
        }
    }

    private Map<String, NamedResource> anew() {
        List<ResourceKey> all = new ArrayList<>();
        new Dependents(facts, SETTINGS.rootNamespace(), all::add).all();
        Resources resources = new Resources(facts, SETTINGS);
        Resources.Made made = new Resources.Made();
        all.forEach(key -> resources.make(key, made, made));
        Map<String, NamedResource> anew = new TreeMap<>();
        made.there().forEach(resource -> anew.put(resource.name(), resource));
        return anew;
    }

    private String change(SplittableRandom random) {
        String namespace = NAMESPACES.get(random.nextInt(NAMESPACES.size()));
        String name = "n" + random.nextInt(4);
        boolean there = random.nextInt(3) > 0;
        String app = "app: x" + random.nextInt(2);
        int kind = random.nextInt(11);
        switch (kind) {
            case 0, 1 ->
                facts.pods.put(
                        namespace,
                        name,
                        there
                                ? pod(
                                        namespace,
                                        name,
                                        namespace + name + random.nextInt(2),
                                        app + waypoint(random),
                                        random.nextInt(4) == 0 ? "none" : "10.0.0." + random.nextInt(9),
                                        random.nextBoolean() ? "True" : "False")
                                : null);
            case 2 ->
                facts.services.put(
                        namespace,
                        name,
                        there
                                ? service(
                                        namespace,
                                        name,
                                        switch (random.nextInt(3)) {
                                            case 0 -> "selector: {" + app + "}";
                                            case 1 -> "type: ExternalName";
                                            default -> "clusterIP: 10.9.0.1";
                                        })
                                : null);
            case 3 -> facts.slices.put(namespace, name, there ? slice(namespace, name, random) : null);
            case 4 ->
                facts.namespaces.put(
                        "",
                        namespace,
                        NamespaceFacts.of(read(
                                "{metadata: {name: %s, labels: {io.cilium/mtls-enabled: '%s'%s}}}"
                                        .formatted(namespace, there, waypoint(random)),
                                Namespace.class)));
            case 5 -> facts.nodes.put("", "m" + random.nextInt(2), there ? new Locality("r", name, "") : null);
            case 6 -> facts.gateways.put(namespace, "way", there ? gateway(namespace, random) : null);
            case 7 -> facts.policies.put(namespace, name, there ? policy(namespace, name, app, random) : null);
            case 8 -> facts.strictMtls.put(namespace, name, there ? strict(namespace, name, app, random) : null);
            case 9 ->
                facts.ciliumEndpoints.put(
                        namespace,
                        name,
                        there ? cilium(namespace, name, namespace + name + random.nextInt(2), "10.0.1.1") : null);
            default ->
                facts.ciliumSlices.put(
                        "",
                        name,
                        there ? cilium(namespace, "n1", namespace + "n1" + random.nextInt(2), "10.0.1.1") : null);
        }
        return kind + " " + namespace + "/" + name + " " + there;
    }

    private static String waypoint(SplittableRandom random) {
        return switch (random.nextInt(6)) {
            case 0 -> ", istio.io/use-waypoint: way";
            case 1 -> ", istio.io/use-waypoint: way, istio.io/use-waypoint-namespace: a";
            case 2 -> ", istio.io/use-waypoint: none";
            case 3 -> ", gateway.networking.k8s.io/gateway-name: way";
            default -> "";
        };
    }

    private PodFacts pod(String namespace, String name, String uid, String labels, String address, String ready) {
        return PodFacts.of(read("""
                        metadata: {name: %s, namespace: %s, uid: %s, labels: {%s}}
                        spec: {nodeName: m1, containers: [{name: c, ports: [{name: web, containerPort: 8080}]}]}
                        status: {podIP: %s, conditions: [{type: Ready, status: "%s"}]}
                        """.formatted(name, namespace, uid, labels, address, ready), Pod.class), shared);
    }

    private ServiceFacts service(String namespace, String name, String spec) {
        return ServiceFacts.of(
                read(
                        "{metadata: {name: %s, namespace: %s}, spec: {ports: [{name: h, port: 80, targetPort: web}], %s}}"
                                .formatted(name, namespace, spec),
                        Service.class),
                shared);
    }

    private static SliceFacts slice(String namespace, String name, SplittableRandom random) {
        return SliceFacts.of(read(
                """
                metadata: {name: %s, namespace: %s, labels: {kubernetes.io/service-name: n%d}}
                addressType: IPv4
                ports: [{name: h, port: 8080}]
                endpoints:
                - {addresses: [192.0.2.%d]}
                - {addresses: [10.0.0.1], targetRef: {kind: Pod, name: n%d}}
                """.formatted(name, namespace, random.nextInt(4), random.nextInt(3), random.nextInt(4)),
                EndpointSlice.class));
    }

    private static GatewayFacts gateway(String namespace, SplittableRandom random) {
        return GatewayFacts.of(
                object(
                        "{name: way, namespace: %s, labels: {istio.io/waypoint-for: %s}}"
                                .formatted(namespace, random.nextBoolean() ? "all" : "service"),
                        "listeners: [{port: 15008, protocol: HBONE, allowedRoutes: {namespaces: {from: %s}}}]"
                                .formatted(random.nextBoolean() ? "All" : "Same"),
                        "addresses: [{type: IPAddress, value: 10.5.0.%d}]".formatted(random.nextInt(9))),
                SETTINGS);
    }

    private static PolicyFacts policy(String namespace, String name, String app, SplittableRandom random) {
        String selector =
                switch (random.nextInt(3)) {
                    case 0 -> "selector: {matchLabels: {" + app + "}}, ";
                    case 1 -> "selector: {}, ";
                    default -> "";
                };
        return AuthorizationPolicies.read(
                object(
                        "{name: %s, namespace: %s}".formatted(name, namespace),
                        selector + "action: " + (random.nextInt(4) == 0 ? "AUDIT" : "ALLOW"),
                        ""),
                SETTINGS.rootNamespace());
    }

    private static StrictFacts strict(String namespace, String name, String app, SplittableRandom random) {
        return StrictFacts.ofStrictMtls(object(
                "{name: %s, namespace: %s}".formatted(name, namespace),
                (random.nextBoolean() ? "selector: {matchLabels: {" + app + "}}, " : "")
                        + "mode: "
                        + (random.nextBoolean() ? "STRICT" : "PERMISSIVE"),
                ""));
    }

    private static List<CiliumFacts> cilium(String namespace, String name, String uid, String address) {
        return CiliumFacts.ofEndpoint(object(
                "{name: %s, namespace: %s, ownerReferences: [{kind: Pod, name: %s, uid: %s}]}"
                        .formatted(name, namespace, name, uid),
                "",
                "networking: {addressing: [{ipv4: %s}], node: 192.0.2.1}".formatted(address)));
    }

    private static GenericKubernetesResource object(String metadata, String spec, String status) {
        return read(
                "{metadata: %s, spec: {%s}, status: {%s}}".formatted(metadata, spec, status),
                GenericKubernetesResource.class);
    }
}
