package io.hbone.netty.tls;

import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.socket.Addresses;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import javax.net.ssl.SSLPeerUnverifiedException;

/**
 * Waits behind an {@link SslHandler} for the end of the handshake, and gives its place to the handler of what was agreed on.
 *
 * <p><b>Reference counting:</b> nothing can be read before its place is taken.
 *
 * <p><b>Threading:</b> the channel's event loop.
 */
public final class HandshakeGate extends ChannelInboundHandlerAdapter {

    /** Told once how the handshake ended. */
    public interface Outcome {
        /** The peer is who it should be; the answer takes the gate's place in the pipeline. */
        ChannelHandler secured(PeerIdentity peer);

        /** The handler that {@link #secured} gave is in its place. */
        default void installed() {}

        /** There is no connection; the channel is closed. */
        void failed(TunnelException why);
    }

    private final SslHandler tls;
    private final boolean client;
    private final Outcome outcome;
    private boolean done;

    public HandshakeGate(SslHandler tls, boolean client, Outcome outcome) {
        this.tls = tls;
        this.client = client;
        this.outcome = outcome;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslHandshakeCompletionEvent completion && !done) {
            if (completion.isSuccess()) {
                secured(ctx);
            } else {
                failed(
                        ctx,
                        TlsFailures.explain(
                                completion.cause(), Addresses.text(ctx.channel().remoteAddress())));
            }
        }
        ctx.fireUserEventTriggered(event);
    }

    private void secured(ChannelHandlerContext ctx) {
        // a peer that offers no protocol at all is taken to mean HTTP/2, as ztunnel does
        String protocol = tls.applicationProtocol();
        if (protocol == null ? client : !ApplicationProtocolNames.HTTP_2.equals(protocol)) {
            failed(
                    ctx,
                    new TunnelException(
                            TunnelError.TLS_HANDSHAKE_FAILED,
                            Addresses.text(ctx.channel().remoteAddress()) + " agreed on ALPN " + protocol
                                    + " (expected: h2)"));
            return;
        }
        PeerIdentity peer;
        try {
            peer = PeerIdentity.of(tls.engine().getSession());
        } catch (SSLPeerUnverifiedException e) {
            failed(ctx, TlsFailures.explain(e, Addresses.text(ctx.channel().remoteAddress())));
            return;
        }
        done = true;
        ctx.pipeline().replace(this, null, outcome.secured(peer));
        outcome.installed();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        failed(
                ctx,
                new TunnelException(
                        TunnelError.TLS_HANDSHAKE_FAILED,
                        Addresses.text(ctx.channel().remoteAddress())
                                + " closed the connection during the TLS handshake"));
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        failed(ctx, TlsFailures.explain(cause, Addresses.text(ctx.channel().remoteAddress())));
    }

    private void failed(ChannelHandlerContext ctx, TunnelException why) {
        if (!done) {
            done = true;
            outcome.failed(why);
            ctx.close();
        }
    }
}
