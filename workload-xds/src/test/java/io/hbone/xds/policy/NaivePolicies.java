package io.hbone.xds.policy;

import io.hbone.core.Authorizer;
import io.hbone.core.Decision;
import io.hbone.core.SpiffeId;
import io.hbone.xds.policy.Policy.Action;
import io.hbone.xds.policy.Policy.Clause;
import io.hbone.xds.policy.Policy.Match;
import io.hbone.xds.policy.Policy.Rule;
import io.hbone.xds.policy.Policy.Scope;
import io.hbone.xds.policy.Policy.Terms;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;

/** Spec/ztunnel.md 6 word by word, without any thought of speed. */
final class NaivePolicies {
    private NaivePolicies() {}

    static Decision decide(Authorizer.Request request, PolicySubject subject, List<Policy> all) {
        List<Policy> applying = all.stream()
                .filter(policy -> layer(policy, subject) < 3)
                .sorted(Comparator.<Policy>comparingInt(policy -> layer(policy, subject))
                        .thenComparing(Policy::key))
                .toList();
        if (applying.isEmpty()) {
            return Decision.Allow.NO_POLICIES;
        }
        for (Policy policy : of(applying, Action.DENY)) {
            int rule = matching(policy, request);
            if (rule > 0) {
                return new Decision.Deny(policy.key(), "explicitly denied by: " + policy.key() + ", rule " + rule);
            }
        }
        if (of(applying, Action.ALLOW).isEmpty()) {
            return new Decision.Allow("", "no policy denies it, and none is to allow it");
        }
        for (Policy policy : of(applying, Action.ALLOW)) {
            int rule = matching(policy, request);
            if (rule > 0) {
                return new Decision.Allow(policy.key(), "allowed by: " + policy.key() + ", rule " + rule);
            }
        }
        return new Decision.Deny("", "allow policies exist, but none allowed");
    }

    private static List<Policy> of(List<Policy> policies, Action action) {
        return policies.stream()
                .filter(policy -> policy.action() == action && !policy.dryRun())
                .toList();
    }

    /** 0 for the mesh's, 1 for the namespace's, 2 for those that the workload names, 3 for others. */
    private static int layer(Policy policy, PolicySubject subject) {
        boolean selector = policy.scope() == Scope.WORKLOAD_SELECTOR;
        if (!selector && (policy.scope() == Scope.GLOBAL || policy.namespace().isEmpty())) {
            return 0;
        }
        if (!selector && policy.namespace().equals(subject.namespace())) {
            return 1;
        }
        return subject.policies().contains(policy.key()) ? 2 : 3;
    }

    private static int matching(Policy policy, Authorizer.Request request) {
        for (int i = 0; i < policy.rules().size(); i++) {
            if (matches(policy.rules().get(i), request)) {
                return i + 1;
            }
        }
        return 0;
    }

    private static boolean matches(Rule rule, Authorizer.Request request) {
        return rule.clauses().stream().allMatch(clause -> matches(clause, request));
    }

    private static boolean matches(Clause clause, Authorizer.Request request) {
        return clause.matches().isEmpty() || clause.matches().stream().anyMatch(match -> matches(match, request));
    }

    private static boolean matches(Match match, Authorizer.Request request) {
        SpiffeId id = request.identity();
        String namespace = id == null || id.namespace() == null ? "" : id.namespace();
        return !match.isEmpty()
                && holds(match.namespaces(), text -> text.matches(namespace))
                && holds(
                        match.principals(),
                        text -> id != null && text.matches(id.toString().substring(9)))
                && holds(
                        match.sourceIps(),
                        range -> range.contains(request.source().getAddress()))
                && holds(
                        match.destinationIps(),
                        range -> range.contains(request.destination().getAddress()))
                && holds(
                        match.destinationPorts(),
                        port -> port == request.destination().getPort())
                && holds(
                        match.serviceAccounts(),
                        account -> id != null
                                && account.namespace().equals(id.namespace())
                                && account.name().equals(id.serviceAccount()));
    }

    private static <T> boolean holds(Terms<T> terms, Predicate<T> matches) {
        return (terms.anyOf().isEmpty() || terms.anyOf().stream().anyMatch(matches))
                && terms.noneOf().stream().noneMatch(matches);
    }
}
