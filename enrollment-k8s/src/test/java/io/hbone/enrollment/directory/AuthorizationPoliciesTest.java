package io.hbone.enrollment.directory;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.hbone.core.Authorizer;
import io.hbone.core.Decision;
import io.hbone.core.SpiffeId;
import io.hbone.xds.NamedResource;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.policy.InvalidPolicyException;
import io.hbone.xds.policy.Policy;
import io.hbone.xds.policy.PolicyAudit;
import io.hbone.xds.policy.PolicyDecoder;
import io.hbone.xds.policy.PolicyEngine;
import io.hbone.xds.policy.PolicyStore;
import io.hbone.xds.policy.PolicySubject;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of Istio's policies, and what nodes decide by it. */
class AuthorizationPoliciesTest {
    /** One policy in namespace shop, and who gets through to port 8080 of 10.0.0.1 from 192.0.2.7. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                // spec | peer | allowed
                "{} | web/front | false",
                "{rules: [{}]} | web/front | true",
                "{rules: [{}]} | | true",
                "{action: DENY} | web/front | true",
                "{action: DENY, rules: [{}]} | web/front | false",
                "{rules: [{from: [{source: {principals: [cluster.local/ns/web/sa/front]}}]}]} | web/front | true",
                "{rules: [{from: [{source: {principals: [cluster.local/ns/web/sa/front]}}]}]} | web/back | false",
                "{rules: [{from: [{source: {principals: ['cluster.local/ns/web/*']}}]}]} | web/back | true",
                "{rules: [{from: [{source: {principals: ['*/sa/back']}}]}]} | web/back | true",
                "{rules: [{from: [{source: {principals: ['*']}}]}]} | | false",
                "{rules: [{from: [{source: {notPrincipals: ['*']}}]}]} | | true",
                "{rules: [{from: [{source: {namespaces: [web]}}]}]} | web/back | true",
                "{rules: [{from: [{source: {notNamespaces: [web]}}]}]} | web/back | false",
                "{rules: [{from: [{source: {serviceAccounts: [web/front]}}]}]} | web/front | true",
                "{rules: [{from: [{source: {serviceAccounts: [front]}}]}]} | web/front | false",
                "{rules: [{from: [{source: {serviceAccounts: [front]}}]}]} | shop/front | true",
                "{rules: [{from: [{source: {ipBlocks: [192.0.2.0/24]}}]}]} | | true",
                "{rules: [{from: [{source: {ipBlocks: [192.0.2.8]}}]}]} | | false",
                "{rules: [{from: [{source: {notIpBlocks: [192.0.2.7]}}]}]} | | false",
                "{rules: [{to: [{operation: {ports: ['8080', '9090']}}]}]} | | true",
                "{rules: [{to: [{operation: {notPorts: ['8080']}}]}]} | | false",
                "{rules: [{to: [{operation: {ports: ['8080']}}], from: [{source: {namespaces: [web]}}]}]} | db/x | false",
                "{rules: [{when: [{key: source.principal, values: ['*/sa/front']}]}]} | web/front | true",
                "{rules: [{when: [{key: destination.port, notValues: ['8080']}]}]} | web/front | false",
                "{rules: [{when: [{key: destination.ip, values: ['10.0.0.0/8']}]}]} | web/front | true",
                "{rules: [{when: [{key: source.ip, values: ['192.0.2.7']}, {key: source.namespace, values: [db]}]}]} | web/front | false",
                // HTTP: no ALLOW by it, and DENY without it
                "{rules: [{to: [{operation: {methods: [GET]}}]}]} | web/front | false",
                "{rules: [{to: [{operation: {methods: [GET]}}]}, {to: [{operation: {ports: ['8080']}}]}]} | web/front | true",
                "{rules: [{to: [{operation: {ports: ['8080'], paths: [/x]}}]}]} | web/front | false",
                "{rules: [{from: [{source: {requestPrincipals: ['*']}}]}]} | web/front | false",
                "{rules: [{when: [{key: 'request.headers[x]', values: [y]}]}]} | web/front | false",
                "{action: DENY, rules: [{to: [{operation: {ports: ['8080'], methods: [GET]}}]}]} | web/front | false",
                "{action: DENY, rules: [{to: [{operation: {methods: [GET]}}]}]} | web/front | true",
                "{action: DENY, rules: [{from: [{source: {namespaces: [web]}}], when: [{key: 'request.auth', values: [y]}]}]} | web/front | true",
                // what cannot be read makes it stricter
                "{rules: [{to: [{operation: {ports: ['8080', http]}}]}]} | web/front | false",
                "{rules: [{from: [{source: {notIpBlocks: [nowhere]}}]}]} | web/front | false",
                "{action: DENY, rules: [{from: [{source: {ipBlocks: [192.0.2.7, nowhere]}}]}]} | web/front | false",
                "{action: DENY, rules: [{from: [{source: {namespaces: [web], notIpBlocks: [nowhere]}}]}]} | web/front | false",
            })
    void policy_decidesAsItSays(String spec, String peer, boolean allowed) throws Exception {
        assertThat(isAllowed(read("shop", spec), peer)).as(spec).isEqualTo(allowed);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "shop | {} | NAMESPACE",
                "istio-system | {} | GLOBAL",
                "shop | {selector: {matchLabels: {app: a}}} | WORKLOAD_SELECTOR",
                "istio-system | {selector: {matchLabels: {app: a}}} | WORKLOAD_SELECTOR",
                "shop | {selector: {}} | WORKLOAD_SELECTOR",
            })
    void scope_followsSelectorAndNamespace(String namespace, String spec, Policy.Scope scope) throws Exception {
        assertThat(decoded(read(namespace, spec)).scope()).isEqualTo(scope);
        assertThat(decoded(read(namespace, spec)).key()).isEqualTo(namespace + "/p");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{targetRefs: [{kind: Gateway, name: w}]} | ''",
                "{targetRef: {kind: Gateway, name: w}} | ''",
                "{action: CUSTOM} | action: CUSTOM (expected: ALLOW or DENY",
                "{action: AUDIT} | action: AUDIT (expected: ALLOW or DENY",
            })
    void policyThatIsNotForNodes_isNotTold(String spec, String problem) {
        PolicyFacts facts = read("shop", spec);

        assertThat(facts.body()).isNull();
        assertThat(facts.problem()).startsWith(problem);
    }

    @Test
    void whatCannotBeEnforced_isNamed() {
        assertThat(read("shop", "{rules: [{to: [{operation: {methods: [GET], ports: [http]}}]}]}")
                        .problem())
                .startsWith("methods, ports 'http' (expected: ")
                .endsWith("rules of the ALLOW policy with it match nothing");
        assertThat(read("shop", "{action: DENY, rules: [{when: [{key: 'request.auth.claims[a]', values: [b]}]}]}")
                        .problem())
                .startsWith("request.auth.claims[a] (expected: ")
                .contains("DENY policy is enforced without it");
        assertThat(read("shop", "{rules: [{}]}").problem()).isEmpty();
    }

    @Test
    void dryRun_isOneThatOnlyTells() throws Exception {
        GenericKubernetesResource object = Yaml.read(
                "{metadata: {name: p, namespace: shop, annotations: {istio.io/dry-run: 'true'}}, spec: {action: DENY}}",
                GenericKubernetesResource.class);

        assertThat(decoded(AuthorizationPolicies.read(object, "istio-system")).dryRun())
                .isTrue();
    }

    static boolean isAllowed(PolicyFacts facts, String peer) throws Exception {
        PolicyStore store = new PolicyStore();
        assertThat(store.apply(
                        TypeUrl.AUTHORIZATION,
                        List.of(new NamedResource("shop/p", "", Objects.requireNonNull(facts.body()))),
                        List.of()))
                .isEmpty();
        return isAllowed(store, peer, 8080, List.of());
    }

    static boolean isAllowed(PolicyStore store, String peer, int port, List<String> named) throws Exception {
        InetAddress destination = InetAddress.getByName("10.0.0.1");
        PolicyEngine engine =
                new PolicyEngine(store, address -> new PolicySubject("shop", "w", named), PolicyAudit.NONE);
        SpiffeId identity = peer == null || peer.isEmpty()
                ? null
                : SpiffeId.parse("spiffe://cluster.local/ns/" + peer.replace("/", "/sa/"));
        Decision decision = engine.authorize(new Authorizer.Request(
                new InetSocketAddress("192.0.2.7", 40_000), identity, new InetSocketAddress(destination, port)));
        return decision instanceof Decision.Allow;
    }

    private static Policy decoded(PolicyFacts facts) throws InvalidPolicyException {
        return PolicyDecoder.decode(Objects.requireNonNull(facts.body()));
    }

    private static PolicyFacts read(String namespace, String spec) {
        return AuthorizationPolicies.read(
                Yaml.read(
                        "{metadata: {name: p, namespace: %s}, spec: %s}".formatted(namespace, spec),
                        GenericKubernetesResource.class),
                "istio-system");
    }
}
