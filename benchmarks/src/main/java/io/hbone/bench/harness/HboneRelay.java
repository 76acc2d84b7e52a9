package io.hbone.bench.harness;

import io.hbone.core.Authority;
import io.hbone.core.HboneSettings;
import io.hbone.core.InboundRouter.Target;
import io.hbone.core.Route;
import io.hbone.core.WorkloadMetadata;
import io.hbone.netty.h2.WindowBudget;
import io.hbone.netty.pool.TunnelDialer;
import io.hbone.netty.pool.TunnelPool;
import io.hbone.netty.proxy.InboundListener;
import io.hbone.netty.proxy.OutboundListener;
import io.hbone.netty.socket.OriginalDestination;
import io.hbone.netty.tls.TlsContexts;
import io.hbone.netty.tls.TlsProvider;
import io.netty.channel.ChannelHandler;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** The listeners of a node at both ends of our tunnel, with routers that know one way and a policy that allows everything. */
final class HboneRelay extends RelayCarrier {

    private final TlsContexts tls = new TlsContexts(TlsProvider.preferred());
    private final TunnelPool tunnels;
    private final InboundListener far;
    private final OutboundListener near;

    HboneRelay(Loopback loopback, ChannelHandler receiver) {
        super(loopback, receiver);
        HboneSettings settings = HboneSettings.DEFAULT;
        tunnels = new TunnelPool(
                new TunnelDialer(
                        loopback.client(),
                        loopback.identities(),
                        tls,
                        settings,
                        loopback.sockets(),
                        new WindowBudget(settings.processWindowBudget()),
                        loopback.observer()),
                settings);
        Target forward =
                new Target.Forward(destination(), false, WorkloadMetadata.UNKNOWN, WorkloadMetadata.UNKNOWN, null);
        far = InboundListener.builder(
                        loopback.server(), loopback.identities(), inbound -> CompletableFuture.completedFuture(forward))
                .sockets(loopback.sockets())
                .bind(loopback.serverGroup(), Loopback.anyPort())
                .syncUninterruptibly()
                .getNow();
        Route tunnel = new Route.Tunnel(
                far.localAddress(),
                loopback.expectedServers(),
                Authority.of(destination()),
                WorkloadMetadata.UNKNOWN,
                null,
                "the only one");
        near = OutboundListener.builder(
                        loopback.client(), outbound -> CompletableFuture.completedFuture(tunnel), tunnels)
                .sockets(loopback.sockets())
                .originalDestination(OriginalDestination.fixed(destination()))
                .bind(loopback.clientGroup(), Loopback.anyPort())
                .syncUninterruptibly()
                .getNow();
    }

    @Override
    InetSocketAddress entrance() {
        return near.localAddress();
    }

    @Override
    public void close() {
        super.close();
        near.drain(Duration.ZERO).syncUninterruptibly();
        far.drain(Duration.ZERO).syncUninterruptibly();
        tunnels.drain();
        tls.close();
    }
}
