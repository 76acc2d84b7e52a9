package io.hbone.xds.store;

import io.hbone.xds.model.PortMap;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Workload;
import io.hbone.xds.store.Snapshot.ServiceAccount;
import io.hbone.xds.store.StoreChange.Changed;
import java.net.InetAddress;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A batch of changes that becomes the next {@link Snapshot}: keeps all indexes together. Not thread-safe. */
final class SnapshotEdit {
    private final Snapshot base;
    private final ShardedMap.Edit<String, Resource<Workload>> workloads;
    private final ShardedMap.Edit<String, Resource<Service>> services;
    private final ShardedMap.Edit<String, String> keysByName;
    private final NestedMap.Edit<String, InetAddress, List<Resource<Workload>>> byAddress;
    private final NestedMap.Edit<String, String, List<Resource<Workload>>> byHostname;
    private final NestedMap.Edit<ServiceAccount, String, List<Resource<Workload>>> byAccount;
    private final ShardedMap.Edit<String, List<Resource<Service>>> servicesByHost;
    private final VipTable.Edit vips;

    /** Of services whose endpoints change: by uid. Joined once, however many of them change. */
    private final Map<String, Map<String, Endpoint>> endpoints = new HashMap<>();

    private final Map<String, Changed<Workload>> changedWorkloads = new LinkedHashMap<>();
    private final Map<String, Changed<Service>> changedServices = new LinkedHashMap<>();

    SnapshotEdit(Snapshot base) {
        this.base = base;
        workloads = base.workloads.edit();
        services = base.services.edit();
        keysByName = base.keysByName.edit();
        byAddress = base.byAddress.edit();
        byHostname = base.byHostname.edit();
        byAccount = base.byAccount.edit();
        servicesByHost = base.servicesByHost.edit();
        vips = base.vips.edit();
    }

    /** What a resource holds: a uid or the key of a service. */
    private String keyOf(String name) {
        String key = keysByName.get(name);
        return key == null ? name : key;
    }

    /** Forgets the resource of that name, unknown ones are ignored. */
    void remove(String name) {
        String key = keyOf(name);
        Resource<Workload> workload = workloads.get(key);
        if (workload != null && workload.name().equals(name)) {
            replaceWorkload(workload, null);
        }
        Resource<Service> service = services.get(key);
        if (service != null && service.name().equals(name)) {
            replaceService(service, null);
        }
    }

    /** @return why not, or null when it was taken */
    @Nullable String putWorkload(Resource<Workload> workload) {
        String uid = workload.value().uid();
        Resource<Workload> held = workloads.get(uid);
        if (held != null && !held.name().equals(workload.name())) {
            return "uid: \"" + uid + "\" (expected: one that no other resource has, as " + held.name() + ")";
        }
        if (held == null) {
            remove(workload.name()); // it held something else
        }
        replaceWorkload(held, workload);
        return null;
    }

    /** @return why not, or null when it was taken */
    @Nullable String putService(Resource<Service> service) {
        String key = service.value().key();
        Resource<Service> held = services.get(key);
        if (held != null && !held.name().equals(service.name())) {
            return "service: \"" + key + "\" (expected: one that no other resource has, as " + held.name() + ")";
        }
        if (held == null) {
            remove(service.name());
        }
        replaceService(held, service);
        return null;
    }

    private void replaceWorkload(@Nullable Resource<Workload> old, @Nullable Resource<Workload> replacement) {
        Workload before = old == null ? null : old.value();
        Workload after = replacement == null ? null : replacement.value();
        String uid =
                after != null ? after.uid() : Objects.requireNonNull(before).uid();
        name(uid, old, replacement);
        if (replacement == null) {
            workloads.remove(uid);
        } else {
            workloads.put(uid, replacement);
        }
        indexAddresses(old, replacement);
        index(
                old,
                replacement,
                workload -> workload.hostname().isEmpty() ? null : byHostname.of(workload.namespace()),
                Workload::hostname);
        index(
                old,
                replacement,
                workload -> byAccount.of(new ServiceAccount(workload.namespace(), workload.serviceAccount())),
                Workload::name);
        if (before != null) {
            for (String service : before.services().keySet()) {
                if (after == null || !after.services().containsKey(service)) {
                    endpointsOf(service).remove(uid);
                }
            }
        }
        if (replacement != null) {
            for (Map.Entry<String, PortMap> service :
                    replacement.value().services().entrySet()) {
                endpointsOf(service.getKey()).put(uid, new Endpoint(replacement, service.getValue()));
            }
        }
        Changed<Workload> earlier = changedWorkloads.get(uid);
        changedWorkloads.put(uid, new Changed<>(earlier == null ? before : earlier.before(), after));
    }

