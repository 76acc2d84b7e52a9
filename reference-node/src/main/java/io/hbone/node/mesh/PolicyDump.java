package io.hbone.node.mesh;

import io.hbone.xds.policy.Policy;
import io.hbone.xds.policy.Policy.Match;
import io.hbone.xds.policy.Policy.ServiceAccount;
import io.hbone.xds.policy.Policy.Terms;
import io.hbone.xds.policy.StringMatch;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** Policies in the words of {@code config_dump} (spec/ztunnel.md 11), which are those of the local file, too. */
final class PolicyDump {
    private PolicyDump() {}

    /** In the order of their keys. */
    static List<Object> policies(Map<String, Policy> policies) {
        List<Object> out = new ArrayList<>();
        new TreeMap<>(policies).values().forEach(policy -> out.add(policy(policy)));
        return out;
    }

    private static Map<String, Object> policy(Policy policy) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("name", policy.name());
        out.put("namespace", policy.namespace());
        out.put(
                "scope",
                switch (policy.scope()) {
                    case GLOBAL -> "Global";
                    case NAMESPACE -> "Namespace";
                    case WORKLOAD_SELECTOR -> "WorkloadSelector";
                });
        out.put(
                "action",
                switch (policy.action()) {
                    case ALLOW -> "Allow";
                    case DENY -> "Deny";
                });
        out.put(
                "rules",
                all(policy.rules(), rule -> all(rule.clauses(), clause -> all(clause.matches(), PolicyDump::match))));
        out.put("dryRun", policy.dryRun());
        return out;
    }

    private static Object match(Match match) {
        Map<String, Object> out = new LinkedHashMap<>();
        put(out, "namespaces", "notNamespaces", match.namespaces(), PolicyDump::text);
        put(out, "principals", "notPrincipals", match.principals(), PolicyDump::text);
        put(out, "sourceIps", "notSourceIps", match.sourceIps(), Object::toString);
        put(out, "destinationIps", "notDestinationIps", match.destinationIps(), Object::toString);
        put(out, "destinationPorts", "notDestinationPorts", match.destinationPorts(), port -> port);
        put(out, "serviceAccounts", "notServiceAccounts", match.serviceAccounts(), PolicyDump::account);
        return out;
    }

    private static Object account(ServiceAccount account) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("namespace", account.namespace());
        out.put("serviceAccount", account.name());
        return out;
    }

    private static <T> void put(
            Map<String, Object> out, String anyOf, String noneOf, Terms<T> terms, Function<T, Object> show) {
        if (!terms.anyOf().isEmpty()) {
            out.put(anyOf, all(terms.anyOf(), show));
        }
        if (!terms.noneOf().isEmpty()) {
            out.put(noneOf, all(terms.noneOf(), show));
        }
    }

    private static Object text(StringMatch match) {
        if (match instanceof StringMatch.Exact exact) {
            return Map.of("Exact", exact.value());
        } else if (match instanceof StringMatch.Prefix prefix) {
            return Map.of("Prefix", prefix.value());
        } else if (match instanceof StringMatch.Suffix suffix) {
            return Map.of("Suffix", suffix.value());
        }
        return Map.of("Presence", List.of());
    }

    private static <T> List<Object> all(Collection<T> values, Function<T, Object> show) {
        List<Object> out = new ArrayList<>(values.size());
        values.forEach(value -> out.add(show.apply(value)));
        return out;
    }
}
