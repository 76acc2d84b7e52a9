package io.hbone.xds.routing;

import io.hbone.core.Authority;
import io.hbone.core.ConnectRequest;
import io.hbone.core.InboundRouter;
import io.hbone.core.IpLiteral;
import io.hbone.core.Route;
import io.hbone.core.SpiffeId;
import io.hbone.core.TunnelError;
import io.hbone.core.WorkloadMetadata;
import io.hbone.xds.model.ApplicationTunnel;
import io.hbone.xds.model.GatewayAddress;
import io.hbone.xds.model.NetworkAddress;
import io.hbone.xds.model.PortMap;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Vip;
import io.hbone.xds.model.Workload;
import io.hbone.xds.store.Resource;
import io.hbone.xds.store.Snapshot;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Routes what arrives for one local workload (spec/ztunnel.md 5), each by the newest snapshot. Answers are complete at once, unless
 * something has to be fetched. Safe for use by any thread when its parts are.
 */
public final class StoreInboundRouter implements InboundRouter {
    private final Supplier<Snapshot> snapshots;
    private final String uid;
    private final RoutingSettings settings;
    private final OnDemand onDemand;

    /** For a mesh of which everything is known. */
    public StoreInboundRouter(Supplier<Snapshot> snapshots, String uid, RoutingSettings settings) {
        this(snapshots, uid, settings, OnDemand.NEVER);
    }

    /**
     * @param snapshots gives the newest; called for each connection
     * @param uid of the workload
     * @param onDemand for what is not known
     */
    public StoreInboundRouter(Supplier<Snapshot> snapshots, String uid, RoutingSettings settings, OnDemand onDemand) {
        this.snapshots = snapshots;
        this.uid = uid;
        this.settings = settings;
        this.onDemand = onDemand;
    }

    @Override
    public CompletionStage<Target> route(Inbound connection) {
        Snapshot snapshot = snapshots.get();
        Resource<Workload> self = snapshot.workload(uid);
        if (self == null) {
            return onDemand.fetch(uid).thenCompose(any -> withSelf(connection));
        }
        return knowing(snapshot, self.value(), connection);
    }

    private CompletionStage<Target> withSelf(Inbound connection) {
        Snapshot snapshot = snapshots.get();
        Resource<Workload> self = snapshot.workload(uid);
        return self == null
                ? CompletableFuture.completedFuture(unknownSelf())
                : knowing(snapshot, self.value(), connection);
    }

    private Target unknownSelf() {
        return new Target.Refuse(
                503, TunnelError.NO_ROUTE, "local workload: " + uid + " (expected: one that the mesh knows)");
    }

    /** Fetches first what the request is about, where that is not known and decides. */
    private CompletionStage<Target> knowing(Snapshot snapshot, Workload self, Inbound connection) {
        String missing = missing(snapshot, self, connection);
        if (missing == null) {
            return CompletableFuture.completedFuture(target(snapshot, self, connection));
        }
        return onDemand.fetch(missing).thenApply(any -> {
            Snapshot newer = snapshots.get();
            Resource<Workload> found = newer.workload(uid);
            return found == null ? unknownSelf() : target(newer, found.value(), connection);
        });
    }

    /** The name of what has to be fetched first; null when all is there. */
    private @Nullable String missing(Snapshot snapshot, Workload self, Inbound connection) {
        ConnectRequest request = connection.request();
        if (request == null) {
            return null;
        }
        InetAddress asked = request.authority().address();
        if (asked == null) {
            return InboundServices.missing(snapshot, self, request.authority().host());
        }
        boolean decided = asked.equals(connection.local().getAddress()) || self.applicationTunnel() != null;
        return decided
                        || snapshot.workloadAt(settings.network(), asked) != null
                        || snapshot.serviceAt(settings.network(), asked, self.namespace()) != null
                ? null
                : new NetworkAddress(settings.network(), asked).toString();
    }

    private Target target(Snapshot snapshot, Workload self, Inbound connection) {
        ConnectRequest request = connection.request();
        if (request == null) {
            InetSocketAddress dialled = connection.local();
            return forward(
                    snapshot,
                    self,
                    connection,
                    dialled,
                    null,
                    InboundServices.on(snapshot, self, dialled.getPort(), null));
        }
        return tunnelled(snapshot, self, connection, request);
    }

    private Target tunnelled(Snapshot snapshot, Workload self, Inbound connection, ConnectRequest request) {
        InetAddress local = connection.local().getAddress();
        Authority authority = request.authority();
        InetAddress asked = authority.address();
        Service named = null;
        int port = authority.port();
        if (asked == null) {
            Resource<Service> found = snapshot.serviceByHost(authority.host(), self.namespace());
            named = found == null ? null : found.value();
            port = named == null ? PortMap.ABSENT : InboundServices.targetPort(named, self, authority.port());
        } else if (!isOurs(snapshot, self, asked, local)) {
            return new Target.Refuse(
                    400,
                    TunnelError.DESTINATION_MISMATCH,
                    "ip mismatch: " + IpLiteral.format(local) + " != " + authority.host());
        }
        InetSocketAddress announced = null;
        InetAddress to = local;
        ApplicationTunnel tunnel = self.applicationTunnel();
        if (tunnel != null) {
            port = tunnel.port() > 0 ? tunnel.port() : asked == null && port <= 0 ? authority.port() : port;
            if (tunnel.protocol() == ApplicationTunnel.Protocol.PROXY) {
                InetAddress meant = asked != null ? asked : named == null ? null : vip(named);
                announced = new InetSocketAddress(meant == null ? local : meant, authority.port());
                to = settings.loopbackTunnels() ? loopback(local) : local;
            }
        }
        if (port <= 0) {
            return new Target.Refuse(
                    503, TunnelError.NO_ROUTE, "no service of this workload on that port: " + authority);
        }
        Route.ServiceRef service =
                named != null ? named.ref() : InboundServices.on(snapshot, self, authority.port(), request);
        return forward(snapshot, self, connection, new InetSocketAddress(to, port), announced, service);
    }

