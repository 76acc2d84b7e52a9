package io.hbone.netty.relay;

import io.hbone.core.ConnectionObserver;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.h2.StreamListener;
import io.hbone.netty.h2.TunnelStream;
import io.hbone.netty.socket.ReadSizes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Joins an application's socket with a stream: the last handler of the socket and the listener of the stream.
 *
 * <p>Each direction ends by itself: the application's end of input ends our direction of the stream, and the peer's end shuts
 * down the socket's output. A reset of either side is an end of both, and no error: after a connect, any close is normal.
 * Back-pressure is by not reading the socket while the stream takes nothing, and by returning the stream's credit only for what
 * the socket has taken.
 *
 * <p><b>Reference counting:</b> passes buffers on in both directions.
 *
 * <p><b>Threading:</b> the event loop that socket and stream share.
 */
public final class StreamRelay extends ChannelInboundHandlerAdapter implements StreamListener {

    /** How long an application may take to read the last bytes of a connection that has failed. */
    private static final int LINGER_SECONDS = 60;

    private final DuplexChannel socket;
    private final TunnelStream stream;
    private final ConnectionObserver.Connection observer;
    /** Whether the socket is the end that opened the connection: what it sends is then what was received of it. */
    private final boolean socketOpened;

    private @Nullable IdleWatch idle;

    /** Written to the socket since the last flush. */
    private int toSocket;
    /** Given to the stream and not reported yet. */
    private int toStream;

    private boolean paused;
    private boolean peerEnded;
    private boolean socketClosing;
    private boolean done;

    private StreamRelay(
            DuplexChannel socket, TunnelStream stream, ConnectionObserver.Connection observer, boolean socketOpened) {
        this.socket = socket;
        this.stream = stream;
        this.observer = observer;
        this.socketOpened = socketOpened;
    }

    /**
     * Joins them, and starts to read the socket. Its pipeline must be empty but for handlers that only look on, its read buffers
     * those of {@link ReadSizes} with {@link TunnelStream#HEADROOM}, and it must live on the stream's event loop.
     *
     * @param socketOpened whether the socket's end opened the connection
     * @param idleNanos how long nothing may move before the connection is ended, 0 for ever
     * @return what the stream reports to from now on
     */
    public static StreamRelay join(
            DuplexChannel socket,
            TunnelStream stream,
            ConnectionObserver.Connection observer,
            boolean socketOpened,
            long idleNanos) {
        StreamRelay relay = new StreamRelay(socket, stream, observer, socketOpened);
        if (idleNanos > 0) {
            relay.idle = new IdleWatch(socket.eventLoop(), idleNanos, relay::idleTooLong);
        }
        stream.setListener(relay);
        socket.pipeline().addLast(relay);
        if (!socket.isActive()) {
            relay.channelInactive(null);
        } else if (stream.isWritable()) {
            socket.config().setAutoRead(true);
        } else {
            relay.paused = true;
        }
        return relay;
    }

    /** Ends the connection now, because of {@code why}. */
    public void abort(TunnelException why) {
        stream.reset(Http2Error.CANCEL);
        finish(why);
        socket.close();
    }

    // ---- from the socket to the stream
    // -----------------------------------------------------------------------------------

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        ByteBuf data = (ByteBuf) msg;
        toStream += data.readableBytes();
        if (!stream.writeWithHeadroom(data) && !paused) {
            paused = true;
            socket.config().setAutoRead(false);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        stream.flush();
        reportSent();
    }

    private void reportSent() {
        if (toStream > 0) {
            moved();
            if (socketOpened) {
                observer.received(toStream);
            } else {
                observer.sent(toStream);
            }
            toStream = 0;
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            stream.end();
            finishIfEnded();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // a reset by the application, or a write that came after its close: an end as any other
        socket.close();
    }

    @Override
    public void channelInactive(@Nullable ChannelHandlerContext ctx) {
        stream.end();
        stream.abandon();
        finish(null);
    }

    @Override
    public void onWritable() {
        if (paused) {
            paused = false;
            socket.config().setAutoRead(true);
        }
    }

    // ---- from the stream to the socket
    // -----------------------------------------------------------------------------------

    @Override
    public void onResponse(Http2Headers headers) {}

    @Override
    public void onData(ByteBuf data) {
        toSocket += data.readableBytes();
        socket.write(data, socket.voidPromise());
    }

    @Override
    public void onReadComplete() {
        if (toSocket == 0) {
            return;
        }
        int bytes = toSocket;
        toSocket = 0;
        moved();
        if (socketOpened) {
            observer.sent(bytes);
        } else {
            observer.received(bytes);
        }
        socket.flush();
        if (pendingBytes() == 0) {
            stream.taken(bytes);
        } else {
            // an empty write is done when all before it is
            socket.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
                if (written.isSuccess()) {
                    stream.taken(bytes);
                }
            });
        }
    }

    @Override
    public void onEnd() {
        peerEnded = true;
        onReadComplete();
        socket.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
            if (!socketClosing) {
                socket.shutdownOutput();
            }
            finishIfEnded();
        });
    }

    @Override
    public void onReset(boolean orderly, TunnelException why) {
        onReadComplete();
        finish(orderly ? null : why);
        closeWhenWritten(!orderly);
    }

    @Override
    public void onFailure(TunnelException why) {
        onReadComplete();
        finish(why);
        closeWhenWritten(true);
    }

    // ---- the end
    // ---------------------------------------------------------------------------------------------------------

    private void idleTooLong() {
        abort(new TunnelException(TunnelError.IDLE_TIMEOUT, stream + " carried nothing for too long"));
    }

    private void moved() {
        if (idle != null) {
            idle.moved();
        }
    }

    private long pendingBytes() {
        ChannelOutboundBuffer pending = socket.unsafe().outboundBuffer();
        return pending == null ? 0 : pending.totalPendingWriteBytes();
    }

    /** Both directions have ended: the socket has nothing left to do. */
    private void finishIfEnded() {
        if (peerEnded && socket.isInputShutdown()) {
            finish(null);
            closeWhenWritten(false);
        }
    }

    private void closeWhenWritten(boolean failed) {
        if (!socketClosing) {
            socketClosing = true;
            socket.config().setAutoRead(false);
            socket.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
            if (failed && socket.isOpen()) {
                // what an application does not read of a broken connection must not keep its socket for ever
                Future<?> deadline =
                        socket.eventLoop().schedule(() -> socket.close(), LINGER_SECONDS, TimeUnit.SECONDS);
                socket.closeFuture().addListener(closed -> deadline.cancel(false));
            }
        }
    }

    private void finish(@Nullable TunnelException why) {
        if (!done) {
            done = true;
            reportSent(); // io_uring tells of the end of input before the read that it came with is complete
            if (idle != null) {
                idle.stop();
            }
            observer.closed(why);
        }
    }
}
