package io.hbone.netty.proxy;

import io.hbone.core.ConnectionObserver;
import io.hbone.core.HboneSettings;
import io.hbone.core.OutboundRouter;
import io.hbone.core.WorkloadIdentity;
import io.hbone.core.WorkloadMetadata;
import io.hbone.netty.HboneClient;
import io.hbone.netty.pool.TunnelPool;
import io.hbone.netty.socket.OriginalDestination;
import io.hbone.netty.socket.OriginalSource;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.Transport;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Captures what one local workload's applications open (port 15001) and carries it where an {@link OutboundRouter} says: through a
 * tunnel, or plain. Safe for use by any thread.
 */
public final class OutboundListener {

    private final ListenSocket<OutboundConnection> socket;

    private OutboundListener(ListenSocket<OutboundConnection> socket) {
        this.socket = socket;
    }

    /**
     * A builder of a listener.
     *
     * @param self the local workload
     * @param router decides about every connection
     * @param tunnels of that workload; stays the caller's to drain
     */
    public static Builder builder(WorkloadIdentity self, OutboundRouter router, TunnelPool tunnels) {
        return new Builder(self, router, tunnels);
    }

    /** Where it listens. */
    public InetSocketAddress localAddress() {
        return socket.localAddress();
    }

    /** How many connections are open. */
    public int activeConnections() {
        return socket.connections().size();
    }

    /**
     * Stops listening; connections go on.
     *
     * @param deadline after which those that are left end with {@link io.hbone.core.TunnelError#DRAINED}
     * @return done when no connection is left
     */
    public Future<Void> drain(Duration deadline) {
        return socket.drain(deadline);
    }

    /** Builds and binds an {@link OutboundListener}. All parts may be shared with other listeners. */
    public static final class Builder {

        private final WorkloadIdentity self;
        private final OutboundRouter router;
        private final TunnelPool tunnels;
        private Supplier<WorkloadMetadata> metadata = () -> WorkloadMetadata.UNKNOWN;
        private @Nullable String network;
        private @Nullable HboneClient nested;
        private HboneSettings settings = HboneSettings.DEFAULT;
        private Sockets sockets = Sockets.of(Transport.preferred());
        private @Nullable Sockets listenSockets;
        private ConnectionObserver observer = ConnectionObserver.NONE;
        private OriginalDestination originalDestination = OriginalDestination.KERNEL;
        private Set<Integer> illegalPorts = IllegalPorts.DEFAULT;
        private RandomGenerator random = () -> ThreadLocalRandom.current().nextLong();

        private Builder(WorkloadIdentity self, OutboundRouter router, TunnelPool tunnels) {
            this.self = Objects.requireNonNull(self, "self");
            this.router = Objects.requireNonNull(router, "router");
            this.tunnels = Objects.requireNonNull(tunnels, "tunnels");
        }

        /** What peers, logs and metrics are told of the workload; nothing if not said. */
        public Builder metadata(WorkloadMetadata value) {
            Objects.requireNonNull(value, "metadata");
            return metadata(() -> value);
        }

        /**
         * The same where it is learned later, or changes.
         *
         * @param newest called for each connection on its event loop, returns at once, and the same object for as long as nothing
         *     has changed
         */
        public Builder metadata(Supplier<WorkloadMetadata> newest) {
            metadata = Objects.requireNonNull(newest, "metadata");
            return this;
        }

        /** The network that the workload is in, told to peers behind gateways; empty for none. */
        public Builder network(String value) {
            network = value.isEmpty() ? null : value;
            return this;
        }

        /** Opens tunnels in tunnels of gateways; without it such routes fail. Stays the caller's to close. */
        public Builder nestedTunnels(HboneClient value) {
            nested = Objects.requireNonNull(value, "nestedTunnels");
            return this;
        }

        /** Connect and idle timeouts; {@link HboneSettings#DEFAULT} if not said. */
        public Builder settings(HboneSettings value) {
            settings = Objects.requireNonNull(value, "settings");
            return this;
        }

        /** The sockets of plain connections; plain ones of the preferred transport if not said. */
        public Builder sockets(Sockets value) {
            sockets = Objects.requireNonNull(value, "sockets");
            return this;
        }

        /** The listener's, and those that it accepts, when they differ from {@link #sockets}. */
        public Builder listenSockets(Sockets value) {
            listenSockets = Objects.requireNonNull(value, "listenSockets");
            return this;
        }

        /** Told about every connection. */
        public Builder observer(ConnectionObserver value) {
            observer = Objects.requireNonNull(value, "observer");
            return this;
        }

        /** How to find out where a connection was meant to go; {@link OriginalDestination#KERNEL} if not said. */
        public Builder originalDestination(OriginalDestination value) {
            originalDestination = Objects.requireNonNull(value, "originalDestination");
            return this;
        }

        /** The node's own ports besides 15001, 15006, 15008 and the listener's: connections that would lead back to them are denied. */
        public Builder illegalPorts(Set<Integer> more) {
            Set<Integer> all = new HashSet<>(IllegalPorts.DEFAULT);
            all.addAll(more);
            illegalPorts = Set.copyOf(all);
            return this;
        }

        /** For the names of connections; safe for use by any thread. */
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
        public Future<OutboundListener> bind(EventLoopGroup group, InetSocketAddress address) {
            OutboundParts parts = parts(originalDestination);
            return ListenSocket.bind(
                    listenSockets != null ? listenSockets : sockets,
                    group,
                    address,
                    channel -> new OutboundConnection(parts, channel),
                    connection -> connection,
                    OutboundListener::new);
        }

        /**
         * The same for clients that say where they go (SOCKS5, RFC 1928: no authentication, CONNECT only): an aid for tests, where
         * nothing redirects.
         */
        public Future<OutboundListener> bindSocks(EventLoopGroup group, InetSocketAddress address) {
            OutboundParts parts = parts(SocksHandshake::destination);
            return ListenSocket.bind(
                    (listenSockets != null ? listenSockets : sockets).withKeepalive(null),
                    group,
                    address,
                    channel -> new OutboundConnection(parts, channel),
                    SocksHandshake::new,
                    OutboundListener::new);
        }

        private OutboundParts parts(OriginalDestination destination) {
            // outbound connections have their pod's address without borrowing it
            Sockets outgoing = sockets.withOriginalSource(OriginalSource.OFF);
            return new OutboundParts(
                    self,
                    new SelfDescription(self, metadata),
                    network,
                    router,
                    tunnels,
                    nested,
                    new ApplicationConnector(outgoing, settings),
                    observer,
                    destination,
                    illegalPorts,
                    random,
                    settings.streamIdleTimeout().toNanos());
        }
    }
}
