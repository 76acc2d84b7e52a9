package io.hbone.xds.routing;

import io.hbone.core.Authority;
import io.hbone.core.IpLiteral;
import io.hbone.core.Route;
import io.hbone.core.TunnelError;
import io.hbone.core.WorkloadMetadata;
import io.hbone.xds.model.GatewayAddress;
import io.hbone.xds.model.LoadBalancing.Mode;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Workload;
import io.hbone.xds.routing.LoadBalancer.Purpose;
import io.hbone.xds.store.Resource;
import io.hbone.xds.store.Snapshot;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The order of decisions of spec/ztunnel.md 4.1, from step 3 on. */
final class RoutePlanner {
    private final HostnameResolver resolver;

    RoutePlanner(HostnameResolver resolver) {
        this.resolver = resolver;
    }

    CompletionStage<Route> plan(RouteRequest request) throws UnroutableException {
        Snapshot snapshot = request.snapshot();
        Workload source = request.source();
        InetAddress ip = request.dialled();
        request.note("source", request.self(), source.identity().toString());
        Resource<Workload> addressed = snapshot.workloadAt(request.network(), ip);
        Resource<Service> service =
                addressed != null ? null : snapshot.serviceAt(request.network(), ip, source.namespace());
        noteDestination(request, addressed, service);

        if (service != null && service.value().hasWaypoint()) {
            GatewayAddress waypoint = Upstreams.waypointOf(service.value(), request);
            if (waypoint != null && !Upstreams.isSource(request, waypoint)) {
                Upstreams.refuseLoop(request, service.name(), waypoint);
                Upstream to = Upstreams.resolve(request, waypoint, Purpose.WAYPOINT, "waypoint");
                return to.value().network().equals(source.network())
                        ? throughWaypoint(request, to, service.value().ref(), "waypoint of service " + service)
                        : throughGateway(request, to, service);
            }
        }

        int port = request.destination().getPort();
        Upstream upstream = Upstreams.at(request, request.network(), ip, port, Purpose.SERVE);
        if (upstream == null) {
            return without(request, service);
        }
        if (!upstream.value().network().equals(source.network())) {
            Resource<Service> meant = upstream.service() != null ? upstream.service() : service;
            if (meant == null) {
                throw new UnroutableException("no service for target: " + upstream + " is in network \""
                        + upstream.value().network() + "\" (expected: to be dialled by the address of a service)");
            }
            return throughGateway(request, upstream, meant);
        }
        GatewayAddress waypoint = service == null ? upstream.value().waypoint() : null;
        if (waypoint != null && !Upstreams.isSource(request, waypoint)) {
            Upstream to = Upstreams.resolve(request, waypoint, Purpose.WAYPOINT, "waypoint");
            if (to.value().uid().equals(upstream.value().uid())) {
                throw new UnroutableException("waypoint loop: " + to.workload() + " is its own waypoint");
            }
            return throughWaypoint(request, to, upstream.serviceRef(), "waypoint of workload " + upstream.workload());
        }
        return direct(request, upstream);
    }

    private static void noteDestination(
            RouteRequest request, @Nullable Resource<Workload> workload, @Nullable Resource<Service> service) {
        if (request.explains()) {
            String what = workload != null
                    ? "the address of a workload"
                    : service != null ? "the address of a service" : "not known";
            request.note(
                    "destination",
                    workload != null ? workload : service,
                    IpLiteral.format(request.destination()) + ": " + what);
        }
    }

    /** Nobody is there who could be chosen. */
    private static CompletionStage<Route> without(RouteRequest request, @Nullable Resource<Service> service)
            throws UnroutableException {
        if (service != null && service.value().loadBalancing().mode() != Mode.PASSTHROUGH) {
            throw new UnroutableException("no healthy upstream: " + IpLiteral.format(request.destination())
                    + ", service " + service + " has "
                    + request.snapshot().endpoints(service.value().key()).size()
                    + " endpoints (expected: one that is healthy, has the port and can be reached)");
        }
        return complete(new Route.Direct(
                request.destination(),
                WorkloadMetadata.UNKNOWN,
                null,
                service == null ? "the destination is not known" : "service " + service + " is passed through"));
    }