    private void replaceService(@Nullable Resource<Service> old, @Nullable Resource<Service> replacement) {
        Service before = old == null ? null : old.value();
        Service after = replacement == null ? null : replacement.value();
        String key =
                after != null ? after.key() : Objects.requireNonNull(before).key();
        name(key, old, replacement);
        if (replacement == null) {
            services.remove(key);
        } else {
            services.put(key, replacement);
        }
        // Its host name is in its key, so it is the same before and after.
        String host = key.substring(key.indexOf('/') + 1).toLowerCase(Locale.ROOT);
        Claims.replace(servicesByHost, host, old, replacement);
        vips.replace(old, replacement);
        Changed<Service> earlier = changedServices.get(key);
        changedServices.put(key, new Changed<>(earlier == null ? before : earlier.before(), after));
    }

    /** Remembers what a resource holds when its name does not say so. */
    private void name(String key, @Nullable Resource<?> old, @Nullable Resource<?> replacement) {
        if (old != null && !old.name().equals(key)) {
            keysByName.remove(old.name());
        }
        if (replacement != null && !replacement.name().equals(key)) {
            keysByName.put(replacement.name(), key);
        }
    }

    private void indexAddresses(@Nullable Resource<Workload> old, @Nullable Resource<Workload> replacement) {
        Collection<InetAddress> held = old == null ? Set.of() : claimed(old.value());
        Collection<InetAddress> wanted = replacement == null ? Set.of() : claimed(replacement.value());
        boolean sameNetwork = old != null
                && replacement != null
                && old.value().network().equals(replacement.value().network());
        if (old != null) {
            for (InetAddress address : held) {
                boolean stays = sameNetwork && wanted.contains(address);
                Claims.replace(byAddress.of(old.value().network()), address, old, stays ? replacement : null);
            }
        }
        if (replacement != null) {
            for (InetAddress address : wanted) {
                if (!sameNetwork || !held.contains(address)) {
                    Claims.replace(byAddress.of(replacement.value().network()), address, null, replacement);
                }
            }
        }
    }

    /** Addresses that tell who a workload is. */
    private static Collection<InetAddress> claimed(Workload workload) {
        if (workload.hostNetwork()) {
            return Set.of();
        }
        return workload.addresses().size() < 2 ? workload.addresses() : Set.copyOf(workload.addresses());
    }

    /** @param in the map that a workload belongs into, null for none */
    private static void index(
            @Nullable Resource<Workload> old,
            @Nullable Resource<Workload> replacement,
            Function<Workload, ShardedMap.@Nullable Edit<String, List<Resource<Workload>>>> in,
            Function<Workload, String> key) {
        ShardedMap.Edit<String, List<Resource<Workload>>> from = old == null ? null : in.apply(old.value());
        ShardedMap.Edit<String, List<Resource<Workload>>> to =
                replacement == null ? null : in.apply(replacement.value());
        boolean stays = old != null
                && replacement != null
                && from == to
                && key.apply(old.value()).equals(key.apply(replacement.value()));
        if (from != null && old != null) {
            Claims.replace(from, key.apply(old.value()), old, stays ? replacement : null);
        }
        if (to != null && replacement != null && !stays) {
            Claims.replace(to, key.apply(replacement.value()), null, replacement);
        }
    }

    private Map<String, Endpoint> endpointsOf(String service) {
        return endpoints.computeIfAbsent(service, key -> base.endpoints(key).byUid());
    }

    /** What changed, compared with the snapshot that this edit began with; {@code after} has the next revision. */
    StoreChange build() {
        if (changedWorkloads.isEmpty() && changedServices.isEmpty()) {
            return new StoreChange(base, base, Map.of(), Map.of());
        }
        ShardedMap.Edit<String, Endpoints> joined = base.endpoints.edit();
        endpoints.forEach((service, byUid) -> {
            if (byUid.isEmpty()) {
                joined.remove(service);
            } else {
                joined.put(service, Endpoints.of(byUid.values()));
            }
        });
        Snapshot next = new Snapshot(
                base.revision + 1,
                workloads.build(),
                services.build(),
                keysByName.build(),
                byAddress.build(),
                byHostname.build(),
                byAccount.build(),
                joined.build(),
                servicesByHost.build(),
                vips.build());
        return new StoreChange(base, next, changedWorkloads, changedServices);
    }
}
