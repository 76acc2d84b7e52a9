package io.hbone.xds.store;

import io.hbone.core.SpiffeId;
import io.hbone.xds.model.GatewayAddress;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Workload;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * All workloads and services at one moment. Immutable; every look-up is answered from an index.
 *
 * <p>Where several claim one thing, the rule is (spec/ztunnel.md 4.2 and 4.4):
 * <ul>
 *   <li>an address, among workloads: a pod with HBONE before a pod, before others with HBONE, before the rest; of equals the one
 *       that came last, because an address that is used again belongs to whoever got it last. An update does not count as
 *       coming. Workloads with their machine's address do not claim it;
 *   <li>an address or a host name, among services: one in the caller's namespace, then a canonical one, then the one that came
 *       first. Ranges count where no single address fits; of those the caller's namespace, then the longest prefix, then a
 *       canonical one.
 * </ul>
 */
public final class Snapshot {
    /** Nothing is known. */
    public static final Snapshot EMPTY = new Snapshot(
            0,
            ShardedMap.empty(),
            ShardedMap.empty(),
            ShardedMap.empty(),
            NestedMap.empty(),
            NestedMap.empty(),
            NestedMap.empty(),
            ShardedMap.empty(),
            ShardedMap.empty(),
            VipTable.EMPTY);

    final long revision;
    final ShardedMap<String, Resource<Workload>> workloads;
    final ShardedMap<String, Resource<Service>> services;
    /** Of resources that are not called what they hold. */
    final ShardedMap<String, String> keysByName;

    final NestedMap<String, InetAddress, List<Resource<Workload>>> byAddress;
    final NestedMap<String, String, List<Resource<Workload>>> byHostname;
    final NestedMap<ServiceAccount, String, List<Resource<Workload>>> byAccount;
    final ShardedMap<String, Endpoints> endpoints;
    final ShardedMap<String, List<Resource<Service>>> servicesByHost;
    final VipTable vips;

    Snapshot(
            long revision,
            ShardedMap<String, Resource<Workload>> workloads,
            ShardedMap<String, Resource<Service>> services,
            ShardedMap<String, String> keysByName,
            NestedMap<String, InetAddress, List<Resource<Workload>>> byAddress,
            NestedMap<String, String, List<Resource<Workload>>> byHostname,
            NestedMap<ServiceAccount, String, List<Resource<Workload>>> byAccount,
            ShardedMap<String, Endpoints> endpoints,
            ShardedMap<String, List<Resource<Service>>> servicesByHost,
            VipTable vips) {
        this.revision = revision;
        this.workloads = workloads;
        this.services = services;
        this.keysByName = keysByName;
        this.byAddress = byAddress;
        this.byHostname = byHostname;
        this.byAccount = byAccount;
        this.endpoints = endpoints;
        this.servicesByHost = servicesByHost;
        this.vips = vips;
    }

    /** Whose workloads are one in logs and policies. */
    record ServiceAccount(String namespace, String name) {}

    /** Grows with each batch that changed something. */
    public long revision() {
        return revision;
    }

    public int workloadCount() {
        return workloads.size();
    }

    public int serviceCount() {
        return services.size();
    }

    /** All workloads, in no order. */
    public Iterable<Resource<Workload>> workloads() {
        return workloads.values();
    }

    /** All services, in no order. */
    public Iterable<Resource<Service>> services() {
        return services.values();
    }

    /** The workload of that uid; null when it is not known. */
    public @Nullable Resource<Workload> workload(String uid) {
        return workloads.get(uid);
    }

    /** The workload that has an address; null when none is known. */
    public @Nullable Resource<Workload> workloadAt(String network, InetAddress address) {
        List<Resource<Workload>> claims = byAddress.get(network, address);
        if (claims == null) {
            return null;
        }
        Resource<Workload> best = claims.get(0);
        for (int i = 1; i < claims.size(); i++) {
            if (claims.get(i).value().rank() >= best.value().rank()) {
                best = claims.get(i);
            }
        }
        return best;
    }

    /** The workload of that host name, of several the first that came; null when none is known. */
    public @Nullable Resource<Workload> workloadByHostname(String namespace, String hostname) {
        List<Resource<Workload>> found = byHostname.get(namespace, hostname);
        return found == null ? null : found.get(0);
    }

    /** The workload of that name and service account, of several (in several clusters) the first that came; null for none. */
    public @Nullable Resource<Workload> workload(String namespace, String name, String serviceAccount) {
        List<Resource<Workload>> found = byAccount.get(new ServiceAccount(namespace, serviceAccount), name);
        return found == null ? null : found.get(0);
    }

    /** All workloads of an identity, in no order. Takes time in their number. */
    public List<Resource<Workload>> workloadsOf(SpiffeId identity) {
        String namespace = identity.namespace();
        String account = identity.serviceAccount();
        if (namespace == null || account == null) {
            return List.of();
        }
        List<Resource<Workload>> found = new ArrayList<>();
        for (List<Resource<Workload>> named :
                byAccount.get(new ServiceAccount(namespace, account)).values()) {
            for (Resource<Workload> workload : named) {
                if (workload.value().identity().equals(identity)) {
                    found.add(workload);
                }
            }
        }
        return found;
    }

    /** The service of that key; null when it is not known. */
    public @Nullable Resource<Service> service(String namespace, String hostname) {
        return services.get(namespace + '/' + hostname);
    }

    /** The service of that {@code namespace/hostname}; null when it is not known. */
    public @Nullable Resource<Service> service(String key) {
        return services.get(key);
    }

    /** The service that a gateway's host name means; null when it is not known. */
    public @Nullable Resource<Service> service(GatewayAddress.Hostname name) {
        return services.get(name.toString());
    }

    /** The service that an address stands for, as {@code namespace} sees it; null for none. */
    public @Nullable Resource<Service> serviceAt(String network, InetAddress address, String namespace) {
        return vips.find(network, address, namespace);
    }

    /** The service of that host name, in any case, as {@code namespace} sees it; null for none. */
    public @Nullable Resource<Service> serviceByHost(String hostname, String namespace) {
        List<Resource<Service>> found = servicesByHost.get(hostname.toLowerCase(Locale.ROOT));
        return found == null ? null : VipTable.preferred(found, namespace);
    }

    /** All services of that host name, in any case, in the order in which they came, whoever sees them. */
    public List<Resource<Service>> servicesByHost(String hostname) {
        List<Resource<Service>> found = servicesByHost.get(hostname.toLowerCase(Locale.ROOT));
        return found == null ? List.of() : Collections.unmodifiableList(found);
    }

    /** Who serves a service, by its {@code namespace/hostname}; also when the service itself is not known yet. */
    public Endpoints endpoints(String serviceKey) {
        Endpoints found = endpoints.get(serviceKey);
        return found == null ? Endpoints.NONE : found;
    }

    /**
     * Workloads that are endpoints of a service that is not known (yet): key of the service, and its endpoints. Takes time in the
     * number of services.
     */
    public void forEachStaged(Consumer<String> action) {
        endpoints.forEach((key, waiting) -> {
            if (services.get(key) == null) {
                action.accept(key);
            }
        });
    }

    /** Counts, for the log. */
    @Override
    public String toString() {
        return workloads.size() + " workloads, " + services.size() + " services";
    }
}
