package io.hbone.netty.tls;

import io.hbone.netty.tls.ClientHello.Alpn;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.Promise;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;

/**
 * Looks at a peer's first bytes before BoringSSL gets them, and does what the JDK's engine does by itself. What is not TLS is
 * shown in the error, for an operator to see what it is. A server refuses clients that ask for protocols other than h2 and
 * accepts those that ask for none, as ztunnel does (spec/ztunnel.md 2.7, RFC 7301 section 3.2); netty-tcnative can only ignore
 * such a request or answer h2 all the same.
 *
 * <h2>Threading</h2>
 * As SslHandler: the channel's event loop.
 *
 * <h2>Reference counting</h2>
 * As SslHandler: the engine is released when the handler leaves the pipeline.
 */
final class OpenSslHandler extends SslHandler {
    private static final int RECORD_HEADER = 5;

    /** How much of what is not TLS is shown, in bytes. */
    private static final int MAX_SHOWN = 64;

    /** A fatal alert no_application_protocol in a record of its own; nothing is encrypted yet. */
    private static final byte[] NO_APPLICATION_PROTOCOL = {21, 3, 3, 0, 2, 2, 120};

    private final boolean server;
    private State state = State.LOOKING;

    private enum State {
        LOOKING,
        ACCEPTED,
        REFUSED
    }

    /** @param engine not compatible with the JDK's, which finds the ends of records itself */
    OpenSslHandler(SSLEngine engine, boolean server) {
        super(engine);
        this.server = server;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws SSLException {
        if (state == State.LOOKING) {
            look(ctx, in);
        }
        switch (state) {
            case LOOKING -> {
                // What is not taken comes again, with what follows it.
            }
            case ACCEPTED -> super.decode(ctx, in, out);
            case REFUSED -> in.skipBytes(in.readableBytes());
        }
    }

    private void look(ChannelHandlerContext ctx, ByteBuf in) {
        if (in.readableBytes() < RECORD_HEADER) {
            return;
        }
        if (!isEncrypted(in, false)) {
            String shown = ByteBufUtil.hexDump(in, in.readerIndex(), Math.min(in.readableBytes(), MAX_SHOWN));
            refuse(ctx, new NotSslRecordException(TlsFailures.NOT_TLS + shown));
            ctx.close();
            return;
        }
        Alpn alpn = server ? ClientHello.alpn(in) : Alpn.ACCEPTABLE;
        if (alpn == Alpn.WITHOUT_H2) {
            ctx.writeAndFlush(Unpooled.wrappedBuffer(NO_APPLICATION_PROTOCOL)).addListener(ChannelFutureListener.CLOSE);
            refuse(ctx, new SSLHandshakeException(TlsFailures.NOT_H2));
        } else if (alpn == Alpn.ACCEPTABLE) {
            state = State.ACCEPTED;
        }
    }

    /** What SslHandler does when the engine refuses, which it does not do for others. */
    private void refuse(ChannelHandlerContext ctx, SSLException cause) {
        state = State.REFUSED;
        if (((Promise<Channel>) handshakeFuture()).tryFailure(cause)) {
            ctx.fireUserEventTriggered(new SslHandshakeCompletionEvent(cause));
        }
    }
}
