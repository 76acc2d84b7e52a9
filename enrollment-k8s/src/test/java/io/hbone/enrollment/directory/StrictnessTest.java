package io.hbone.enrollment.directory;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.hbone.enrollment.directory.ResourceKey.Source;
import io.hbone.xds.NamedResource;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.policy.PolicyStore;
import io.hbone.xds.proto.security.Authorization;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Whether plaintext comes in to a workload of namespace shop with the label app: a, on ports 80 and 9090. */
class StrictnessTest {
    private static final String MESH = "istio-system/m";
    private static final String SHOP = "shop/n";
    private static final String OTHER = "web/n";
    private static final String WORKLOAD = "shop/w";

    static Stream<Arguments> strictMtls() {
        return Stream.of(
                objects(true, true),
                objects(false, false, SHOP, "{}"),
                objects(false, false, SHOP, "{mode: STRICT}"),
                objects(true, true, SHOP, "{mode: PERMISSIVE}"),
                objects(false, true, SHOP, "{exceptPorts: [9090]}"),
                objects(true, false, SHOP, "{mode: PERMISSIVE, exceptPorts: [9090]}"),
                objects(true, true, OTHER, "{}"),
                objects(false, false, MESH, "{}"),
                objects(false, true, MESH, "{exceptPorts: [9090]}"),
                objects(true, true, MESH, "{}", SHOP, "{mode: PERMISSIVE}"),
                objects(false, true, MESH, "{mode: PERMISSIVE}", SHOP, "{exceptPorts: [9090]}"),
                objects(false, false, WORKLOAD, "{selector: {matchLabels: {app: a}}}"),
                objects(true, true, WORKLOAD, "{selector: {matchLabels: {app: b}}}"),
                objects(true, true, SHOP, "{}", WORKLOAD, "{mode: PERMISSIVE, selector: {matchLabels: {app: a}}}"),
                objects(false, true, SHOP, "{}", WORKLOAD, "{exceptPorts: [9090], selector: {matchLabels: {app: a}}}"),
                // of two the oldest, which is the first here
                objects(false, false, SHOP, "{}", "shop/later", "{mode: PERMISSIVE}"));
    }

    @ParameterizedTest
    @MethodSource("strictMtls")
    void closestStrictMtls_decidesOnPlaintext(List<String> objects, boolean port80, boolean port9090) throws Exception {
        ClusterFacts facts = facts(Source.STRICT_MTLS, objects);

        assertThat(comesIn(facts, Source.STRICT_MTLS, "", 80)).isEqualTo(port80);
        assertThat(comesIn(facts, Source.STRICT_MTLS, "", 9090)).isEqualTo(port9090);
        assertThat(comesIn(facts, Source.STRICT_MTLS, "web/front", 80)).isTrue();
    }

    static Stream<Arguments> peerAuthentications() {
        String selector = "selector: {matchLabels: {app: a}}";
        String open9090 = "portLevelMtls: {9090: {mode: DISABLE}}";
        String strict9090 = "portLevelMtls: {9090: {mode: STRICT}}";
        return Stream.of(
                objects(true, true, SHOP, "{}"),
                objects(false, false, SHOP, "{mtls: {mode: STRICT}}"),
                objects(true, true, SHOP, "{mtls: {mode: PERMISSIVE}}"),
                objects(false, false, MESH, "{mtls: {mode: STRICT}}", SHOP, "{mtls: {mode: UNSET}}"),
                objects(true, true, MESH, "{mtls: {mode: STRICT}}", SHOP, "{mtls: {mode: DISABLE}}"),
                objects(false, true, WORKLOAD, "{mtls: {mode: STRICT}, " + open9090 + ", " + selector + "}"),
                objects(true, false, WORKLOAD, "{mtls: {mode: PERMISSIVE}, " + strict9090 + ", " + selector + "}"),
                objects(false, true, SHOP, "{mtls: {mode: STRICT}}", WORKLOAD, "{" + open9090 + ", " + selector + "}"),
                objects(false, true, MESH, "{mtls: {mode: STRICT}}", WORKLOAD, "{" + open9090 + ", " + selector + "}"),
                objects(true, false, WORKLOAD, "{" + strict9090 + ", " + selector + "}"),
                // ports need a selector
                objects(false, false, SHOP, "{mtls: {mode: STRICT}, " + open9090 + "}"));
    }

