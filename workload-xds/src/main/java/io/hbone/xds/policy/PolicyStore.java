package io.hbone.xds.policy;

import io.hbone.xds.NamedResource;
import io.hbone.xds.Rejection;
import io.hbone.xds.ResourceSink;
import io.hbone.xds.TypeUrl;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Holds the policies of today: takes {@code istio.security.Authorization} from whoever delivers it, and swaps a compiled {@link
 * PolicySet} with each change. Readers never wait. Safe for use by any thread.
 */
public final class PolicyStore implements ResourceSink {
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private final Map<String, String> versions = new ConcurrentHashMap<>();
    private volatile PolicySet current = PolicySet.EMPTY;

    /** The policies of now. */
    public PolicySet current() {
        return current;
    }

    /** The version of the resource that the policy of that key came in; empty when it has none, or there is no such policy. */
    public String version(String key) {
        return versions.getOrDefault(key, "");
    }

    /**
     * Calls {@code listener} after every change, on the thread that made it; changes wait for it.
     *
     * @return ends that
     */
    public Runnable onChange(Runnable listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    /** {@inheritDoc} A policy that is rejected leaves what was held under its name in force. */
    @Override
    public List<Rejection> apply(String typeUrl, List<NamedResource> upserts, List<String> removals) {
        List<Rejection> rejections = new ArrayList<>();
        if (!typeUrl.equals(TypeUrl.AUTHORIZATION)) {
            upserts.forEach(resource -> rejections.add(
                    new Rejection(resource.name(), "type " + typeUrl + " (expected: " + TypeUrl.AUTHORIZATION + ")")));
            return rejections;
        }
        Map<String, Policy> accepted = new HashMap<>();
        Set<String> gone = new HashSet<>(removals);
        for (NamedResource resource : upserts) {
            gone.remove(resource.name());
            try {
                accepted.put(resource.name(), PolicyDecoder.decode(resource.body()));
                versions.put(resource.name(), resource.version());
            } catch (InvalidPolicyException e) {
                rejections.add(new Rejection(resource.name(), String.valueOf(e.getMessage())));
            }
        }
        update(accepted, gone);
        versions.keySet().removeAll(gone);
        return rejections;
    }

    /** The same with policies that are values, by {@link Policy#key()}. */
    public void update(Collection<Policy> upserts, Collection<String> removals) {
        Map<String, Policy> byKey = new HashMap<>();
        upserts.forEach(policy -> byKey.put(policy.key(), policy));
        update(byKey, removals);
    }

    private synchronized void update(Map<String, Policy> upserts, Collection<String> removals) {
        PolicySet before = current;
        Map<String, Policy> changed = new HashMap<>(upserts);
        changed.entrySet().removeIf(entry -> entry.getValue().equals(before.get(entry.getKey())));
        List<String> gone = new ArrayList<>();
        for (String key : removals) {
            if (before.get(key) != null && !upserts.containsKey(key)) {
                gone.add(key);
            }
        }
        if (!changed.isEmpty() || !gone.isEmpty()) {
            current = before.with(changed, gone);
            listeners.forEach(Runnable::run);
        }
    }

    /** Replaces all strict mTLS. */
    public synchronized void strict(Collection<StrictMtls> values) {
        current = current.withStrict(values);
        listeners.forEach(Runnable::run);
    }
}
