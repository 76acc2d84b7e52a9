package io.hbone.node.local;

import io.hbone.core.SpiffeId;
import io.hbone.node.local.LocalService.Vip;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The snapshot as one workload sees it: what is reachable in its network, indexed for the path of a connection. */
final class RoutingTable {
    private final Map<InetAddress, LocalWorkload> workloads = new HashMap<>();
    private final Map<InetAddress, Backends> services = new HashMap<>();
    private final Map<String, LocalService> servicesByHost = new HashMap<>();

    RoutingTable(LocalMesh mesh, String network, String namespace) {
        for (LocalWorkload workload : mesh.workloads()) {
            if (workload.network().equals(network) && !workload.hostNetwork()) {
                for (InetAddress address : workload.addresses()) {
                    workloads.merge(address, workload, (held, next) -> next.rank() > held.rank() ? next : held);
                }
            }
        }
        List<LocalService> visible = new ArrayList<>();
        for (LocalService service : mesh.services()) {
            if (service.isVisibleTo(namespace)) {
                visible.add(service);
            }
        }
        // The sort is stable: of equals the first in the file counts (spec/ztunnel.md 4.2).
        visible.sort(Comparator.comparing(
                        (LocalService service) -> !service.ref().namespace().equals(namespace))
                .thenComparing(service -> !service.canonical()));
        for (LocalService service : visible) {
            servicesByHost.putIfAbsent(service.ref().hostname().toLowerCase(Locale.ROOT), service);
            for (Vip vip : service.vips()) {
                if (vip.network().equals(network)) {
                    services.computeIfAbsent(vip.address(), address -> backends(service, mesh, network));
                }
            }
        }
    }

    /** The workload that has an address; null when none is known. */
    @Nullable LocalWorkload workloadAt(InetAddress address) {
        return workloads.get(address);
    }

    /** The service that an address stands for, null for none. */
    @Nullable Backends serviceAt(InetAddress address) {
        return services.get(address);
    }

    /** The service of that name, null for none. */
    @Nullable LocalService serviceByHost(String hostname) {
        return servicesByHost.get(hostname);
    }

    private static Backends backends(LocalService service, LocalMesh mesh, String network) {
        Map<Integer, List<Endpoint>> byPort = new HashMap<>();
        for (LocalWorkload workload : mesh.workloads()) {
            boolean usable = workload.services().containsKey(service.key())
                    && workload.healthy()
                    && workload.capacity() > 0
                    && workload.network().equals(network)
                    && !workload.addresses().isEmpty();
            if (!usable) {
                continue;
            }
            Set<SpiffeId> expected = workload.expectedPeers();
            if (!service.subjectAltNames().isEmpty()) {
                expected = new HashSet<>(expected);
                expected.addAll(service.subjectAltNames());
            }
            for (int port : service.ports().keySet()) {
                int target = service.targetPort(workload, port);
                if (target > 0) {
                    byPort.computeIfAbsent(port, key -> new ArrayList<>())
                            .add(new Endpoint(workload, target, Set.copyOf(expected)));
                }
            }
        }
        return new Backends(service, byPort);
    }

    /** One workload behind one port of a service. */
    record Endpoint(LocalWorkload workload, int port, Set<SpiffeId> expectedPeers) {}

    /** A service and who serves it. */
    static final class Backends {
        private final LocalService service;
        private final Map<Integer, List<Endpoint>> byPort;

        Backends(LocalService service, Map<Integer, List<Endpoint>> byPort) {
            this.service = service;
            this.byPort = byPort;
        }

        LocalService service() {
            return service;
        }

        /** One of them, drawn by their capacities; null when nobody serves that port. */
        @Nullable Endpoint pick(int port, RandomGenerator random) {
            List<Endpoint> endpoints = byPort.get(port);
            if (endpoints == null) {
                return null;
            }
            long total = 0;
            for (Endpoint endpoint : endpoints) {
                total += endpoint.workload().capacity();
            }
            long left = random.nextLong(total);
            for (Endpoint endpoint : endpoints) {
                left -= endpoint.workload().capacity();
                if (left < 0) {
                    return endpoint;
                }
            }
            throw new AssertionError("a draw beyond the sum of all capacities");
        }
    }
}
