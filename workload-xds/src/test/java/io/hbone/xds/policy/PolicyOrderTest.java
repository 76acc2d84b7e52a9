package io.hbone.xds.policy;

import static io.hbone.xds.policy.Policies.SERVER;
import static io.hbone.xds.policy.Policies.allow;
import static io.hbone.xds.policy.Policies.deny;
import static io.hbone.xds.policy.Policies.dryRun;
import static io.hbone.xds.policy.Policies.engine;
import static io.hbone.xds.policy.Policies.namespace;
import static io.hbone.xds.policy.Policies.plaintextTo;
import static io.hbone.xds.policy.Policies.port;
import static io.hbone.xds.policy.Policies.scoped;
import static io.hbone.xds.policy.Policies.sleepTo;
import static io.hbone.xds.policy.Policies.store;
import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.Authorizer;
import io.hbone.core.Decision;
import io.hbone.xds.policy.Policy.Action;
import io.hbone.xds.policy.Policy.Clause;
import io.hbone.xds.policy.Policy.Match;
import io.hbone.xds.policy.Policy.Rule;
import io.hbone.xds.policy.Policy.Scope;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which policies are asked, and in which order: each row of spec/ztunnel.md 6.1 and 6.2. */
class PolicyOrderTest {
    private static final Match EVERYTHING = Match.EMPTY.withNamespaces(Policy.Terms.of(new StringMatch.Prefix("")));

    private final List<String> audited = new ArrayList<>();

    private Decision decide(Authorizer.Request request, PolicySubject subject, Policy... policies) {
        PolicyAudit audit = new PolicyAudit() {
            @Override
            public void dryRun(Authorizer.Request about, PolicySubject of, Action action, String policy) {
                audited.add(action + " " + policy);
            }
        };
        return new PolicyEngine(store(policies), address -> subject, audit).authorize(request);
    }

    private Decision decide(Policy... policies) {
        return decide(sleepTo(80), SERVER, policies);
    }

    @Test
    void noPolicies_allow() {
        assertThat(decide()).isEqualTo(Decision.Allow.NO_POLICIES);
    }

    @Test
    void row1_dryRunDenyThatMatches_isOnlyReported() {
        assertThat(decide(dryRun(deny("d", EVERYTHING)))).isInstanceOf(Decision.Allow.class);
        assertThat(audited).containsExactly("DENY server/d");
    }

    @Test
    void row2_denyThatMatches_deniesBeforeAllow_namingPolicyAndRule() {
        Policy deny = Policies.of("d", Scope.NAMESPACE, Action.DENY, false, clause(port(81)), clause(port(80)));
        assertThat(decide(allow("a", EVERYTHING), deny))
                .isEqualTo(new Decision.Deny("server/d", "explicitly denied by: server/d, rule 2"));
    }

    @Test
    void row3_dryRunAllowThatMatches_isReported_andDoesNotAllow() {
        assertThat(decide(dryRun(allow("a", EVERYTHING)), allow("b", port(81)))).isInstanceOf(Decision.Deny.class);
        assertThat(audited).containsExactly("ALLOW server/a");
    }

    @Test
    void row3_onlyDryRunAllowsAndNoneMatches_isReported() {
        assertThat(decide(dryRun(allow("a", port(81))))).isInstanceOf(Decision.Allow.class);
        assertThat(audited).containsExactly("ALLOW ");
    }

    @Test
    void row4_noAllowAtAll_allows() {
        assertThat(decide(deny("d", port(81)))).isInstanceOf(Decision.Allow.class);
    }

    @Test
    void row5_allowThatMatches_allows_namingPolicyAndRule() {
        assertThat(decide(allow("a", port(81)), allow("b", port(80))))
                .isEqualTo(new Decision.Allow("server/b", "allowed by: server/b, rule 1"));
    }

    @Test
    void row6_allowsButNoneMatches_denies() {
        assertThat(decide(allow("a", port(81))))
                .isEqualTo(new Decision.Deny("", "allow policies exist, but none allowed"));
    }

    @Test
    void severalThatMatch_theFirstByNameIsNamed() {
        assertThat(decide(deny("c", EVERYTHING), deny("b", port(80)), deny("a", port(81)))
                        .policy())
                .isEqualTo("server/b");
    }

