package io.hbone.xds.routing;

import io.hbone.core.IpLiteral;
import io.hbone.core.OutboundRouter;
import io.hbone.core.Route;
import io.hbone.core.TunnelError;
import io.hbone.xds.model.NetworkAddress;
import io.hbone.xds.model.Workload;
import io.hbone.xds.routing.RouteExplanation.Step;
import io.hbone.xds.store.Resource;
import io.hbone.xds.store.Snapshot;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Routes what local workloads open (spec/ztunnel.md 4.1), each by the newest snapshot. One serves all workloads of a node. Answers
 * are complete at once, unless something has to be fetched or a name resolved. Safe for use by any thread when its parts are.
 */
public final class StoreOutboundRouter implements OutboundRouter {
    private final Supplier<Snapshot> snapshots;
    private final RoutingSettings settings;
    private final RandomGenerator random;
    private final OnDemand onDemand;
    private final RoutePlanner planner;

    /** For a mesh of which everything is known, and whose workloads have addresses. */
    public StoreOutboundRouter(Supplier<Snapshot> snapshots, RoutingSettings settings, RandomGenerator random) {
        this(snapshots, settings, random, HostnameResolver.NONE, OnDemand.NEVER);
    }

    /**
     * @param snapshots gives the newest; called for each connection
     * @param random draws endpoints; need not be secure
     * @param resolver for workloads that have only a name
     * @param onDemand for what is not known; {@link OnDemand#NEVER} when it cannot be had
     */
    public StoreOutboundRouter(
            Supplier<Snapshot> snapshots,
            RoutingSettings settings,
            RandomGenerator random,
            HostnameResolver resolver,
            OnDemand onDemand) {
        this.snapshots = snapshots;
        this.settings = settings;
        this.random = random;
        this.onDemand = onDemand;
        planner = new RoutePlanner(resolver);
    }

    @Override
    public CompletionStage<Route> route(Outbound connection) {
        return route(connection, Set.of(), null);
    }

    @Override
    public CompletionStage<Route> reroute(Outbound connection, List<Route> failed) {
        Set<InetAddress> tried = new HashSet<>();
        for (Route route : failed) {
            InetSocketAddress peer = peer(route);
            if (peer != null) {
                tried.add(peer.getAddress());
            }
        }
        return route(connection, tried, null).thenApply(route -> {
            InetSocketAddress peer = peer(route);
            return peer != null && tried.contains(peer.getAddress())
                    ? new Route.Reject(
                            TunnelError.NO_ROUTE, "no other endpoint than " + IpLiteral.format(peer.getAddress()))
                    : route;
        });
    }

    /** The route that a connection would take now, and how it comes about. */
    public CompletionStage<RouteExplanation> explain(Outbound connection) {
        List<Step> steps = new ArrayList<>();
        return route(connection, Set.of(), steps).thenApply(route -> new RouteExplanation(route, steps));
    }

    private static @Nullable InetSocketAddress peer(Route route) {
        if (route instanceof Route.Tunnel tunnel) {
            return tunnel.peer();
        }
        if (route instanceof Route.NestedTunnel nested) {
            return nested.gateway();
        }
        return route instanceof Route.Direct direct ? direct.address() : null;
    }

    private CompletionStage<Route> route(Outbound connection, Set<InetAddress> failed, @Nullable List<Step> steps) {
        InetSocketAddress destination = connection.destination();
        InetAddress ip = destination.getAddress();
        Snapshot snapshot = snapshots.get();
        Resource<Workload> self = snapshot.workload(connection.source().uid());
        if (settings.illegalPorts().contains(destination.getPort()) && leadsBack(ip, self)) {
            return complete(new Route.Reject(
                    TunnelError.RECURSIVE_CALL,
                    "attempted recursive call to ourselves: " + IpLiteral.format(destination)));
        }
        String missing = missing(snapshot, connection, self);
        if (missing == null) {
            return plan(snapshot, connection, failed, steps, true);
        }
        CompletionStage<?> fetched = onDemand.fetch(missing);
        return isDone(fetched)
                ? plan(snapshots.get(), connection, failed, steps, true)
                : fetched.thenCompose(any -> plan(snapshots.get(), connection, failed, steps, true));
    }

    /** Minimal stages are futures, too, and refuse to be asked. */
    private static boolean isDone(CompletionStage<?> stage) {
        return stage.getClass() == CompletableFuture.class && ((CompletableFuture<?>) stage).isDone();
    }

    /** Stock ztunnel looks at loopback alone, and loops once through the tunnel port for the pod's own address. */
    private static boolean leadsBack(InetAddress ip, @Nullable Resource<Workload> self) {
        return ip.isLoopbackAddress()
                || ip.isAnyLocalAddress()
                || (self != null && self.value().addresses().contains(ip));
    }

    /** The name of what has to be fetched first; null when all is there. */
    private @Nullable String missing(Snapshot snapshot, Outbound connection, @Nullable Resource<Workload> self) {
        if (self == null) {
            return connection.source().uid();
        }
        InetAddress ip = connection.destination().getAddress();
        boolean known = snapshot.workloadAt(settings.network(), ip) != null
                || snapshot.serviceAt(settings.network(), ip, self.value().namespace()) != null;
        return known ? null : new NetworkAddress(settings.network(), ip).toString();
    }

    private CompletionStage<Route> plan(
            Snapshot snapshot,
            Outbound connection,
            Set<InetAddress> failed,
            @Nullable List<Step> steps,
            boolean mayFetch) {
        Resource<Workload> self = snapshot.workload(connection.source().uid());
        if (self == null) {
            return complete(new Route.Reject(
                    TunnelError.NO_ROUTE,
                    "failed to fetch information about local workload: " + connection.source()
                            + " (expected: one that the mesh knows)"));
        }
        RouteRequest request = new RouteRequest(
                snapshot,
                self,
                connection.client(),
                connection.destination(),
                settings.network(),
                failed,
                random,
                steps);
        try {
            return planner.plan(request);
        } catch (UnroutableException e) {
            String missing = e.missing();
            if (missing != null && mayFetch) {
                CompletionStage<?> fetched = onDemand.fetch(missing);
                if (!isDone(fetched)) {
                    return fetched.thenCompose(any -> plan(snapshots.get(), connection, failed, steps, false));
                }
            }
            request.note("refused", null, String.valueOf(e.getMessage()));
            return complete(new Route.Reject(TunnelError.NO_ROUTE, String.valueOf(e.getMessage())));
        }
    }

    private static CompletionStage<Route> complete(Route route) {
        return CompletableFuture.completedFuture(route);
    }
}
