package io.hbone.netty;

import io.hbone.core.ConnectionObserver;
import io.hbone.core.HboneSettings;
import io.hbone.core.IdentitySource;
import io.hbone.core.WorkloadIdentity;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.Transport;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Builds and binds an {@link HboneServer}. */
public final class HboneServerBuilder {

    private final WorkloadIdentity self;
    private final IdentitySource identities;
    private final StreamAcceptor acceptor;
    private HboneSettings settings = HboneSettings.DEFAULT;
    private Sockets sockets = Sockets.of(Transport.preferred());
    private ConnectionObserver observer = ConnectionObserver.NONE;
    private RandomGenerator random = () -> ThreadLocalRandom.current().nextLong();
    private @Nullable EventLoopGroup group;
    private @Nullable TunnelResources resources;

    HboneServerBuilder(WorkloadIdentity self, IdentitySource identities, StreamAcceptor acceptor) {
        this.self = Objects.requireNonNull(self, "self");
        this.identities = Objects.requireNonNull(identities, "identities");
        this.acceptor = Objects.requireNonNull(acceptor, "acceptor");
    }

    /** Windows, limits and deadlines; {@link HboneSettings#DEFAULT} if not said. */
    public HboneServerBuilder settings(HboneSettings value) {
        settings = Objects.requireNonNull(value, "settings");
        return this;
    }

    /** The sockets of tunnels; plain ones of the preferred transport if not said. */
    public HboneServerBuilder sockets(Sockets value) {
        sockets = Objects.requireNonNull(value, "sockets");
        return this;
    }

    /**
     * Event loops of the sockets' transport, which stay the caller's; the server's own, one for each processor, if not said. Make
     * them with {@link Transport#newEventLoopGroup}: on a plain {@code EpollIoHandler} nothing protects from netty#16689.
     */
    public HboneServerBuilder group(EventLoopGroup value) {
        group = Objects.requireNonNull(value, "group");
        return this;
    }

    /**
     * What it shares with other clients and servers; stays the caller's to close, after this one. Its own if not said.
     */
    public HboneServerBuilder resources(TunnelResources value) {
        resources = Objects.requireNonNull(value, "resources");
        return this;
    }

    /** Told about tunnels, and about peers that were turned away. */
    public HboneServerBuilder observer(ConnectionObserver value) {
        observer = Objects.requireNonNull(value, "observer");
        return this;
    }

    /** For the trace parents of requests that bring none; safe for use by any thread. */
    public HboneServerBuilder random(RandomGenerator value) {
        random = Objects.requireNonNull(value, "random");
        return this;
    }

    /** Listens on {@code address}; port 0 takes any. */
    public Future<HboneServer> bind(InetSocketAddress address) {
        Holdings holdings = Holdings.of(group, resources, settings, sockets.transport(), "hbone-server");
        TunnelAcceptor tunnels = new TunnelAcceptor(
                self,
                identities,
                holdings.resources().tls(),
                settings,
                holdings.resources().budget(),
                observer,
                acceptor,
                random);
        Promise<HboneServer> bound = GlobalEventExecutor.INSTANCE.newPromise();
        ServerBootstrap bootstrap =
                sockets.listener(holdings.workers(), holdings.workers()).childHandler(tunnels);
        sockets.factory()
                .enter(() -> bootstrap.bind(address).addListener((ChannelFuture listening) -> {
                    if (listening.isSuccess()) {
                        bound.setSuccess(new ListeningHboneServer(listening.channel(), tunnels, holdings));
                    } else {
                        holdings.release();
                        bound.setFailure(listening.cause());
                    }
                }));
        return bound;
    }
}