    @Test
    void global_isForEveryNamespace() {
        Policy global = scoped(deny("g", EVERYTHING), "", Scope.GLOBAL);
        assertThat(decide(global).policy()).isEqualTo("/g");
    }

    @Test
    void ofNamespace_isForItsWorkloadsAlone() {
        Policy other = scoped(deny("d", EVERYTHING), "other", Scope.NAMESPACE);
        assertThat(decide(other)).isInstanceOf(Decision.Allow.class);
    }

    @Test
    void ofRootNamespaceWithNamespaceScope_isForEverybody() {
        assertThat(decide(scoped(deny("d", EVERYTHING), "", Scope.NAMESPACE))).isInstanceOf(Decision.Deny.class);
    }

    @Test
    void bySelector_isForWorkloadsThatNameIt() {
        Policy selected = scoped(deny("d", EVERYTHING), "server", Scope.WORKLOAD_SELECTOR);
        PolicySubject naming = new PolicySubject("server", "httpbin", List.of("server/d"));
        assertThat(decide(selected)).isInstanceOf(Decision.Allow.class);
        assertThat(decide(sleepTo(80), naming, selected).policy()).isEqualTo("server/d");
    }

    @Test
    void unknownNameInAWorkloadsList_isSkipped() {
        PolicySubject naming = new PolicySubject("server", "httpbin", List.of("server/gone", "server/d"));
        Policy selected = scoped(deny("d", port(81)), "server", Scope.WORKLOAD_SELECTOR);
        assertThat(decide(sleepTo(80), naming, selected)).isInstanceOf(Decision.Allow.class);
        assertThat(decide(sleepTo(81), naming, selected)).isInstanceOf(Decision.Deny.class);
    }

    @Test
    void allowWithoutRules_deniesEverything() {
        assertThat(decide(Policies.of("a", Scope.NAMESPACE, Action.ALLOW, false)))
                .isInstanceOf(Decision.Deny.class);
    }

    @Test
    void denyWithoutRules_deniesNothing() {
        assertThat(decide(Policies.of("d", Scope.NAMESPACE, Action.DENY, false)))
                .isInstanceOf(Decision.Allow.class);
    }

    @Test
    void destinationOfNoLocalWorkload_isDenied() {
        Decision decision = engine(store(), null).authorize(sleepTo(80));
        assertThat(decision).isInstanceOf(Decision.Deny.class);
        assertThat(decision.why()).contains("10.0.0.2");
    }

    @Test
    void istiosStrictMtls_deniesPlaintext_exceptOnItsPorts() {
        Match noPrincipal = Match.EMPTY.withPrincipals(Policy.Terms.not(new StringMatch.Presence()));
        Match notPort = Match.EMPTY.withDestinationPorts(Policy.Terms.not(9090));
        Policy converted = Policies.of(
                "converted_peer_authentication_strict",
                Scope.NAMESPACE,
                Action.DENY,
                false,
                new Rule(List.of(new Clause(List.of(noPrincipal)), new Clause(List.of(notPort)))));
        assertThat(decide(plaintextTo(80), SERVER, converted)).isInstanceOf(Decision.Deny.class);
        assertThat(decide(plaintextTo(9090), SERVER, converted)).isInstanceOf(Decision.Allow.class);
        assertThat(decide(sleepTo(80), SERVER, converted)).isInstanceOf(Decision.Allow.class);
    }

    @Test
    void thePortThatPoliciesSee_isTheApplications() {
        assertThat(decide(sleepTo(80), SERVER, deny("d", port(15008)))).isInstanceOf(Decision.Allow.class);
        assertThat(decide(sleepTo(80), SERVER, deny("d", port(80)))).isInstanceOf(Decision.Deny.class);
    }

    @Test
    void applying_namesWhatIsAsked() {
        PolicyStore store = store(
                scoped(deny("g", EVERYTHING), "", Scope.GLOBAL),
                deny("n", namespace("x")),
                scoped(deny("s", EVERYTHING), "server", Scope.WORKLOAD_SELECTOR),
                scoped(deny("o", EVERYTHING), "other", Scope.NAMESPACE));
        assertThat(store.current().applying(new PolicySubject("server", "w", List.of("server/s"))))
                .containsExactly("/g", "server/n", "server/s");
    }

    private static Rule clause(Match match) {
        return new Rule(List.of(new Clause(List.of(match))));
    }
}
