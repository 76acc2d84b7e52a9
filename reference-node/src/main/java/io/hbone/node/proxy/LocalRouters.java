package io.hbone.node.proxy;

import io.hbone.core.InboundRouter;
import io.hbone.core.OutboundRouter;
import io.hbone.core.Route;
import io.hbone.core.TunnelError;
import io.hbone.node.proxy.LocalWorkload.InMesh;
import io.hbone.xds.model.NetworkAddress;
import io.hbone.xds.routing.OnDemand;
import io.hbone.xds.routing.StoreInboundRouter;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Routes on behalf of one local workload, by the name that the mesh has for it; until it has one, connections wait. */
final class LocalRouters implements OutboundRouter, InboundRouter {
    private final LocalWorkload workload;
    private final OutboundRouter outbound;
    private final Function<String, StoreInboundRouter> inbound;
    private final OnDemand onDemand;
    private final String network;
    private volatile @Nullable InboundOf last;

    /**
     * @param inbound makes the router of a workload of that uid
     * @param onDemand where to ask for the workload by its address
     * @param network that its addresses are in
     */
    LocalRouters(
            LocalWorkload workload,
            OutboundRouter outbound,
            Function<String, StoreInboundRouter> inbound,
            OnDemand onDemand,
            String network) {
        this.workload = workload;
        this.outbound = outbound;
        this.inbound = inbound;
        this.onDemand = onDemand;
        this.network = network;
    }

    private record InboundOf(String uid, InboundRouter router) {}

    @Override
    public CompletionStage<Route> route(Outbound connection) {
        InMesh now = workload.now();
        return now != null
                ? outbound.route(of(now, connection))
                : soon(connection.client().getAddress())
                        .thenCompose(later -> later == null
                                ? CompletableFuture.completedFuture(new Route.Reject(TunnelError.NO_ROUTE, unknown()))
                                : outbound.route(of(later, connection)));
    }

    @Override
    public CompletionStage<Route> reroute(Outbound connection, List<Route> failed) {
        InMesh now = workload.now();
        return now == null
                ? OutboundRouter.super.reroute(connection, failed)
                : outbound.reroute(of(now, connection), failed);
    }

    private static Outbound of(InMesh source, Outbound connection) {
        return new Outbound(source.named(), connection.client(), connection.destination());
    }

    @Override
    public CompletionStage<Target> route(Inbound connection) {
        InMesh now = workload.now();
        return now != null
                ? inboundOf(now).route(connection)
                : soon(connection.local().getAddress())
                        .thenCompose(later -> later == null
                                ? CompletableFuture.completedFuture(
                                        new Target.Refuse(503, TunnelError.NO_ROUTE, unknown()))
                                : inboundOf(later).route(connection));
    }

    private InboundRouter inboundOf(InMesh self) {
        String uid = self.named().uid();
        InboundOf known = last;
        if (known == null || !known.uid.equals(uid)) {
            known = new InboundOf(uid, inbound.apply(uid));
            last = known;
        }
        return known.router;
    }

    private CompletionStage<@Nullable InMesh> soon(@Nullable InetAddress own) {
        if (own != null) {
            onDemand.fetch(new NetworkAddress(network, own).toString());
        }
        return workload.soon();
    }

    private String unknown() {
        return "failed to fetch information about local workload: " + workload + " after "
                + Arrivals.PATIENCE.toSeconds() + "s (expected: one that the mesh knows)";
    }
}
