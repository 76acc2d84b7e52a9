package io.hbone.netty.proxy;

import io.hbone.core.Authorizer;
import io.hbone.core.ConnectionObserver;
import io.hbone.core.ConnectionObserver.ConnectionDetails;
import io.hbone.core.ConnectionObserver.Direction;
import io.hbone.core.ConnectionObserver.Protocol;
import io.hbone.core.InboundRouter.Inbound;
import io.hbone.core.InboundRouter.Target;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.Aborter;
import io.hbone.netty.IncomingStream;
import io.hbone.netty.socket.Addresses;
import io.netty.channel.Channel;
import io.netty.channel.socket.DuplexChannel;
import java.net.InetSocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A stream that a peer opens: routed, authorized, then joined with the application.
 *
 * <p><b>Threading:</b> the stream's event loop.
 */
final class InboundConnection implements ApplicationConnector.Result, LiveConnections.Live {

    private static final int UNAUTHORIZED = 401;
    private static final int UNAVAILABLE = 503;

    private final InboundParts parts;
    private final IncomingStream stream;
    private final LiveConnections<InboundConnection> connections;
    private final InetSocketAddress peer;
    private final InetSocketAddress local;
    private Authorizer.@Nullable Request request;
    private @Nullable InetSocketAddress announced;
    private ConnectionObserver.Connection observed = ConnectionObserver.Connection.NONE;
    private @Nullable Channel application;
    private long decidedAsOf;
    private @Nullable Aborter relay;
    private boolean over;

    InboundConnection(InboundParts parts, IncomingStream stream, LiveConnections<InboundConnection> connections) {
        this.parts = parts;
        this.stream = stream;
        this.connections = connections;
        peer = Addresses.canonical(stream.peerAddress());
        local = Addresses.canonical(stream.localAddress());
    }

    void start() {
        Inbound connection = new Inbound(peer, local, stream.peerIdentity(), stream.request());
        Deciding.ask(stream.eventLoop(), () -> parts.router().route(connection), this::routed);
    }

    private void routed(Target target, @Nullable Throwable failure) {
        if (!stream.isWaiting()) {
            return;
        }
        if (failure != null) {
            deny(
                    UNAVAILABLE,
                    new TunnelException(
                            TunnelError.INTERNAL,
                            "the router failed for " + stream.request().authority() + ": " + failure,
                            failure));
        } else if (target instanceof Target.Refuse refuse) {
            deny(refuse.status(), new TunnelException(refuse.error(), refuse.why()));
        } else if (target instanceof Target.Forward forward) {
            forward(forward);
        }
    }

    private void deny(int status, TunnelException why) {
        parts.observer().denied(Direction.INBOUND, peer, local, why);
        stream.reject(status);
    }

    private void forward(Target.Forward target) {
        int port = target.address().getPort();
        if (parts.illegalPorts().contains(port) || port == local.getPort()) {
            deny(UNAVAILABLE, IllegalPorts.recursion(target.address()));
            return;
        }
        observed = parts.observer()
                .opened(new ConnectionDetails(
                        Direction.INBOUND,
                        peer,
                        local,
                        stream.request().authority(),
                        Metadata.proved(target.source(), stream.peerIdentity()),
                        target.destination(),
                        target.service(),
                        Protocol.HBONE,
                        stream.request().traceParent()));
        Authorizer.Request asked = new Authorizer.Request(peer, stream.peerIdentity(), target.address());
        decidedAsOf = connections.generation();
        TunnelException denial = parts.denial(asked);
        if (denial != null) {
            refuse(UNAUTHORIZED, denial);
            return;
        }
        request = asked;
        announced = target.announced();
        stream.onAbandoned(this::abandoned);
        parts.connector().connect(stream.eventLoop(), target.address(), target.preserveSource() ? peer : null, this);
    }

    @Override
    public void dialing(Channel connection) {
        if (over) {
            connection.close(); // the peer gave up while the socket was made
            return;
        }
        application = connection;
        connections.add(this);
        if (connections.generation() != decidedAsOf) {
            reauthorize(); // what changed in between was told to connections that were registered
        }
    }

    @Override
    public void connected(DuplexChannel connected) {
        if (over || !stream.isWaiting()) {
            abandoned();
            connected.close();
            return;
        }
        if (announced != null) {
            connected.writeAndFlush(ProxyHeader.encode(connected.alloc(), peer, announced, stream.peerIdentity()));
        }
        relay = stream.relay(connected, parts.baggage().get(), observed);
    }

    @Override
    public void failed(TunnelException why) {
        refuse(UNAVAILABLE, why);
    }

    private void abandoned() {
        refuse(
                UNAVAILABLE,
                new TunnelException(TunnelError.STREAM_RESET, "the peer gave up before the application was connected"));
    }

    /** The connection does not come about; the first reason counts. */
    private void refuse(int status, TunnelException why) {
        if (over || relay != null) {
            return;
        }
        over = true;
        observed.closed(why);
        if (stream.isWaiting()) {
            stream.reject(status);
        }
        if (application != null) {
            application.close();
        }
    }

    /** Ends the connection when policies no longer allow it. */
    void reauthorize() {
        TunnelException denial = request == null ? null : parts.lateDenial(request);
        if (denial != null) {
            abort(denial);
        }
    }

    @Override
    public Channel channel() {
        return Objects.requireNonNull(application);
    }

    @Override
    public void abort(TunnelException why) {
        if (relay != null) {
            relay.abort(why);
        } else {
            refuse(why.error() == TunnelError.POLICY_DENIED ? UNAUTHORIZED : UNAVAILABLE, why);
        }
    }
}
