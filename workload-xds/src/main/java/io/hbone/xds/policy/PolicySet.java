package io.hbone.xds.policy;

import io.hbone.core.Authorizer;
import io.hbone.core.Decision;
import io.hbone.xds.policy.Policy.Action;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All policies of a moment, compiled (spec/ztunnel.md 6.1 and 6.2). Immutable, and safe for use by any thread. */
public final class PolicySet {
    /** No policies. */
    public static final PolicySet EMPTY = new PolicySet(Map.of(), Map.of(), Map.of());

    private static final Logger LOG = LoggerFactory.getLogger(PolicySet.class);
    private static final String MESH = "";

    /** So many different lists of local workloads are kept compiled; beyond, all are compiled again. */
    private static final int MAX_NAMED = 4096;

    private static final Decision NO_ALLOW_POLICIES =
            new Decision.Allow("", "no policy denies it, and none is to allow it");
    private static final Decision NONE_ALLOWED = new Decision.Deny("", "allow policies exist, but none allowed");

    private final Map<String, Policy> policies;
    private final Map<String, PolicyLayer> layers;
    private final Map<String, Map<String, StrictMtls>> strict;
    private final Map<List<String>, PolicyLayer> named = new ConcurrentHashMap<>();

    /**
     * @param policies by key
     * @param layers by namespace; those of the mesh under the empty one
     * @param strict by namespace and workload
     */
    private PolicySet(
            Map<String, Policy> policies,
            Map<String, PolicyLayer> layers,
            Map<String, Map<String, StrictMtls>> strict) {
        this.policies = policies;
        this.layers = layers;
        this.strict = strict;
    }

    /** The same with {@code upserts}, and without {@code removals}. */
    PolicySet with(Map<String, Policy> upserts, Collection<String> removals) {
        Map<String, Policy> next = new HashMap<>(policies);
        Set<String> touched = new HashSet<>();
        removals.forEach(key -> touch(next.remove(key), touched));
        upserts.forEach((key, policy) -> {
            touch(next.put(key, policy), touched);
            touch(policy, touched);
        });
        Map<String, List<Map.Entry<String, Policy>>> filed = new HashMap<>();
        next.entrySet().forEach(entry -> {
            String where = filedUnder(entry.getValue());
            if (where != null && touched.contains(where)) {
                filed.computeIfAbsent(where, key -> new ArrayList<>()).add(entry);
            }
        });
        Map<String, PolicyLayer> nextLayers = new HashMap<>(layers);
        touched.forEach(nextLayers::remove);
        filed.forEach((where, entries) -> nextLayers.put(where, new PolicyLayer(entries)));
        return new PolicySet(next, nextLayers, strict);
    }

    /** The same with other strict mTLS. */
    PolicySet withStrict(Collection<StrictMtls> values) {
        Map<String, Map<String, StrictMtls>> next = new HashMap<>();
        for (StrictMtls value : values) {
            next.computeIfAbsent(value.namespace(), key -> new HashMap<>()).put(value.workload(), value);
        }
        return new PolicySet(policies, layers, next);
    }

    private static void touch(@Nullable Policy policy, Set<String> touched) {
        String where = policy == null ? null : filedUnder(policy);
        if (where != null) {
            touched.add(where);
        }
    }

    /** The namespace whose workloads it is for, empty for all; null when workloads name it. */
    private static @Nullable String filedUnder(Policy policy) {
        return switch (policy.scope()) {
            case GLOBAL -> MESH;
            case NAMESPACE -> policy.namespace();
            case WORKLOAD_SELECTOR -> null;
        };
    }

    /** The policy of that key, or null. */
    public @Nullable Policy get(String key) {
        return policies.get(key);
    }

    /** All policies, by key. */
    public Map<String, Policy> all() {
        return Collections.unmodifiableMap(policies);
    }

    /** How many policies there are. */
    public int size() {
        return policies.size();
    }

