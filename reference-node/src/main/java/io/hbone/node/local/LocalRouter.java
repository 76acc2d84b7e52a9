package io.hbone.node.local;

import io.hbone.core.Authority;
import io.hbone.core.ConnectRequest;
import io.hbone.core.InboundRouter;
import io.hbone.core.OutboundRouter;
import io.hbone.core.Route;
import io.hbone.core.SpiffeId;
import io.hbone.core.TunnelError;
import io.hbone.core.WorkloadMetadata;
import io.hbone.node.config.ConfigException;
import io.hbone.node.config.WorkloadInfo;
import io.hbone.node.local.RoutingTable.Backends;
import io.hbone.node.local.RoutingTable.Endpoint;
import io.hbone.node.text.Ip;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Routes the connections of one workload by a {@link LocalMesh} (spec/ztunnel.md 4.1 and 5, without waypoints, gateways and
 * policies). Every answer is complete at once. Safe for use by any thread when the random generator is.
 */
public final class LocalRouter implements OutboundRouter, InboundRouter {
    private final RoutingTable table;
    private final LocalWorkload self;
    private final String network;
    private final Set<Integer> illegalPorts;
    private final boolean preserveSource;
    private final boolean believeBaggage;
    private final RandomGenerator random;

    /**
     * @param workload whose connections these are
     * @param network its network
     * @param illegalPorts the node's own ports: what goes there would come back. Looked at for each connection, as ports that the
     *     system chooses are known late; must be safe for use by any thread
     * @param preserveSource whether applications may see the client's address as the source
     * @param believeBaggage whether what a peer says of itself counts where the file does not know it
     * @param random draws endpoints; need not be secure
     * @throws ConfigException when {@code mesh} does not have {@code workload}
     */
    public LocalRouter(
            LocalMesh mesh,
            WorkloadInfo workload,
            String network,
            Set<Integer> illegalPorts,
            boolean preserveSource,
            boolean believeBaggage,
            RandomGenerator random) {
        LocalWorkload found = mesh.find(workload);
        if (found == null) {
            throw ConfigException.of("PROXY_WORKLOAD_INFO", workload.toString(), "a workload of the local file");
        }
        this.self = found;
        this.table = new RoutingTable(mesh, network, workload.namespace());
        this.network = network;
        this.illegalPorts = illegalPorts;
        this.preserveSource = preserveSource;
        this.believeBaggage = believeBaggage;
        this.random = random;
    }

    @Override
    public CompletionStage<Route> route(Outbound connection) {
        return CompletableFuture.completedFuture(outbound(connection.destination()));
    }

    private Route outbound(InetSocketAddress destination) {
        InetAddress ip = destination.getAddress();
        if (leadsBack(ip) && illegalPorts.contains(destination.getPort())) {
            return new Route.Reject(
                    TunnelError.RECURSIVE_CALL, "attempted recursive call to ourselves: " + Ip.format(destination));
        }
        Backends backends = table.serviceAt(ip);
        if (backends != null) {
            Endpoint endpoint = backends.pick(destination.getPort(), random);
            if (endpoint == null) {
                return new Route.Reject(TunnelError.NO_ROUTE, "no healthy upstream: " + Ip.format(destination));
            }
            LocalWorkload workload = endpoint.workload();
            InetAddress address = addressLike(ip, workload);
            Route.ServiceRef service = backends.service().ref();
            return to(workload, address, endpoint.port(), endpoint.expectedPeers(), service);
        }
        LocalWorkload workload = table.workloadAt(ip);
        if (workload == null) {
            return new Route.Direct(destination, WorkloadMetadata.UNKNOWN, null, "the destination is not known");
        }
        return to(workload, ip, destination.getPort(), workload.expectedPeers(), null);
    }

    private static Route to(
            LocalWorkload workload,
            InetAddress address,
            int port,
            Set<SpiffeId> expectedPeers,
            Route.@Nullable ServiceRef service) {
        InetSocketAddress application = new InetSocketAddress(address, port);
        if (!workload.enrolled()) {
            return new Route.Direct(application, workload.metadata(), service, "the destination is not enrolled");
        }
        return new Route.Tunnel(
                new InetSocketAddress(address, workload.tunnelPort()),
                expectedPeers,
                Authority.of(application),
                workload.metadata(),
                service,
                "the destination is enrolled");
    }

    /** Of several addresses one of the family that was dialled, because the client certainly reaches that family. */
    private static InetAddress addressLike(InetAddress dialled, LocalWorkload workload) {
        for (InetAddress address : workload.addresses()) {
            if (address.getClass() == dialled.getClass()) {
                return address;
            }
        }
        return workload.addresses().get(0);
    }

