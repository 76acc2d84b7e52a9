package io.hbone.xds.routing;

import io.hbone.xds.model.GatewayAddress;
import io.hbone.xds.model.LoadBalancing.Mode;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.WeightedWaypoint;
import io.hbone.xds.model.Workload;
import io.hbone.xds.routing.LoadBalancer.Purpose;
import io.hbone.xds.store.Resource;
import io.hbone.xds.store.Snapshot;
import java.net.InetAddress;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds workloads behind addresses and references (spec/ztunnel.md 4.2 and 4.3). */
final class Upstreams {
    private Upstreams() {}

    /**
     * The workload behind an address, a service's before a workload's. Where a service has nobody to serve it and a workload has
     * the same address, it is that workload: nothing that is known is sent in plaintext for want of endpoints.
     *
     * @return null when nobody is known, or the service does not want a choice to be made
     */
    static @Nullable Upstream at(RouteRequest request, String network, InetAddress address, int port, Purpose purpose) {
        Snapshot snapshot = request.snapshot();
        Resource<Service> service =
                snapshot.serviceAt(network, address, request.source().namespace());
        if (service != null) {
            if (service.value().loadBalancing().mode() == Mode.PASSTHROUGH) {
                request.note("upstream", service, "passed through: its endpoints are not chosen from");
                return null;
            }
            Upstream endpoint = LoadBalancer.pick(request, service, port, purpose, address);
            if (endpoint != null) {
                return endpoint;
            }
        }
        Resource<Workload> workload = snapshot.workloadAt(network, address);
        return workload == null ? null : new Upstream(workload, port, null, address);
    }

    /** The waypoint that stands before a service; of several, drawn by their weights. */
    static @Nullable GatewayAddress waypointOf(Service service, RouteRequest request) {
        long total = 0;
        for (WeightedWaypoint waypoint : service.weightedWaypoints()) {
            total += waypoint.weight();
        }
        if (total == 0) {
            return service.waypoint();
        }
        long left = request.random().nextLong(total);
        for (WeightedWaypoint waypoint : service.weightedWaypoints()) {
            left -= waypoint.weight();
            if (left < 0) {
                return waypoint.waypoint();
            }
        }
        throw new AssertionError("a draw beyond the sum of all weights");
    }

    /**
     * What a reference leads to.
     *
     * @param what it is, for messages
     */
    static Upstream resolve(RouteRequest request, GatewayAddress reference, Purpose purpose, String what)
            throws UnroutableException {
        Upstream found;
        if (reference.destination() instanceof GatewayAddress.Address address) {
            InetAddress ip = address.address().address();
            found = at(request, address.address().network(), ip, reference.port(), purpose);
        } else {
            found = byName(request, (GatewayAddress.Hostname) reference.destination(), reference.port(), purpose);
        }
        if (found == null) {
            String name = reference.destination().toString();
            throw new UnroutableException(
                    "unknown " + what + ": " + name
                            + " (expected: a workload, or a service that somebody serves on port " + reference.port()
                            + ')',
                    name);
        }
        request.note(what, found.service() != null ? found.service() : found.workload(), found + " for " + reference);
        return found;
    }

    private static @Nullable Upstream byName(
            RouteRequest request, GatewayAddress.Hostname name, int port, Purpose purpose) {
        Resource<Service> service = request.snapshot().service(name);
        if (service != null) {
            return LoadBalancer.pick(request, service, port, purpose, null);
        }
        Resource<Workload> workload = request.snapshot().workloadByHostname(name.namespace(), name.hostname());
        return workload == null ? null : new Upstream(workload, port, null, null);
    }

    /** Whether the client is the waypoint itself, which must not be sent to itself again. */
    static boolean isSource(RouteRequest request, GatewayAddress waypoint) {
        Snapshot snapshot = request.snapshot();
        Workload source = request.source();
        if (waypoint.destination() instanceof GatewayAddress.Hostname name) {
            return source.services().containsKey(name.toString())
                    || (source.namespace().equals(name.namespace())
                            && source.hostname().equals(name.hostname()));
        }
        GatewayAddress.Address at = (GatewayAddress.Address) waypoint.destination();
        String network = at.address().network();
        if (source.network().equals(network)
                && source.addresses().contains(at.address().address())) {
            return true;
        }
        Resource<Service> service = snapshot.serviceAt(network, at.address().address(), source.namespace());
        return service != null && source.services().containsKey(service.value().key());
    }

    /** Follows the waypoints of waypoints, and refuses when they lead back to where they began. */
    static void refuseLoop(RouteRequest request, String start, GatewayAddress first) throws UnroutableException {
        Set<String> path = new LinkedHashSet<>(List.of(start));
        GatewayAddress next = first;
        while (next != null) {
            Resource<Service> service = service(request, next);
            if (service == null) {
                return;
            }
            if (service.name().equals(start)) {
                throw new UnroutableException("waypoint loop: " + String.join(" -> ", path) + " -> " + start);
            }
            if (!path.add(service.name())) {
                return; // a loop of theirs, that this connection does not enter
            }
            next = service.value().waypoint();
            if (next == null && !service.value().weightedWaypoints().isEmpty()) {
                next = service.value().weightedWaypoints().get(0).waypoint();
            }
        }
    }

    private static @Nullable Resource<Service> service(RouteRequest request, GatewayAddress reference) {
        if (reference.destination() instanceof GatewayAddress.Hostname name) {
            return request.snapshot().service(name);
        }
        GatewayAddress.Address at = (GatewayAddress.Address) reference.destination();
        return request.snapshot()
                .serviceAt(
                        at.address().network(),
                        at.address().address(),
                        request.source().namespace());
    }
}
