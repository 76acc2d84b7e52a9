package io.hbone.netty.proxy;

import io.hbone.core.Baggage;
import io.hbone.core.IdentitySource;
import io.hbone.core.InboundRouter;
import io.hbone.core.WorkloadIdentity;
import io.hbone.netty.HboneServer;
import io.hbone.netty.TunnelResources;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Accepts tunnels for one local workload (port 15008), and forwards to its application what an {@link InboundRouter} and policies
 * allow. Safe for use by any thread.
 */
public final class InboundListener {

    private final HboneServer server;
    private final LiveConnections<InboundConnection> connections;

    private InboundListener(HboneServer server, LiveConnections<InboundConnection> connections) {
        this.server = server;
        this.connections = connections;
    }

    /**
     * A builder of a listener.
     *
     * @param self the local workload
     * @param identities where its certificates come from; stays the caller's to close
     * @param router decides about every stream
     */
    public static Builder builder(WorkloadIdentity self, IdentitySource identities, InboundRouter router) {
        return new Builder(self, identities, router);
    }

    /** Where it listens. */
    public InetSocketAddress localAddress() {
        return server.localAddress();
    }

    /** How many connections to the application are open. */
    public int activeConnections() {
        return connections.size();
    }

    /** Policies have changed: connections that they no longer allow are closed. */
    public void reauthorize() {
        connections.forEachAgain(InboundConnection::reauthorize);
    }

    /**
     * Stops listening, tells peers to open no more streams; streams go on.
     *
     * @param deadline after which those that are left end with {@link io.hbone.core.TunnelError#DRAINED}
     * @return done when neither a tunnel nor a connection to the application is left
     */
    public Future<Void> drain(Duration deadline) {
        Promise<Void> drained = GlobalEventExecutor.INSTANCE.newPromise();
        server.drain(deadline).addListener(withoutTunnels -> {
            server.close();
            // an application that does not read what its peer has sent would keep its connection for ever
            connections.drain(Duration.ZERO).addListener(done -> drained.setSuccess(null));
        });
        return drained;
    }

    /** Builds and binds an {@link InboundListener}. All parts may be shared with other listeners. */
    public static final class Builder extends InboundBuilder<Builder> {

        private final WorkloadIdentity workload;
        private final IdentitySource identities;
        private @Nullable RandomGenerator random;
        private @Nullable TunnelResources resources;

        private Builder(WorkloadIdentity workload, IdentitySource identities, InboundRouter router) {
            super(router);
            this.workload = Objects.requireNonNull(workload, "self");
            this.identities = Objects.requireNonNull(identities, "identities");
        }

        @Override
        Builder self() {
            return this;
        }

        /** What peers are told of the workload when their request is granted; {@link Baggage#EMPTY}, nothing, if not said. */
        public Builder responseBaggage(Baggage value) {
            Objects.requireNonNull(value, "baggage");
            return responseBaggage(() -> value);
        }

        /**
         * The same where it is learned later, or changes.
         *
         * @param newest called for each connection on its event loop, returns at once
         */
        public Builder responseBaggage(Supplier<Baggage> newest) {
            setBaggage(newest);
            return this;
        }

        /** What it shares with other listeners and pools; stays the caller's to close, after this one. Its own if not said. */
        public Builder resources(TunnelResources value) {
            resources = Objects.requireNonNull(value, "resources");
            return this;
        }

        /** For the names of connections whose peers sent none; safe for use by any thread. */
        public Builder random(RandomGenerator value) {
            random = Objects.requireNonNull(value, "random");
            return this;
        }

        /**
         * Listens on {@code address}; port 0 takes any, the IPv6 wildcard takes both families.
         *
         * @param group event loops made by the sockets' {@link io.hbone.netty.socket.Transport#newEventLoopGroup}; stay the
         *     caller's
         */
        public Future<InboundListener> bind(EventLoopGroup group, InetSocketAddress address) {
            InboundParts parts = parts();
            LiveConnections<InboundConnection> connections = new LiveConnections<>();
            var server = HboneServer.builder(
                            workload, identities, stream -> new InboundConnection(parts, stream, connections).start())
                    .group(group)
                    // tunnels are watched with PING; TCP's keepalive would only add to it
                    .sockets(listenSockets().withKeepalive(null))
                    .settings(settings())
                    .observer(observer());
            if (random != null) {
                server.random(random);
            }
            if (resources != null) {
                server.resources(resources);
            }
            Promise<InboundListener> bound = GlobalEventExecutor.INSTANCE.newPromise();
            server.bind(address).addListener((Future<HboneServer> listening) -> {
                if (listening.isSuccess()) {
                    bound.setSuccess(new InboundListener(listening.getNow(), connections));
                } else {
                    bound.setFailure(listening.cause());
                }
            });
            return bound;
        }
    }
}
