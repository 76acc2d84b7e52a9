package io.hbone.netty.h2;

import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How a tunnel ends: when it is asked to, when its peer leaves, when the peer breaks the protocol, when the connection is gone.
 *
 * <p><b>Threading:</b> the tunnel's event loop only.
 */
final class TunnelEnding {

    /** The PING that separates the two GOAWAYs of a graceful end. */
    private static final long DRAIN_PING = 0x6472_6169_6e69_6e67L;

    /** How long a connection that has been given up may take to send its last frames. */
    private static final int LINGER_SECONDS = 1;

    private final Tunnel tunnel;

    /** No stream may be opened any more, whichever side has said so. */
    private boolean goingAway;
    /** The last GOAWAY of a drain is out: streams that come now are refused. */
    private boolean drained;
    /** A client has said that it will close. */
    private boolean peerLeaving;

    private boolean closed;

    TunnelEnding(Tunnel tunnel) {
        this.tunnel = tunnel;
    }

    /** Whether it has not begun: streams may be opened. */
    boolean isOpen() {
        return !goingAway && !closed;
    }

    /** Whether it is over: nothing may be written. */
    boolean isClosed() {
        return closed;
    }

    /** Whether the last GOAWAY of a drain is out. */
    boolean isDrained() {
        return drained;
    }

    // ---- in good order --------------------------------------------------------------------------------------------

    /** {@link Tunnel#drain}. */
    void drain() {
        if (!isOpen()) {
            return;
        }
        if (tunnel.isServer()) {
            tunnel.frames().goAway(Integer.MAX_VALUE, Http2Error.NO_ERROR, "drain");
            tunnel.frames().ping(DRAIN_PING);
            tunnel.flush();
        }
        goAway();
        closeIfDrained();
    }

    /** The client has seen the first GOAWAY of a drain; what comes from now on is refused. Otherwise false. */
    boolean drainAnswered(long pingPayload) {
        if (pingPayload != DRAIN_PING || !tunnel.isServer() || !goingAway || drained) {
            return false;
        }
        drained = true;
        tunnel.frames().goAway(tunnel.ids().lastServed(), Http2Error.NO_ERROR, "drain");
        tunnel.flush();
        closeIfDrained();
        return true;
    }

    /** No stream is opened any more. */
    void goAway() {
        if (!goingAway) {
            goingAway = true;
            tunnel.events().goingAway(tunnel);
        }
    }

    /** A client has said that it will close: it says nothing of the streams that it opens. */
    void peerLeaves() {
        peerLeaving = true;
    }

    void closeIfDrained() {
        if (!closed && tunnel.streams().isEmpty() && (tunnel.isServer() ? drained : goingAway)) {
            if (!tunnel.isServer()) {
                tunnel.frames().goAway(0, Http2Error.NO_ERROR, "");
            }
            shutDown(null);
        }
    }

    // ---- otherwise ------------------------------------------------------------------------------------------------

    /** {@link Tunnel#close}. */
    void close(TunnelException why) {
        if (!closed) {
            tunnel.frames()
                    .goAway(
                            tunnel.ids().lastServed(),
                            Http2Error.NO_ERROR,
                            why.error().name());
            shutDown(why);
        }
    }

    /** The peer has broken the protocol, or a limit: it is told so. */
    void protocolBroken(Http2Error code, String what) {
        if (closed) {
            return;
        }
        tunnel.frames().goAway(tunnel.ids().lastServed(), code, what);
        TunnelError error = code == Http2Error.ENHANCE_YOUR_CALM ? TunnelError.FLOOD : TunnelError.PROTOCOL_ERROR;
        shutDown(new TunnelException(error, tunnel + ": " + code + ": " + what));
    }

    /** The peer has broken one stream, which costs it the stream; many of those, or one that cannot be, cost it the tunnel. */
    void streamBroken(Http2Exception.StreamException e, boolean byHeaders) {
        int streamId = e.streamId();
        TunnelStream stream = tunnel.streams().get(streamId);
        if (stream == null && !tunnel.ids().wasOpened(streamId)) {
            if (!tunnel.isServer() || (streamId & 1) == 0 || !byHeaders) {
                protocolBroken(e.error(), "on stream " + streamId + ", which is idle: " + e.getMessage());
                return;
            }
            tunnel.ids().openedByPeer(streamId, !drained); // it was a request, and it is being answered
        }
        if (tunnel.isServer() && !tunnel.limits().admitReset()) {
            protocolBroken(Http2Error.ENHANCE_YOUR_CALM, tunnel.limits().tooManyResets());
        } else if (stream == null) {
            tunnel.frames().reset(streamId, e.error());
            tunnel.flush();
            tunnel.ids().resetByUs(streamId);
        } else {
            stream.handOver();
            StreamListener listener = stream.listener();
            tunnel.streams().reset(stream, e.error());
            listener.onFailure(new TunnelException(
                    TunnelError.PROTOCOL_ERROR, stream + ": " + e.error() + ": " + e.getMessage(), e));
        }
    }

    /** The connection has failed under the tunnel. */
    void connectionFailed(TunnelException why) {
        if (!closed) {
            shutDown(why);
        }
    }

    /** The connection is gone. */
    void connectionClosed() {
        boolean orderly = (goingAway || peerLeaving) && tunnel.streams().isEmpty();
        over(orderly ? null : new TunnelException(TunnelError.TUNNEL_CLOSED, tunnel + " was closed"));
    }

    /** The tunnel has been taken out of its pipeline. */
    void removed() {
        over(new TunnelException(TunnelError.TUNNEL_CLOSED, tunnel + " is gone"));
    }

    /** Closes the connection once what was written is out. */
    private void shutDown(@Nullable TunnelException why) {
        over(why);
        ChannelHandlerContext ctx = tunnel.ctx();
        ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        // a peer that does not read must not keep the connection
        ctx.executor().schedule(() -> ctx.channel().close(), LINGER_SECONDS, TimeUnit.SECONDS);
    }

    private void over(@Nullable TunnelException why) {
        if (closed) {
            return;
        }
        closed = true;
        tunnel.release();
        if (!tunnel.streams().isEmpty()) {
            tunnel.streams()
                    .failAll(why != null ? why : new TunnelException(TunnelError.TUNNEL_CLOSED, tunnel + " ended"));
        }
        tunnel.events().closed(tunnel, why);
    }
}
