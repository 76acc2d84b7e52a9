package io.hbone.netty.proxy;

import static org.awaitility.Awaitility.await;

import io.hbone.core.Authority;
import io.hbone.core.Authorizer;
import io.hbone.core.Baggage;
import io.hbone.core.Decision;
import io.hbone.core.HboneSettings;
import io.hbone.core.InboundRouter;
import io.hbone.core.OutboundRouter;
import io.hbone.core.Route;
import io.hbone.core.SpiffeId;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.core.WorkloadMetadata;
import io.hbone.netty.HboneClient;
import io.hbone.netty.TunnelResources;
import io.hbone.netty.pool.TunnelPool;
import io.hbone.netty.socket.OriginalDestination;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.Transport;
import io.hbone.netty.testing.TestPki;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * The nodes of two workloads, {@code client} and {@code server}, on loopback addresses: every connection to {@link #capture} is
 * taken for one to {@link #destination}, and goes where {@link #router} says; what arrives at the server goes to {@link
 * #inboundRouter}'s target.
 */
final class TwoNodes implements AutoCloseable {

    static final Transport TRANSPORT = Transport.of(System.getProperty("hbone.transport", "epoll"));
    static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    /** Who the workloads are in logs. */
    static final WorkloadMetadata CLIENT =
            new WorkloadMetadata("client-1", "default", null, "client", "deployment", "client", "v1", "c1", "r", "z");

    static final WorkloadMetadata SERVER =
            new WorkloadMetadata("server-1", "default", null, "server", "deployment", "server", "v1", "c1", "r", "z");

    final TestPki pki = TestPki.ca("cluster.local");
    final WorkloadCertificate clientCertificate = pki.workload("default", "client");
    final WorkloadCertificate serverCertificate = pki.workload("default", "server");
    final WorkloadIdentity client = TestPki.identityOf(clientCertificate);
    final WorkloadIdentity server = TestPki.identityOf(serverCertificate);
    final TestPki.Source identities = TestPki.source(clientCertificate, serverCertificate);
    final HboneSettings settings;
    final Sockets sockets = Sockets.of(TRANSPORT);
    final EventLoopGroup loops = TRANSPORT.newEventLoopGroup(2, "node");
    final Recorder outbound = new Recorder();
    final Recorder inbound = new Recorder();
    final TunnelResources resources;
    final TunnelPool pool;
    final HboneClient nested;

    final OutboundListener capture;
    final InboundListener tunnelPort;

    /** Where applications want to go, as the redirect would tell. */
    volatile InetSocketAddress destination = new InetSocketAddress(InetAddress.getLoopbackAddress(), 80);

    volatile OutboundRouter router =
            connection -> CompletableFuture.completedFuture(tunnelTo(connection.destination()));
    volatile InboundRouter inboundRouter;
    volatile Authorizer authorizer = Authorizer.ALLOW_ALL;

    TwoNodes(InetSocketAddress application) throws Exception {
        this(application, HboneSettings.DEFAULT);
    }

    TwoNodes(InetSocketAddress application, HboneSettings settings) throws Exception {
        this.settings = settings;
        inboundRouter = connection -> CompletableFuture.completedFuture(forwardTo(application));
        resources = TunnelResources.of(settings);
        pool = resources.newPool(client, identities, settings, sockets, outbound);
        nested = HboneClient.builder(client, identities)
                .group(loops)
                .resources(resources)
                .sockets(sockets)
                .settings(settings)
                .observer(outbound)
                .build();
        tunnelPort = get(InboundListener.builder(server, identities, connection -> inboundRouter.route(connection))
                .authorizer(request -> authorizer.authorize(request))
                .responseBaggage(SERVER.toBaggage())
                .settings(settings)
                .resources(resources)
                .sockets(sockets)
                .observer(inbound)
                .bind(loops, ANY_PORT));
        capture = get(OutboundListener.builder(client, whatRouterSays(), pool)
                .metadata(CLIENT)
                .network("n1")
                .nestedTunnels(nested)
                .settings(settings)
                .sockets(sockets)
                .observer(outbound)
                .originalDestination(accepted -> destination)
                .bind(loops, ANY_PORT));
    }

    private OutboundRouter whatRouterSays() {
        return new OutboundRouter() {
            @Override
            public CompletionStage<Route> route(Outbound connection) {
                return router.route(connection);
            }

            @Override
            public CompletionStage<Route> reroute(Outbound connection, List<Route> failed) {
                return router.reroute(connection, failed);
            }
        };
    }

    Route tunnelTo(InetSocketAddress target) {
        return tunnel(tunnelPort.localAddress(), Set.of(server.spiffeId()), target);
    }

    static Route tunnel(InetSocketAddress peer, Set<SpiffeId> expected, InetSocketAddress target) {
        return new Route.Tunnel(
                peer,
                expected,
                Authority.of(target),
                SERVER,
                new Route.ServiceRef("default", "server", "server.default.svc.cluster.local"),
                "test");
    }

    static Route direct(InetSocketAddress target) {
        return new Route.Direct(target, WorkloadMetadata.UNKNOWN, null, "test");
    }

    void routeTo(Route route) {
        router = connection -> CompletableFuture.completedFuture(route);
    }

    static InboundRouter.Target forwardTo(InetSocketAddress application) {
        return new InboundRouter.Target.Forward(application, true, WorkloadMetadata.UNKNOWN, SERVER, null);
    }

    void denyAll() {
        authorizer = request -> new Decision.Deny("default/nobody", "explicitly denied");
    }

    /** A plaintext port of the server's node, for connections to {@code target}. */
    PlaintextListener plaintextTo(InetSocketAddress target) throws Exception {
        return get(PlaintextListener.builder(
                        connection -> CompletableFuture.completedFuture(forwardTo(connection.local())))
                .authorizer(request -> authorizer.authorize(request))
                .settings(settings)
                .sockets(sockets)
                .observer(inbound)
                .originalDestination(OriginalDestination.fixed(target))
                .bind(loops, ANY_PORT));
    }

    /** Another workload's tunnel port. */
    InboundListener tunnelPortOf(WorkloadIdentity workload, InboundRouter to, Recorder observer) throws Exception {
        return get(InboundListener.builder(workload, identities, to)
                .responseBaggage(Baggage.EMPTY)
                .settings(settings)
                .sockets(sockets)
                .observer(observer)
                .bind(loops, ANY_PORT));
    }

    static <T> T get(Future<T> future) throws Exception {
        return future.get(20, TimeUnit.SECONDS);
    }

    @Override
    public void close() throws Exception {
        get(capture.drain(Duration.ZERO));
        get(tunnelPort.drain(Duration.ZERO));
        pool.drain();
        nested.close();
        await().until(() -> outbound.isQuiet() && inbound.isQuiet());
        loops.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
        resources.close();
    }
}
