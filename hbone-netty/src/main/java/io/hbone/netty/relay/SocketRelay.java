package io.hbone.netty.relay;

import io.hbone.core.ConnectionObserver;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.socket.Addresses;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import org.jspecify.annotations.Nullable;

/**
 * Joins two sockets, for connections that cross no tunnel (and for a stream that is a channel): the last handler of both.
 *
 * <p>Each direction ends by itself: the end of one socket's input shuts down the other's output, after what was read. A reset of
 * either side is an end of both, and no error: after a connect, any close is normal. Back-pressure is by not reading one socket
 * while the other has not sent what it was given.
 *
 * <p><b>Reference counting:</b> passes buffers on in both directions.
 *
 * <p><b>Threading:</b> the event loop that both sockets share.
 */
public final class SocketRelay {

    /** One turn may read 256 KiB; reading pauses only when they have not left by the end of it. */
    private static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(32 * 1024, 128 * 1024);

    private final End opener;
    private final End other;
    private final ConnectionObserver.Connection observer;
    private @Nullable IdleWatch idle;
    private boolean done;

    private SocketRelay(DuplexChannel opener, DuplexChannel other, ConnectionObserver.Connection observer) {
        this.opener = new End(opener, other, true);
        this.other = new End(other, opener, false);
        this.observer = observer;
    }

    /**
     * Joins them, and starts to read both. Their pipelines must be empty but for handlers that only look on, half-closure must be
     * allowed on both, and they must live on one event loop.
     *
     * @param opener the end that opened the connection
     * @param idleNanos how long nothing may move before the connection is ended, 0 for ever
     */
    public static SocketRelay join(
            DuplexChannel opener, DuplexChannel other, ConnectionObserver.Connection observer, long idleNanos) {
        SocketRelay relay = new SocketRelay(opener, other, observer);
        if (idleNanos > 0) {
            relay.idle = new IdleWatch(opener.eventLoop(), idleNanos, relay::idleTooLong);
        }
        relay.opener.start();
        relay.other.start();
        return relay;
    }

    /** Ends the connection now, because of {@code why}. */
    public void abort(TunnelException why) {
        finish(why);
        opener.socket.close();
        other.socket.close();
    }

    private void idleTooLong() {
        abort(new TunnelException(
                TunnelError.IDLE_TIMEOUT,
                Addresses.text(opener.socket.remoteAddress()) + " and " + Addresses.text(other.socket.remoteAddress())
                        + " exchanged nothing for too long"));
    }

    private void finishIfEnded() {
        if (opener.inputEnded && other.inputEnded) {
            finish(null);
            opener.closeWhenWritten();
            other.closeWhenWritten();
        }
    }

    private void finish(@Nullable TunnelException why) {
        if (!done) {
            done = true;
            // io_uring tells of the end of input before the read that it came with is complete
            opener.report();
            other.report();
            if (idle != null) {
                idle.stop();
            }
            observer.closed(why);
        }
    }

    /** What one socket sends, on its way to the other. */
    private final class End extends ChannelInboundHandlerAdapter {

        private final DuplexChannel socket;
        private final DuplexChannel sink;
        private final boolean opened;
        /** Read since the last report. */
        private int bytes;

        private boolean paused;
        private boolean inputEnded;
        private boolean closing;

        End(DuplexChannel socket, DuplexChannel sink, boolean opened) {
            this.socket = socket;
            this.sink = sink;
            this.opened = opened;
        }

        void start() {
            socket.config().setOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK);
            socket.pipeline().addLast(this);
            if (socket.isActive()) {
                socket.config().setAutoRead(true);
            } else {
                channelInactive(null);
            }
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object msg) {
            ByteBuf data = (ByteBuf) msg;
            bytes += data.readableBytes();
            sink.write(data, sink.voidPromise());
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            sink.flush();
            report();
            if (!sink.isWritable() && !paused) {
                paused = true;
                socket.config().setAutoRead(false);
            }
        }

        private void report() {
            if (bytes > 0) {
                if (idle != null) {
                    idle.moved();
                }
                if (opened) {
                    observer.received(bytes);
                } else {
                    observer.sent(bytes);
                }
                bytes = 0;
            }
        }

        /** Our socket takes data again: the other one may be read. */
        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            if (socket.isWritable()) {
                peer().resume();
            }
        }

        private void resume() {
            if (paused && !closing) {
                paused = false;
                socket.config().setAutoRead(true);
            }
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event == ChannelInputShutdownEvent.INSTANCE) {
                inputEnded = true;
                sink.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
                    if (!peer().closing) {
                        sink.shutdownOutput();
                    }
                });
                finishIfEnded();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            // a reset, or a write that came after the other end's close: an end as any other
            socket.close();
        }

        @Override
        public void channelInactive(@Nullable ChannelHandlerContext ctx) {
            inputEnded = true;
            finish(null);
            peer().closeWhenWritten();
        }

        private void closeWhenWritten() {
            if (!closing) {
                closing = true;
                socket.config().setAutoRead(false);
                socket.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
            }
        }

        private End peer() {
            return opened ? other : opener;
        }
    }
}