    /** Stock ztunnel looks at loopback alone, and loops once through the tunnel port for the pod's own address. */
    private boolean leadsBack(InetAddress ip) {
        return ip.isLoopbackAddress()
                || ip.isAnyLocalAddress()
                || self.addresses().contains(ip);
    }

    @Override
    public CompletionStage<Target> route(Inbound connection) {
        ConnectRequest request = connection.request();
        return CompletableFuture.completedFuture(
                request == null ? plaintext(connection) : tunnelled(connection, request));
    }

    private Target tunnelled(Inbound connection, ConnectRequest request) {
        InetAddress local = connection.local().getAddress();
        Authority authority = request.authority();
        InetAddress asked = authority.address();
        if (asked == null) {
            LocalService service = table.serviceByHost(authority.host());
            // An endpoint that the service does not count as its own must not serve in its name.
            if (service != null && self.services().containsKey(service.key())) {
                int port = service.targetPort(self, authority.port());
                if (port > 0) {
                    return forward(connection, request, new InetSocketAddress(local, port), service.ref());
                }
            }
            return new Target.Refuse(
                    503, TunnelError.NO_ROUTE, "no service of this workload on that port: " + authority);
        }
        if (!asked.equals(local)) {
            return new Target.Refuse(
                    400,
                    TunnelError.DESTINATION_MISMATCH,
                    "ip mismatch: " + Ip.format(local) + " != " + authority.host());
        }
        return forward(
                connection,
                request,
                new InetSocketAddress(local, authority.port()),
                serviceOn(authority.port(), request));
    }

    private Target plaintext(Inbound connection) {
        InetSocketAddress dialled = connection.local();
        return forward(connection, null, dialled, serviceOn(dialled.getPort(), null));
    }

    private Target forward(
            Inbound connection,
            @Nullable ConnectRequest request,
            InetSocketAddress application,
            Route.@Nullable ServiceRef service) {
        if (illegalPorts.contains(application.getPort())) {
            return new Target.Refuse(
                    503,
                    TunnelError.RECURSIVE_CALL,
                    "attempted recursive call to ourselves: " + Ip.format(application));
        }
        return new Target.Forward(
                application,
                preserves(connection.peer().getAddress(), application.getAddress()),
                sourceOf(connection, request),
                self.metadata(),
                service);
    }

    /** A socket with equal ends cannot be told from one to oneself. */
    private boolean preserves(InetAddress source, InetAddress destination) {
        return preserveSource && !source.equals(destination);
    }

    /** What is known of the peer: the file counts more than what it says of itself, and only TLS proves an identity. */
    private WorkloadMetadata sourceOf(Inbound connection, @Nullable ConnectRequest request) {
        SpiffeId identity = connection.peerIdentity();
        String origin = request == null ? null : request.originNetwork();
        boolean sameNetwork = origin == null || origin.equalsIgnoreCase(network);
        LocalWorkload known = sameNetwork ? table.workloadAt(connection.peer().getAddress()) : null;
        if (known != null) {
            if (identity == null) {
                return known.unproven();
            }
            return identity.equals(known.identity())
                    ? known.metadata()
                    : LocalMesh.metadata(known.unproven(), identity);
        }
        if (request != null && believeBaggage) {
            return WorkloadMetadata.of(request.baggage(), identity);
        }
        return LocalMesh.metadata(WorkloadMetadata.UNKNOWN, identity);
    }

    /** Which service the client most likely meant: the one it names when it is ours, else one on that port. */
    private Route.@Nullable ServiceRef serviceOn(int port, @Nullable ConnectRequest request) {
        if (self.services().isEmpty()) {
            return null;
        }
        String named = request == null ? null : request.forwarded().host();
        LocalService meant = named == null ? null : table.serviceByHost(named.toLowerCase(Locale.ROOT));
        if (meant != null && self.services().containsKey(meant.key())) {
            return meant.ref();
        }
        for (Map.Entry<String, Map<Integer, Integer>> entry : self.services().entrySet()) {
            String key = entry.getKey();
            LocalService service = table.serviceByHost(key.substring(key.indexOf('/') + 1));
            if (service == null || !service.key().equals(key)) {
                continue;
            }
            for (int servicePort : service.ports().keySet()) {
                if (service.targetPort(self, servicePort) == port) {
                    return service.ref();
                }
            }
        }
        return null;
    }
}