    private CompletionStage<Route> throughWaypoint(
            RouteRequest request, Upstream waypoint, Route.@Nullable ServiceRef service, String why)
            throws UnroutableException {
        Authority authority = Authority.of(request.destination());
        return at(
                request,
                waypoint,
                address -> new Route.Tunnel(
                        new InetSocketAddress(address, waypoint.port()),
                        waypoint.expectedPeers(),
                        authority,
                        waypoint.value().metadata(),
                        service,
                        why + ": " + waypoint));
    }

    private CompletionStage<Route> throughGateway(RouteRequest request, Upstream upstream, Resource<Service> service)
            throws UnroutableException {
        GatewayAddress reference = upstream.value().networkGateway();
        if (reference == null) {
            throw new UnroutableException("no valid routing destination: " + upstream + " is in network \""
                    + upstream.value().network() + "\" and has no gateway (expected: a network gateway)");
        }
        Upstream gateway = Upstreams.resolve(request, reference, Purpose.SERVE, "network gateway");
        Authority authority = Authority.of(
                service.value().ref().hostname(), request.destination().getPort());
        return at(
                request,
                gateway,
                address -> new Route.NestedTunnel(
                        new InetSocketAddress(address, gateway.port()),
                        gateway.expectedPeers(),
                        upstream.expectedBehindGateway(),
                        authority,
                        upstream.value().metadata(),
                        service.value().ref(),
                        upstream + " in network " + upstream.value().network() + " by gateway " + gateway));
    }

    private CompletionStage<Route> direct(RouteRequest request, Upstream upstream) throws UnroutableException {
        return at(request, upstream, address -> {
            Workload workload = upstream.value();
            InetSocketAddress application = new InetSocketAddress(address, upstream.port());
            if (!workload.enrolled()) {
                return new Route.Direct(
                        application, workload.metadata(), upstream.serviceRef(), upstream + " is not enrolled");
            }
            return new Route.Tunnel(
                    new InetSocketAddress(address, workload.tunnelPort()),
                    upstream.expectedPeers(),
                    Authority.of(application),
                    workload.metadata(),
                    upstream.serviceRef(),
                    upstream + " is enrolled");
        });
    }

    /** Makes the route when the upstream's address is there. */
    private CompletionStage<Route> at(RouteRequest request, Upstream upstream, Function<InetAddress, Route> make)
            throws UnroutableException {
        InetAddress address = AddressChoice.of(upstream, request.dialled());
        if (address != null) {
            Route route = make.apply(address);
            request.note("address", upstream.workload(), IpLiteral.format(address));
            return complete(route);
        }
        String hostname = upstream.value().hostname();
        if (hostname.isEmpty()) {
            throw new UnroutableException("no valid routing destination: " + upstream
                    + " has no address that may be used (expected: one of family "
                    + upstream.families() + ", or a host name)");
        }
        return resolver.resolve(hostname).handle((found, failure) -> {
            InetAddress resolved = failure != null ? null : among(found, upstream, request);
            return resolved != null
                    ? make.apply(resolved)
                    : new Route.Reject(
                            TunnelError.NO_ROUTE,
                            "no ip addresses were resolved: " + hostname + " of " + upstream
                                    + (failure == null ? "" : ": " + failure));
        });
    }

    /** Any of the client's family, so that connections spread over them; else any. */
    private static @Nullable InetAddress among(List<InetAddress> found, Upstream upstream, RouteRequest request) {
        List<InetAddress> untried = found.stream()
                .filter(address -> !request.failed().contains(address)
                        && upstream.families().allow(address))
                .toList();
        List<InetAddress> preferred = untried.stream()
                .filter(address -> address.getClass() == request.dialled().getClass())
                .toList();
        List<InetAddress> from = preferred.isEmpty() ? untried : preferred;
        return from.isEmpty() ? null : from.get((int) request.random().nextLong(from.size()));
    }

    private static CompletionStage<Route> complete(Route route) {
        return CompletableFuture.completedFuture(route);
    }
}
