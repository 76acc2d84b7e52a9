package io.hbone.xds.routing;

import io.hbone.xds.model.ApplicationTunnel;
import io.hbone.xds.model.LoadBalancing;
import io.hbone.xds.model.LoadBalancing.HealthPolicy;
import io.hbone.xds.model.PortMap;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Workload;
import io.hbone.xds.store.Endpoint;
import io.hbone.xds.store.Endpoints;
import io.hbone.xds.store.Resource;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * Chooses an endpoint of a service (spec/ztunnel.md 4.2): among those that fit best, drawn by their capacities. Beyond ztunnel: an
 * endpoint that cannot be reached at all, because it is in another network and has no gateway or because its capacity is 0, does
 * not keep worse ones from being used.
 */
final class LoadBalancer {
    /** How often to draw before all endpoints are looked at: with thousands, nearly all of them usable, drawing is much cheaper. */
    private static final int DRAWS = 4;

    private LoadBalancer() {}

    /** What the endpoint is wanted for. */
    enum Purpose {
        /** To serve the connection. */
        SERVE,
        /** To be its waypoint: a port that the service does not have is no obstacle to one that takes all of them on one. */
        WAYPOINT
    }

    /** Null when no endpoint can be used. */
    static @Nullable Upstream pick(
            RouteRequest request, Resource<Service> service, int port, Purpose purpose, @Nullable InetAddress asked) {
        Service of = service.value();
        if (purpose == Purpose.SERVE && of.ports().target(port) == PortMap.ABSENT) {
            request.note("endpoint", service, "port " + port + " is not one of " + of.ports());
            return null;
        }
        Endpoints endpoints = request.snapshot().endpoints(of.key());
        Endpoint chosen = request.explains() || ranks(of.loadBalancing()) ? null : draw(request, of, endpoints, port);
        if (chosen == null) {
            chosen = best(request, of, endpoints, port);
        }
        if (chosen == null) {
            request.note("endpoint", service, "none of " + endpoints.size() + " can be used");
            return null;
        }
        Upstream upstream = new Upstream(chosen.workload(), targetPort(of, chosen, port), service, asked);
        if (request.explains()) {
            request.note("endpoint", chosen.workload(), "chosen for port " + port + " at port " + upstream.port());
        }
        return upstream;
    }

    private static boolean ranks(LoadBalancing balancing) {
        return !balancing.preferences().isEmpty()
                && (balancing.mode() == LoadBalancing.Mode.FAILOVER || balancing.mode() == LoadBalancing.Mode.STRICT);
    }

    private static @Nullable Endpoint draw(RouteRequest request, Service service, Endpoints endpoints, int port) {
        for (int i = 0; i < DRAWS; i++) {
            Endpoint endpoint = endpoints.draw(request.random());
            if (endpoint == null) {
                return null;
            }
            if (obstacle(request, service, endpoint, port) == null) {
                return endpoint;
            }
        }
        return null;
    }

    private static @Nullable Endpoint best(RouteRequest request, Service service, Endpoints endpoints, int port) {
        Endpoint chosen = null;
        int best = 0;
        long total = 0;
        for (Endpoint endpoint : endpoints) {
            String obstacle = obstacle(request, service, endpoint, port);
            Workload workload = endpoint.workload().value();
            int rank = obstacle != null
                    ? Preferences.NEVER
                    : Preferences.rank(service.loadBalancing(), request.source(), workload);
            if (request.explains()) {
                request.note(
                        "candidate",
                        endpoint.workload(),
                        obstacle != null
                                ? "not used: " + obstacle
                                : rank == Preferences.NEVER
                                        ? "not used: does not share all of "
                                                + service.loadBalancing().preferences()
                                        : "rank " + rank + ", weight " + workload.capacity());
            }
            if (rank < best) {
                continue;
            }
            if (rank > best) {
                best = rank;
                total = 0;
            }
            total += workload.capacity();
            if (request.random().nextLong(total) < workload.capacity()) {
                chosen = endpoint;
            }
        }
        return chosen;
    }

    /** Why an endpoint cannot be used; null when it can. */
    private static @Nullable String obstacle(RouteRequest request, Service service, Endpoint endpoint, int port) {
        Workload workload = endpoint.workload().value();
        if (!workload.healthy() && service.loadBalancing().health() == HealthPolicy.ONLY_HEALTHY) {
            return "unhealthy";
        }
        if (workload.capacity() == 0) {
            return "weight 0";
        }
        boolean elsewhere = !workload.network().equals(request.source().network());
        if (elsewhere && workload.networkGateway() == null) {
            return "in another network, without a gateway";
        }
        if (!elsewhere && workload.addresses().isEmpty() && workload.hostname().isEmpty()) {
            return "no address";
        }
        if (!request.failed().isEmpty() && hasFailed(request, workload)) {
            return "just failed";
        }
        return targetPort(service, endpoint, port) > 0 ? null : "not on that port";
    }

    private static boolean hasFailed(RouteRequest request, Workload workload) {
        for (InetAddress address : workload.addresses()) {
            if (request.failed().contains(address)) {
                return true;
            }
        }
        return false;
    }

    private static int targetPort(Service service, Endpoint endpoint, int port) {
        int own = endpoint.ports().target(port);
        if (own > 0) {
            return own;
        }
        int common = service.ports().target(port);
        if (common > 0) {
            return common;
        }
        ApplicationTunnel tunnel = endpoint.workload().value().applicationTunnel();
        return tunnel != null && tunnel.port() > 0 ? port : PortMap.ABSENT;
    }
}
