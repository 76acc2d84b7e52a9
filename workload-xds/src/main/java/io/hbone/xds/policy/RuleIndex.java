package io.hbone.xds.policy;

import io.hbone.xds.policy.RuleKeys.Key;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Many rules of which the first that matches is wanted, without looking at most of them. Each rule is filed under keys of which a
 * connection must have at least one for the rule to match (see {@link RuleKeys}); a connection looks only at rules under its own
 * keys, and at the few that have none. Immutable.
 */
final class RuleIndex {
    static final RuleIndex EMPTY = new RuleIndex(List.of());

    private static final int NONE = Integer.MAX_VALUE;

    private final CompiledRule[] rules;
    private final Map<String, Bucket> serviceAccounts = new HashMap<>();
    private final Map<String, Bucket> principals = new HashMap<>();
    private final Map<String, Bucket> namespaces = new HashMap<>();
    private final AffixBuckets principalPrefixes = AffixBuckets.ofPrefixes();
    private final AffixBuckets principalSuffixes = AffixBuckets.ofSuffixes();
    private final CidrBuckets sources = new CidrBuckets();
    private final CidrBuckets destinations = new CidrBuckets();
    private final PortBuckets ports;
    private final Bucket others = new Bucket();

    /** @param inOrder the earlier of two that match is found */
    RuleIndex(List<CompiledRule> inOrder) {
        rules = inOrder.toArray(CompiledRule[]::new);
        TreeMap<Integer, Bucket> byPort = new TreeMap<>();
        for (int i = 0; i < rules.length; i++) {
            RuleKeys keys = RuleKeys.of(rules[i].rule());
            if (keys.neverMatches()) {
                continue;
            }
            if (keys.keys().isEmpty()) {
                others.add(i);
            }
            for (Key key : keys.keys()) {
                file(key, i, byPort);
            }
        }
        principalPrefixes.freeze();
        principalSuffixes.freeze();
        sources.freeze();
        destinations.freeze();
        ports = new PortBuckets(byPort);
    }

    private void file(Key key, int rule, Map<Integer, Bucket> byPort) {
        switch (key.kind()) {
            case SERVICE_ACCOUNT -> add(serviceAccounts, key.text(), rule);
            case PRINCIPAL -> add(principals, key.text(), rule);
            case PRINCIPAL_PREFIX -> principalPrefixes.add(key.text(), rule);
            case PRINCIPAL_SUFFIX -> principalSuffixes.add(key.text(), rule);
            case NAMESPACE -> add(namespaces, key.text(), rule);
            case SOURCE -> sources.add(key.cidr(), rule);
            case DESTINATION -> destinations.add(key.cidr(), rule);
            case PORT -> add(byPort, key.port(), rule);
        }
    }

    private static <K> void add(Map<K, Bucket> buckets, K key, int rule) {
        buckets.computeIfAbsent(key, absent -> new Bucket()).add(rule);
    }

    boolean isEmpty() {
        return rules.length == 0;
    }

    /** The first rule that matches, or null. */
    @Nullable CompiledRule find(Attempt attempt) {
        if (rules.length == 0) {
            return null;
        }
        int found = Bucket.first(others, rules, attempt, NONE);
        if (attempt.serviceAccountPath != null) {
            found = Bucket.first(serviceAccounts.get(attempt.serviceAccountPath), rules, attempt, found);
        }
        if (attempt.principal != null) {
            found = Bucket.first(principals.get(attempt.principal), rules, attempt, found);
            found = principalPrefixes.first(attempt.principal, rules, attempt, found);
            found = principalSuffixes.first(attempt.principal, rules, attempt, found);
        }
        found = Bucket.first(namespaces.get(attempt.namespace), rules, attempt, found);
        found = Bucket.first(ports.get(attempt.port), rules, attempt, found);
        found = sources.first(attempt.source, rules, attempt, found);
        found = destinations.first(attempt.destination, rules, attempt, found);
        return found == NONE ? null : rules[found];
    }
}