    /** The keys of the policies that are asked for {@code subject}: the mesh's, its namespace's, and those that it names. */
    public Set<String> applying(PolicySubject subject) {
        Set<String> keys = new LinkedHashSet<>(layer(MESH).keys);
        keys.addAll(layer(subject.namespace()).keys);
        keys.addAll(named(subject.policies()).keys);
        return keys;
    }

    /** The strict mTLS that holds for {@code subject}: its own, else its namespace's, else the mesh's; or null. */
    public @Nullable StrictMtls strict(PolicySubject subject) {
        Map<String, StrictMtls> near = strict.get(subject.namespace());
        if (near != null && near.containsKey(subject.workload())) {
            return near.get(subject.workload());
        }
        if (near != null && near.containsKey("")) {
            return near.get("");
        }
        Map<String, StrictMtls> mesh = strict.get(MESH);
        return mesh == null ? null : mesh.get("");
    }

    /** Decides in the order of spec/ztunnel.md 6.2, strict mTLS first. */
    Decision decide(Authorizer.Request request, Attempt attempt, PolicySubject subject, PolicyAudit audit) {
        StrictMtls mtls = attempt.principal == null ? strict(subject) : null;
        if (mtls != null && mtls.refuses(attempt.port)) {
            audit.plaintextRefused(request, subject, mtls);
            return new Decision.Deny(mtls.key(), "plaintext refused: strict mTLS holds for port " + attempt.port);
        }
        PolicyLayer mesh = layer(MESH);
        PolicyLayer namespace = subject.namespace().isEmpty() ? PolicyLayer.EMPTY : layer(subject.namespace());
        PolicyLayer own = named(subject.policies());

        CompiledRule rule = first(mesh.dryRunDeny, namespace.dryRunDeny, own.dryRunDeny, attempt);
        if (rule != null) {
            audit.dryRun(request, subject, Action.DENY, rule.policy());
        }
        rule = first(mesh.deny, namespace.deny, own.deny, attempt);
        if (rule != null) {
            return rule.decision();
        }
        boolean allows = mesh.allows || namespace.allows || own.allows;
        if (mesh.dryRunAllows || namespace.dryRunAllows || own.dryRunAllows) {
            rule = first(mesh.dryRunAllow, namespace.dryRunAllow, own.dryRunAllow, attempt);
            if (rule != null || !allows) {
                audit.dryRun(request, subject, Action.ALLOW, rule == null ? "" : rule.policy());
            }
        }
        if (!allows) {
            boolean none = mesh.keys.isEmpty() && namespace.keys.isEmpty() && own.keys.isEmpty();
            return none ? Decision.Allow.NO_POLICIES : NO_ALLOW_POLICIES;
        }
        rule = first(mesh.allow, namespace.allow, own.allow, attempt);
        return rule == null ? NONE_ALLOWED : rule.decision();
    }

    private static @Nullable CompiledRule first(RuleIndex mesh, RuleIndex namespace, RuleIndex own, Attempt attempt) {
        CompiledRule rule = mesh.find(attempt);
        if (rule == null) {
            rule = namespace.find(attempt);
        }
        return rule == null ? own.find(attempt) : rule;
    }

    private PolicyLayer layer(String namespace) {
        return layers.getOrDefault(namespace, PolicyLayer.EMPTY);
    }

    private PolicyLayer named(List<String> keys) {
        if (keys.isEmpty()) {
            return PolicyLayer.EMPTY;
        }
        PolicyLayer layer = named.get(keys);
        if (layer == null) {
            layer = compile(keys);
            if (named.size() >= MAX_NAMED) {
                named.clear();
            }
            named.put(keys, layer);
        }
        return layer;
    }

    private PolicyLayer compile(List<String> keys) {
        Map<String, Policy> found = new HashMap<>();
        for (String key : keys) {
            Policy policy = policies.get(key);
            if (policy == null) {
                LOG.warn(
                        "policy {}: unknown, though a workload names it (expected: an Authorization of that name)",
                        key);
            } else {
                found.put(key, policy);
            }
        }
        return new PolicyLayer(found.entrySet());
    }
}
