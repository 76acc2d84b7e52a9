package io.hbone.xds.policy;

import io.hbone.xds.policy.Policy.Action;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Policies that apply together: those of the mesh, of one namespace, or named by one workload. Immutable. */
final class PolicyLayer {
    static final PolicyLayer EMPTY = new PolicyLayer(List.of());

    /** The keys of its policies, sorted. */
    final List<String> keys;

    final RuleIndex deny;
    final RuleIndex dryRunDeny;
    final RuleIndex allow;
    final RuleIndex dryRunAllow;

    /** Whether there is an ALLOW policy that is enforced, with rules or without. */
    final boolean allows;

    final boolean dryRunAllows;

    /** @param policies by the names that xDS gave them */
    PolicyLayer(Collection<Map.Entry<String, Policy>> policies) {
        List<Map.Entry<String, Policy>> sorted = new ArrayList<>(policies);
        sorted.sort(Map.Entry.comparingByKey(Comparator.naturalOrder()));
        keys = sorted.stream().map(Map.Entry::getKey).toList();
        deny = index(sorted, Action.DENY, false);
        dryRunDeny = index(sorted, Action.DENY, true);
        allow = index(sorted, Action.ALLOW, false);
        dryRunAllow = index(sorted, Action.ALLOW, true);
        allows = sorted.stream().anyMatch(entry -> is(entry.getValue(), Action.ALLOW, false));
        dryRunAllows = sorted.stream().anyMatch(entry -> is(entry.getValue(), Action.ALLOW, true));
    }

    private static RuleIndex index(List<Map.Entry<String, Policy>> sorted, Action action, boolean dryRun) {
        List<CompiledRule> rules = new ArrayList<>();
        for (Map.Entry<String, Policy> entry : sorted) {
            Policy policy = entry.getValue();
            if (is(policy, action, dryRun)) {
                for (int i = 0; i < policy.rules().size(); i++) {
                    rules.add(new CompiledRule(
                            entry.getKey(), action, policy.rules().get(i), i + 1));
                }
            }
        }
        return rules.isEmpty() ? RuleIndex.EMPTY : new RuleIndex(rules);
    }

    private static boolean is(Policy policy, Action action, boolean dryRun) {
        return policy.action() == action && policy.dryRun() == dryRun;
    }
}
