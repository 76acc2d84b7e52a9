package io.hbone.netty.proxy;

import io.hbone.core.Authority;
import io.hbone.core.Baggage;
import io.hbone.core.ConnectRequest;
import io.hbone.core.ConnectionObserver.ConnectionDetails;
import io.hbone.core.ConnectionObserver.Direction;
import io.hbone.core.ConnectionObserver.Protocol;
import io.hbone.core.Forwarded;
import io.hbone.core.OutboundRouter.Outbound;
import io.hbone.core.Route;
import io.hbone.core.TraceParent;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.h2.StreamListener;
import io.hbone.netty.h2.TunnelStream;
import io.hbone.netty.pool.Peer;
import io.hbone.netty.pool.PendingStream;
import io.hbone.netty.pool.StreamRequester;
import io.hbone.netty.relay.SocketRelay;
import io.hbone.netty.relay.StreamRelay;
import io.hbone.netty.socket.Addresses;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A connection that a local application opens: routed, then joined with a stream or, outside of the mesh, with a socket. */
final class OutboundConnection extends AcceptedConnection implements StreamRequester, ApplicationConnector.Result {

    private final OutboundParts parts;
    /** One for the connection, however many endpoints it tries. */
    private final TraceParent trace;

    private InetSocketAddress client = NOWHERE;
    private InetSocketAddress destination = NOWHERE;
    private List<Route> tried = List.of();

    private static final InetSocketAddress NOWHERE = InetSocketAddress.createUnresolved("nowhere", 0);

    OutboundConnection(OutboundParts parts, DuplexChannel channel) {
        super(channel);
        this.parts = parts;
        trace = TraceParent.random(parts.random());
    }

    @Override
    void accepted(InetSocketAddress from, InetSocketAddress local) {
        client = from;
        destination = parts.originalDestination().of(channel());
        if (IllegalPorts.leadsHome(parts.illegalPorts(), channel(), destination, client, local)) {
            deny(IllegalPorts.recursion(destination));
            return;
        }
        Deciding.ask(channel().eventLoop(), () -> parts.router().route(connection()), this::routed);
    }

    private Outbound connection() {
        return new Outbound(parts.self(), client, destination);
    }

    private void routed(Route route, @Nullable Throwable failure) {
        if (!isWaiting()) {
            return;
        }
        if (failure != null) {
            deny(new TunnelException(
                    TunnelError.INTERNAL,
                    "the router failed for " + Addresses.text(destination) + ": " + failure,
                    failure));
        } else {
            follow(route);
        }
    }

    private void follow(Route route) {
        tried = Retries.with(tried, route);
        if (route instanceof Route.Tunnel tunnel) {
            open(tunnel);
        } else if (route instanceof Route.Direct direct) {
            connect(direct);
        } else if (route instanceof Route.NestedTunnel nested) {
            openNested(nested);
        } else if (route instanceof Route.Reject reject) {
            deny(new TunnelException(reject.error(), reject.why()));
        }
    }

    private void deny(TunnelException why) {
        parts.observer().denied(Direction.OUTBOUND, client, destination, why);
        fail(why);
    }

    private void observe(InetSocketAddress dialled, @Nullable Authority target, Route route) {
        boolean tunnelled = target != null;
        observe(parts.observer()
                .opened(new ConnectionDetails(
                        Direction.OUTBOUND,
                        client,
                        dialled,
                        target,
                        tunnelled
                                ? parts.description().now().inTunnel()
                                : parts.description().now().inPlain(),
                        tunnelled ? route.destination() : Metadata.proved(route.destination(), null),
                        route.service(),
                        protocol(route),
                        tunnelled ? trace : null)));
    }

    private static Protocol protocol(Route route) {
        if (route instanceof Route.NestedTunnel) {
            return Protocol.DOUBLE_HBONE;
        }
        return route instanceof Route.Tunnel ? Protocol.HBONE : Protocol.TCP;
    }

    // ---- through a tunnel
    // ------------------------------------------------------------------------------------------------

    private void open(Route.Tunnel route) {
        observe(route.peer(), route.authority(), route);
        PendingStream stream = parts.tunnels()
                .open(
                        channel().eventLoop(),
                        new Peer(route.peer(), route.expectedPeers()),
                        request(route.authority(), route, null),
                        this);
        opening(stream::cancel);
    }

    private ConnectRequest request(Authority authority, Route route, @Nullable String network) {
        Route.ServiceRef service = route.service();
        String host = service == null || service.hostname().isEmpty() ? null : service.hostname();
        return new ConnectRequest(
                authority, parts.description().now().baggage(), new Forwarded(client, host), trace, network);
    }

    @Override
    public StreamListener established(TunnelStream stream, Baggage said) {
        StreamRelay relay = StreamRelay.join(channel(), stream, observed(), true, parts.idleNanos());
        joined(relay::abort);
        return relay;
    }

    /** Another endpoint may do; each attempt is reported as a connection of its own. */
    @Override
    public void failed(TunnelException why) {
        if (!isWaiting() || !Retries.mayHelp(why, tried.size())) {
            fail(why);
            return;
        }
        // Later: whoever failed at once has still to say how to give it up.
        channel().eventLoop().execute(() -> retry(why));
    }

    private void retry(TunnelException why) {
        if (!isWaiting()) {
            return;
        }
        Deciding.ask(channel().eventLoop(), () -> parts.router().reroute(connection(), tried), (other, failure) -> {
            if (failure != null || other instanceof Route.Reject) {
                fail(why);
            } else if (isWaiting()) {
                observed().closed(why);
                follow(other);
            }
        });
    }

    // ---- through two
    // -----------------------------------------------------------------------------------------------------

    private void openNested(Route.NestedTunnel route) {
        observe(route.gateway(), route.authority(), route);
        if (parts.nested() == null) {
            fail(new TunnelException(
                    TunnelError.NO_ROUTE,
                    "no tunnels through gateways here (expected: a client for them): " + route.why()));
            return;
        }
        Future<Channel> opened = parts.nested()
                .connectNested(
                        channel().eventLoop(),
                        route.gateway(),
                        route.expectedGateways(),
                        route.expectedPeers(),
                        request(route.authority(), route, parts.network()),
                        new HoldBack());
        opening(() -> opened.cancel(false));
        opened.addListener((Future<Channel> inner) -> {
            if (inner.isSuccess()) {
                connected((DuplexChannel) inner.getNow());
            } else {
                failed(asTunnelException(inner.cause()));
            }
        });
    }

    private static TunnelException asTunnelException(Throwable cause) {
        return cause instanceof TunnelException known
                ? known
                : new TunnelException(TunnelError.INTERNAL, "nested tunnel: " + cause, cause);
    }

    /** Makes a stream's channel behave as our sockets do: nothing is read before it is joined. */
    private static final class HoldBack extends ChannelInboundHandlerAdapter {
        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            ctx.channel().config().setAutoRead(false);
            ctx.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        }
    }

    // ---- outside of the mesh
    // ---------------------------------------------------------------------------------------------

    private void connect(Route.Direct route) {
        observe(route.address(), null, route);
        parts.connector().connect(channel().eventLoop(), route.address(), null, this);
    }

    @Override
    public void connected(DuplexChannel upstream) {
        if (!isWaiting()) {
            upstream.close();
            return;
        }
        joined(SocketRelay.join(channel(), upstream, observed(), parts.idleNanos())::abort);
    }
}
