package io.hbone.xds.policy;

import io.hbone.core.Authorizer;
import io.hbone.core.SpiffeId;
import io.hbone.xds.model.Cidr;
import io.hbone.xds.policy.Policy.Action;
import io.hbone.xds.policy.Policy.Clause;
import io.hbone.xds.policy.Policy.Match;
import io.hbone.xds.policy.Policy.Rule;
import io.hbone.xds.policy.Policy.Scope;
import io.hbone.xds.policy.Policy.Terms;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;

/** What tests of policies are written with. */
final class Policies {
    static final SpiffeId SLEEP = SpiffeId.parse("spiffe://cluster.local/ns/client/sa/sleep");
    static final PolicySubject SERVER = new PolicySubject("server", "httpbin", List.of());

    private Policies() {}

    static Policy allow(String name, Match... anyOf) {
        return policy(name, Action.ALLOW, anyOf);
    }

    static Policy deny(String name, Match... anyOf) {
        return policy(name, Action.DENY, anyOf);
    }

    /** One rule of one clause. */
    static Policy policy(String name, Action action, Match... anyOf) {
        return of(name, Scope.NAMESPACE, action, false, new Rule(List.of(new Clause(List.of(anyOf)))));
    }

    static Policy of(String name, Scope scope, Action action, boolean dryRun, Rule... rules) {
        return new Policy(scope == Scope.GLOBAL ? "" : "server", name, scope, action, List.of(rules), dryRun);
    }

    static Policy dryRun(Policy policy) {
        return new Policy(policy.namespace(), policy.name(), policy.scope(), policy.action(), policy.rules(), true);
    }

    static Policy scoped(Policy policy, String namespace, Scope scope) {
        return new Policy(namespace, policy.name(), scope, policy.action(), policy.rules(), policy.dryRun());
    }

    static Match principal(String exact) {
        return Match.EMPTY.withPrincipals(Terms.of(new StringMatch.Exact(exact)));
    }

    static Match namespace(String exact) {
        return Match.EMPTY.withNamespaces(Terms.of(new StringMatch.Exact(exact)));
    }

    static Match port(int port) {
        return Match.EMPTY.withDestinationPorts(Terms.of(port));
    }

    static Cidr cidr(String text) {
        int slash = text.indexOf('/');
        return Cidr.of(address(text.substring(0, slash)).getAddress(), Integer.parseInt(text.substring(slash + 1)));
    }

    static Authorizer.Request sleepTo(int port) {
        return request("10.0.0.1", SLEEP, "10.0.0.2", port);
    }

    static Authorizer.Request plaintextTo(int port) {
        return request("10.0.0.1", null, "10.0.0.2", port);
    }

    static Authorizer.Request request(String source, SpiffeId identity, String destination, int port) {
        return new Authorizer.Request(
                new InetSocketAddress(address(source), 40000),
                identity,
                new InetSocketAddress(address(destination), port));
    }

    static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    static PolicyStore store(Policy... policies) {
        PolicyStore store = new PolicyStore();
        store.update(List.of(policies), List.of());
        return store;
    }

    static PolicyEngine engine(PolicyStore store, PolicySubject subject) {
        return new PolicyEngine(store, address -> subject, PolicyAudit.NONE);
    }
}
