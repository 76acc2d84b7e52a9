package io.hbone.xds.policy;

import io.hbone.core.Decision;
import io.hbone.xds.policy.Policy.Action;
import io.hbone.xds.policy.Policy.Rule;

/** One rule of a policy in the form in which it is asked, with the decision that it makes. */
final class CompiledRule {
    private final CompiledMatch[][] clauses;
    private final String policy;
    private final Rule rule;
    private final Decision decision;

    /** @param number of the rule within its policy, from 1 */
    CompiledRule(String policy, Action action, Rule rule, int number) {
        this.policy = policy;
        this.rule = rule;
        clauses = rule.clauses().stream()
                .map(clause -> clause.matches().stream().map(CompiledMatch::new).toArray(CompiledMatch[]::new))
                .toArray(CompiledMatch[][]::new);
        String by = policy + ", rule " + number;
        decision = action == Action.ALLOW
                ? new Decision.Allow(policy, "allowed by: " + by)
                : new Decision.Deny(policy, "explicitly denied by: " + by);
    }

    boolean matches(Attempt attempt) {
        for (CompiledMatch[] clause : clauses) {
            if (!matches(clause, attempt)) {
                return false;
            }
        }
        return true;
    }

    private static boolean matches(CompiledMatch[] clause, Attempt attempt) {
        for (CompiledMatch match : clause) {
            if (match.matches(attempt)) {
                return true;
            }
        }
        return clause.length == 0;
    }

    Rule rule() {
        return rule;
    }

    String policy() {
        return policy;
    }

    /** What it means when it matches. */
    Decision decision() {
        return decision;
    }
}
