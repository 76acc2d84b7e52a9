package io.hbone.netty.proxy;

import io.hbone.core.Authorizer;
import io.hbone.core.ConnectionObserver.ConnectionDetails;
import io.hbone.core.ConnectionObserver.Direction;
import io.hbone.core.ConnectionObserver.Protocol;
import io.hbone.core.InboundRouter.Inbound;
import io.hbone.core.InboundRouter.Target;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.relay.SocketRelay;
import io.hbone.netty.socket.Addresses;
import io.netty.channel.socket.DuplexChannel;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** A connection that arrives for a local application outside of any tunnel. */
final class PlaintextConnection extends AcceptedConnection implements ApplicationConnector.Result {

    private final InboundParts parts;
    private Authorizer.@Nullable Request request;

    PlaintextConnection(InboundParts parts, DuplexChannel channel) {
        super(channel);
        this.parts = parts;
    }

    @Override
    void accepted(InetSocketAddress client, InetSocketAddress local) {
        InetSocketAddress destination = parts.originalDestination().of(channel());
        if (IllegalPorts.contains(parts.illegalPorts(), channel(), destination.getPort())) {
            deny(client, destination, IllegalPorts.recursion(destination));
            return;
        }
        Deciding.ask(
                channel().eventLoop(),
                () -> parts.router().route(new Inbound(client, destination, null, null)),
                (target, failure) -> routed(client, destination, target, failure));
    }

    private void routed(
            InetSocketAddress client, InetSocketAddress destination, Target target, @Nullable Throwable failure) {
        if (!isWaiting()) {
            return;
        }
        if (failure != null) {
            deny(
                    client,
                    destination,
                    new TunnelException(
                            TunnelError.INTERNAL,
                            "the router failed for " + Addresses.text(destination) + ": " + failure,
                            failure));
        } else if (target instanceof Target.Refuse refuse) {
            deny(client, destination, new TunnelException(refuse.error(), refuse.why()));
        } else if (target instanceof Target.Forward forward) {
            forward(client, destination, forward);
        }
    }

    private void deny(InetSocketAddress client, InetSocketAddress destination, TunnelException why) {
        parts.observer().denied(Direction.INBOUND, client, destination, why);
        fail(why);
    }

    private void forward(InetSocketAddress client, InetSocketAddress destination, Target.Forward target) {
        if (IllegalPorts.contains(
                parts.illegalPorts(), channel(), target.address().getPort())) {
            deny(client, destination, IllegalPorts.recursion(target.address()));
            return;
        }
        observe(parts.observer()
                .opened(new ConnectionDetails(
                        Direction.INBOUND,
                        client,
                        destination,
                        null,
                        Metadata.proved(target.source(), null),
                        Metadata.proved(target.destination(), null),
                        target.service(),
                        Protocol.TCP)));
        Authorizer.Request asked = new Authorizer.Request(client, null, target.address());
        TunnelException denial = parts.denial(asked);
        if (denial != null) {
            fail(denial);
            return;
        }
        request = asked;
        parts.connector()
                .connect(channel().eventLoop(), target.address(), target.preserveSource() ? client : null, this);
    }

    @Override
    public void connected(DuplexChannel application) {
        if (!isWaiting()) {
            application.close();
            return;
        }
        joined(SocketRelay.join(channel(), application, observed(), parts.idleNanos())::abort);
    }

    @Override
    public void failed(TunnelException why) {
        fail(why);
    }

    /** Ends the connection when policies no longer allow it. */
    void reauthorize() {
        TunnelException denial = request == null ? null : parts.lateDenial(request);
        if (denial != null) {
            abort(denial);
        }
    }
}
