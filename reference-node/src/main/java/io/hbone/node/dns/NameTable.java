package io.hbone.node.dns;

import io.hbone.node.config.DnsSettings;
import io.hbone.node.dns.Aliases.Alias;
import io.hbone.xds.model.LoadBalancing.HealthPolicy;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Vip;
import io.hbone.xds.model.Workload;
import io.hbone.xds.store.Endpoint;
import io.hbone.xds.store.Resource;
import io.hbone.xds.store.Snapshot;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The names of the mesh, as each of its namespaces sees them (spec/ztunnel.md 12). Takes no time in the number of services. Safe for
 * use by any thread.
 */
final class NameTable {
    private final Supplier<Snapshot> snapshots;
    private final String network;
    private final DnsSettings settings;
    private final @Nullable Supplier<List<String>> search;
    private final RandomGenerator random;

    /**
     * @param network of those who ask: addresses mean something in theirs only
     * @param search what the resolvers of those who ask append to names; null for what Kubernetes tells those of pods
     * @param random by which addresses are put into an order
     */
    NameTable(
            Supplier<Snapshot> snapshots,
            String network,
            DnsSettings settings,
            @Nullable Supplier<List<String>> search,
            RandomGenerator random) {
        this.snapshots = snapshots;
        this.network = network;
        this.settings = settings;
        this.search = search;
        this.random = random;
    }

    private List<String> searchOf(String namespace) {
        String domain = settings.clusterDomain();
        return search != null ? search.get() : List.of(namespace + ".svc." + domain, "svc." + domain, domain);
    }

    /**
     * What the mesh has to say to a name.
     *
     * @param name in lower case, without a dot at its end
     * @param ipv6 whether addresses of IPv6 are asked for, rather than of IPv4
     * @param namespace of whoever asks
     * @return null when the mesh does not know the name
     */
    @Nullable Answer find(String name, boolean ipv6, String namespace) {
        Snapshot snapshot = snapshots.get();
        for (Alias alias : Aliases.of(name, namespace, settings.clusterDomain(), searchOf(namespace))) {
            Resource<Service> exact = service(snapshot, alias.name(), namespace);
            if (exact != null) {
                return new Answer(alias.stripped(), addresses(snapshot, exact.value(), ipv6));
            }
            Resource<Workload> workload = snapshot.workloadByHostname(namespace, alias.name());
            if (workload != null && !workload.value().addresses().isEmpty()) {
                return new Answer(alias.stripped(), shuffled(of(workload.value(), ipv6), ipv6));
            }
            for (int dot = alias.name().indexOf('.');
                    dot >= 0;
                    dot = alias.name().indexOf('.', dot + 1)) {
                Resource<Service> wild = service(snapshot, '*' + alias.name().substring(dot), namespace);
                if (wild != null) {
                    return new Answer(null, addresses(snapshot, wild.value(), ipv6));
                }
            }
        }
        return null;
    }

    /** The service of exactly that host name that {@code namespace} means: its own, a canonical one, the preferred one, the first. */
    private @Nullable Resource<Service> service(Snapshot snapshot, String host, String namespace) {
        Resource<Service> best = null;
        int bestRank = -1;
        for (Resource<Service> candidate : snapshot.servicesByHost(host)) {
            Service service = candidate.value();
            int rank = rank(service, namespace);
            if (rank > bestRank && service.isVisibleTo(namespace) && isNamed(service)) {
                best = candidate;
                bestRank = rank;
            }
        }
        return best;
    }

    private int rank(Service service, String namespace) {
        String own = service.ref().namespace();
        return (own.equals(namespace) ? 4 : 0)
                + (service.canonical() ? 2 : 0)
                + (own.equals(settings.preferredNamespace()) ? 1 : 0);
    }

    /** Others describe hosts outside, whose addresses DNS knows. */
    private boolean isNamed(Service service) {
        return !service.vips().isEmpty()
                || service.ref().hostname().toLowerCase(Locale.ROOT).endsWith(".svc." + settings.clusterDomain());
    }

    private List<InetAddress> addresses(Snapshot snapshot, Service service, boolean ipv6) {
        List<InetAddress> found = new ArrayList<>();
        boolean headless = true;
        for (Vip vip : service.vips()) {
            if (vip.network().equals(network) && vip.range().isSingle()) {
                headless = false;
                add(found, vip.range().address(), ipv6);
            }
        }
        if (headless) {
            boolean all = service.loadBalancing().health() == HealthPolicy.ALLOW_ALL;
            for (Endpoint endpoint : snapshot.endpoints(service.key())) {
                Workload workload = endpoint.workload().value();
                if (workload.network().equals(network) && (all || workload.healthy())) {
                    found.addAll(of(workload, ipv6));
                }
            }
        }
        found.removeIf(address -> !service.ipFamilies().allow(address));
        return shuffled(found, ipv6);
    }

    private static List<InetAddress> of(Workload workload, boolean ipv6) {
        List<InetAddress> found = new ArrayList<>();
        workload.addresses().forEach(address -> add(found, address, ipv6));
        return found;
    }

    private static void add(List<InetAddress> found, InetAddress address, boolean ipv6) {
        if (address instanceof Inet4Address != ipv6) {
            found.add(address);
        }
    }

    /** So that clients who take the first spread over all. */
    private List<InetAddress> shuffled(List<InetAddress> addresses, boolean ipv6) {
        if (ipv6 && !settings.ipv6()) {
            return List.of();
        }
        for (int i = addresses.size() - 1; i > 0; i--) {
            Collections.swap(addresses, i, random.nextInt(i + 1));
        }
        return addresses;
    }
}
