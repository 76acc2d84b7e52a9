package io.hbone.netty.proxy;

import io.hbone.core.InboundRouter;
import io.hbone.netty.socket.OriginalDestination;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * Captures what arrives for one local workload outside of any tunnel (port 15006), and forwards to its application what policies
 * allow. Safe for use by any thread.
 */
public final class PlaintextListener {

    private final ListenSocket<PlaintextConnection> socket;

    private PlaintextListener(ListenSocket<PlaintextConnection> socket) {
        this.socket = socket;
    }

    /** A builder of a listener. @param router decides about every connection, whose request is null */
    public static Builder builder(InboundRouter router) {
        return new Builder(router);
    }

    /** Where it listens. */
    public InetSocketAddress localAddress() {
        return socket.localAddress();
    }

    /** How many connections are open. */
    public int activeConnections() {
        return socket.connections().size();
    }

    /** Policies have changed: connections that they no longer allow are closed. */
    public void reauthorize() {
        socket.connections().forEach(PlaintextConnection::reauthorize);
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

    /** Builds and binds a {@link PlaintextListener}. All parts may be shared with other listeners. */
    public static final class Builder extends InboundBuilder<Builder> {

        private Builder(InboundRouter router) {
            super(router);
        }

        @Override
        Builder self() {
            return this;
        }

        /** How to find out where a connection was meant to go; {@link OriginalDestination#KERNEL} if not said. */
        public Builder originalDestination(OriginalDestination value) {
            setOriginalDestination(value);
            return this;
        }

        /**
         * Listens on {@code address}; port 0 takes any, the IPv6 wildcard takes both families.
         *
         * @param group event loops made by the sockets' {@link io.hbone.netty.socket.Transport#newEventLoopGroup}; stay the
         *     caller's
         */
        public Future<PlaintextListener> bind(EventLoopGroup group, InetSocketAddress address) {
            InboundParts parts = parts();
            return ListenSocket.bind(
                    listenSockets(),
                    group,
                    address,
                    channel -> new PlaintextConnection(parts, channel),
                    connection -> connection,
                    PlaintextListener::new);
        }
    }
}