    @ParameterizedTest
    @MethodSource("peerAuthentications")
    void peerAuthentication_meansWhatIstiodMakesOfIt(List<String> objects, boolean port80, boolean port9090)
            throws Exception {
        ClusterFacts facts = facts(Source.PEER_AUTHENTICATION, objects);

        assertThat(comesIn(facts, Source.PEER_AUTHENTICATION, "", 80)).isEqualTo(port80);
        assertThat(comesIn(facts, Source.PEER_AUTHENTICATION, "", 9090)).isEqualTo(port9090);
        assertThat(comesIn(facts, Source.PEER_AUTHENTICATION, "web/front", 80)).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{mode: MAYBE} | mode: 'MAYBE' (expected: STRICT or PERMISSIVE): taken for STRICT",
                "{exceptPorts: [70000]} | exceptPorts: '70000' (expected: 1 to 65535): no exception",
                "{selector: {matchLabels: {app: a b}}} |"
                        + " selector: 'app=a b' (expected: a label that a pod can have): no workload",
                "{selector: {matchLabels: {a/b/c: d}}} |"
                        + " selector: 'a/b/c=d' (expected: a label that a pod can have): no workload",
                "{selector: {matchLabels: {example.org/app: b_1.c}}} | ''",
                "{exceptPorts: [80]} | ''",
            })
    void strictMtlsThatCannotBeRead_saysSoAndIsStrict(String spec, String problem) {
        assertThat(StrictFacts.ofStrictMtls(object(SHOP, spec, 0)).problem()).isEqualTo(problem);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // an older one, and whether it counts wherever the younger one would
                "{} | {} | true",
                "{mode: PERMISSIVE} | {mode: STRICT} | true",
                "{selector: {matchLabels: {app: a}}} | {selector: {matchLabels: {app: a}}} | true",
                "{selector: {matchLabels: {app: a}}} | {selector: {matchLabels: {app: a, tier: web}}} | true",
                "{selector: {matchLabels: {app: a, tier: web}}} | {selector: {matchLabels: {app: a}}} | false",
                "{selector: {matchLabels: {app: a}}} | {selector: {matchLabels: {app: b}}} | false",
                "{selector: {matchLabels: {app: a}}} | {selector: {matchLabels: {tier: web}}} | false",
                "{selector: {matchLabels: {app: a}}} | {} | false",
                "{} | {selector: {matchLabels: {app: a}}} | false",
            })
    void strictMtls_isOverruledByAnOlderOneForAllItsWorkloads(String older, String younger, boolean overruled) {
        StrictFacts first = StrictFacts.ofStrictMtls(object("shop/z", older, 1));
        StrictFacts second = StrictFacts.ofStrictMtls(object("shop/a", younger, 2));

        assertThat(Strictness.overruling(second, List.of(first, second))).isEqualTo(overruled ? first : null);
        assertThat(Strictness.overruling(first, List.of(first, second))).isNull();
    }

    @Test
    void strictMtlsThatSeveralOverrule_isToldOfTheOneThatCounts() {
        StrictFacts counts = StrictFacts.ofStrictMtls(object("shop/b", "{}", 1));
        StrictFacts asOld = StrictFacts.ofStrictMtls(object("shop/c", "{}", 1));
        StrictFacts last = StrictFacts.ofStrictMtls(object("shop/a", "{}", 2));

        assertThat(Strictness.overruling(last, List.of(last, asOld, counts))).isEqualTo(counts);
        assertThat(Strictness.overruling(asOld, List.of(last, asOld, counts))).isEqualTo(counts);
    }

    @Test
    void policies_haveNamesThatObjectsCannotHave() {
        ClusterFacts facts = facts(Source.STRICT_MTLS, List.of(SHOP, "{}"));

        assertThat(strictness(facts, Source.STRICT_MTLS).policyOf("shop", Map.of()))
                .isEqualTo("shop/strict_mtls_n");
    }

    private static Arguments objects(boolean port80, boolean port9090, String... objects) {
        return Arguments.of(List.of(objects), port80, port9090);
    }

    private static ClusterFacts facts(Source source, List<String> objects) {
        ClusterFacts facts = new ClusterFacts("istio-system");
        for (int i = 0; i < objects.size(); i += 2) {
            GenericKubernetesResource object = object(objects.get(i), objects.get(i + 1), i);
            StrictFacts read = source == Source.STRICT_MTLS
                    ? StrictFacts.ofStrictMtls(object)
                    : StrictFacts.ofPeerAuthentication(object);
            facts.strict(source).put(read.namespace(), read.name(), read);
        }
        return facts;
    }

    private static GenericKubernetesResource object(String name, String spec, int age) {
        String[] parts = name.split("/");
        return Yaml.read(
                "{metadata: {name: %s, namespace: %s, creationTimestamp: '2026-01-01T00:00:0%dZ'}, spec: %s}"
                        .formatted(parts[1], parts[0], age, spec),
                GenericKubernetesResource.class);
    }

    private static boolean comesIn(ClusterFacts facts, Source source, String peer, int port) throws Exception {
        Strictness strictness = strictness(facts, source);
        List<NamedResource> policies = new ArrayList<>();
        facts.strict(source).forEachEntry((namespace, name, object) -> {
            Authorization policy = strictness.policy(object);
            if (policy != null) {
                policies.add(
                        new NamedResource(namespace + '/' + strictness.policyName(name), "", policy.toByteString()));
            }
        });
        PolicyStore store = new PolicyStore();
        assertThat(store.apply(TypeUrl.AUTHORIZATION, policies, List.of())).isEmpty();
        String named = strictness.policyOf("shop", Map.of("app", "a"));
        List<String> names = named == null ? List.of() : List.of(named);
        assertThat(policies).extracting(NamedResource::name).containsAll(names);
        return AuthorizationPoliciesTest.isAllowed(store, peer, port, names);
    }

    private static Strictness strictness(ClusterFacts facts, Source source) {
        return Objects.requireNonNull(facts.strictness.get(source));
    }
}