    /** spec/ztunnel.md 5.1, step 4. */
    private boolean isOurs(Snapshot snapshot, Workload self, InetAddress asked, InetAddress local) {
        return asked.equals(local) || self.applicationTunnel() != null || isWaypointOf(snapshot, self, asked, local);
    }

    /** Whether {@code asked} belongs to something that this workload is the waypoint of. */
    private boolean isWaypointOf(Snapshot snapshot, Workload self, InetAddress asked, InetAddress local) {
        Resource<Workload> workload = snapshot.workloadAt(settings.network(), asked);
        if (workload != null) {
            GatewayAddress waypoint = workload.value().waypoint();
            return waypoint != null && leadsTo(snapshot, waypoint, self, local);
        }
        Resource<Service> service = snapshot.serviceAt(settings.network(), asked, self.namespace());
        if (service == null) {
            return false;
        }
        GatewayAddress waypoint = service.value().waypoint();
        return (waypoint != null && leadsTo(snapshot, waypoint, self, local))
                || service.value().weightedWaypoints().stream()
                        .anyMatch(weighted -> leadsTo(snapshot, weighted.waypoint(), self, local));
    }

    private static boolean leadsTo(Snapshot snapshot, GatewayAddress waypoint, Workload self, InetAddress local) {
        Resource<Service> service;
        Resource<Workload> workload;
        if (waypoint.destination() instanceof GatewayAddress.Hostname name) {
            service = snapshot.service(name);
            workload = snapshot.workloadByHostname(name.namespace(), name.hostname());
        } else {
            GatewayAddress.Address at = (GatewayAddress.Address) waypoint.destination();
            service = snapshot.serviceAt(at.address().network(), at.address().address(), self.namespace());
            workload = snapshot.workloadAt(at.address().network(), at.address().address());
        }
        return (service != null && self.services().containsKey(service.value().key()))
                || (workload != null && workload.value().addresses().contains(local));
    }

    /** What stands for a service: in our network before others, and there IPv4 before IPv6. */
    private @Nullable InetAddress vip(Service service) {
        InetAddress best = null;
        int bestRank = -1;
        for (Vip vip : service.vips()) {
            InetAddress address = vip.range().address();
            int rank = !vip.network().equals(settings.network()) ? 0 : address instanceof Inet4Address ? 2 : 1;
            if (rank > bestRank && vip.range().isSingle()) {
                best = address;
                bestRank = rank;
            }
        }
        return best;
    }

    private static InetAddress loopback(InetAddress like) {
        return like instanceof Inet4Address ? Loopback.V4 : Loopback.V6;
    }

    private Target forward(
            Snapshot snapshot,
            Workload self,
            Inbound connection,
            InetSocketAddress application,
            @Nullable InetSocketAddress announced,
            Route.@Nullable ServiceRef service) {
        if (settings.illegalPorts().contains(application.getPort())) {
            return new Target.Refuse(
                    503,
                    TunnelError.RECURSIVE_CALL,
                    "attempted recursive call to ourselves: " + IpLiteral.format(application));
        }
        InetAddress source = connection.peer().getAddress();
        // A socket with equal ends cannot be told from one to oneself; to loopback no other address finds its way.
        boolean preserve = settings.preserveSource()
                && !source.equals(application.getAddress())
                && (announced == null || !application.getAddress().isLoopbackAddress());
        return new Target.Forward(
                application, preserve, sourceOf(snapshot, connection), self.metadata(), service, announced);
    }

    /** What is known of the peer: the mesh counts more than what it says of itself, and only TLS proves an identity. */
    private WorkloadMetadata sourceOf(Snapshot snapshot, Inbound connection) {
        SpiffeId identity = connection.peerIdentity();
        ConnectRequest request = connection.request();
        String origin = request == null ? null : request.originNetwork();
        boolean sameNetwork = origin == null || origin.equalsIgnoreCase(settings.network());
        Resource<Workload> known = sameNetwork
                ? snapshot.workloadAt(settings.network(), connection.peer().getAddress())
                : null;
        if (known != null) {
            return known.value().metadata(identity);
        }
        if (request != null && settings.believeBaggage()) {
            return WorkloadMetadata.of(request.baggage(), identity);
        }
        return new WorkloadMetadata("", "", identity, "", "", "", "", "", "", "");
    }
}
