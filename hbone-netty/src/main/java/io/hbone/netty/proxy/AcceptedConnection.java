package io.hbone.netty.proxy;

import io.hbone.core.ConnectionObserver;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.h2.TunnelStream;
import io.hbone.netty.socket.Addresses;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A connection that was captured, until it is joined with where it goes. Nothing is read meanwhile; what the kernel hands over
 * all the same, together with the client's FIN, is kept.
 *
 * <p><b>Reference counting:</b> releases what was kept when the connection ends first.
 *
 * <p><b>Threading:</b> the connection's event loop.
 */
abstract class AcceptedConnection extends ChannelInboundHandlerAdapter implements LiveConnections.Live {

    /** Ends a connection that is being carried. */
    interface Abortion {
        void abort(TunnelException why);
    }

    private final DuplexChannel channel;
    private @Nullable ArrayDeque<ByteBuf> early;
    private boolean inputEnded;
    private ConnectionObserver.@Nullable Connection observed;
    private @Nullable Runnable giveUp;
    private @Nullable Abortion relay;
    private boolean over;

    AcceptedConnection(DuplexChannel channel) {
        this.channel = channel;
    }

    /** Decides where it goes; both addresses are canonical. */
    abstract void accepted(InetSocketAddress client, InetSocketAddress local);

    @Override
    public final DuplexChannel channel() {
        return channel;
    }

    @Override
    public final void channelActive(ChannelHandlerContext ctx) {
        start();
    }

    /** It is there, and nothing of it is read. */
    final void start() {
        InetSocketAddress client = Addresses.canonicalOrNull(channel.remoteAddress());
        InetSocketAddress local = Addresses.canonicalOrNull(channel.localAddress());
        if (client == null || local == null) {
            channel.close(); // it was reset while it stood in the queue
            return;
        }
        accepted(client, local);
    }

    /** Whether the client is still there. */
    final boolean isWaiting() {
        return !over && relay == null;
    }

    /** From now on this connection's end is reported to {@code connection}. */
    final void observe(ConnectionObserver.Connection connection) {
        observed = connection;
    }

    /** What is being dialled is given up with the client. */
    public final void dialing(Channel connection) {
        opening(connection::close);
    }

    /** How to give up what is being opened: done when the client goes away first. */
    final void opening(Runnable cancellation) {
        if (isWaiting()) {
            giveUp = cancellation;
        } else if (over) {
            cancellation.run();
        }
    }

    final ConnectionObserver.Connection observed() {
        return Objects.requireNonNull(observed);
    }

    /** The relay stands in the pipeline behind this handler: gives it what was kept, and leaves. */
    final void joined(Abortion aborter) {
        giveUp = null;
        relay = aborter;
        ChannelHandlerContext ctx = channel.pipeline().context(this);
        if (ctx == null) {
            dropEarly();
            return;
        }
        if (early != null) {
            for (ByteBuf data = early.poll(); data != null; data = early.poll()) {
                ctx.fireChannelRead(data);
            }
            ctx.fireChannelReadComplete();
        }
        if (inputEnded) {
            ctx.fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        }
        if (channel.isActive()) {
            channel.pipeline().remove(this);
        }
    }

    /** There is no way: the client sees a close. */
    final void fail(TunnelException why) {
        if (!over) {
            over = true;
            if (observed != null) {
                observed.closed(why);
            }
            if (giveUp != null) {
                giveUp.run();
            }
            dropEarly();
            channel.close();
        }
    }

    @Override
    public final void abort(TunnelException why) {
        if (relay != null) {
            relay.abort(why);
        } else {
            fail(why);
        }
    }

    @Override
    public final void channelRead(ChannelHandlerContext ctx, Object msg) {
        if (over) {
            ((ByteBuf) msg).release();
            return;
        }
        if (early == null) {
            early = new ArrayDeque<>(2);
        }
        early.add(withHeadroom((ByteBuf) msg));
    }

    /** What did not come straight from the socket may lack the room that a stream wants before the payload. */
    private ByteBuf withHeadroom(ByteBuf data) {
        if (data.readerIndex() >= TunnelStream.HEADROOM) {
            return data;
        }
        ByteBuf copy = channel.alloc().directBuffer(TunnelStream.HEADROOM + data.readableBytes());
        copy.setIndex(TunnelStream.HEADROOM, TunnelStream.HEADROOM).writeBytes(data);
        data.release();
        return copy;
    }

    @Override
    public final void channelReadComplete(ChannelHandlerContext ctx) {}

    @Override
    public final void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            inputEnded = true; // it may well wait for an answer
        }
    }

    @Override
    public final void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        channel.close();
    }

    @Override
    public final void channelInactive(ChannelHandlerContext ctx) {
        if (relay != null) {
            ctx.fireChannelInactive();
            return;
        }
        fail(new TunnelException(TunnelError.APPLICATION_IO, "the client was gone before it was connected"));
    }

    private void dropEarly() {
        if (early != null) {
            for (ByteBuf data = early.poll(); data != null; data = early.poll()) {
                data.release();
            }
        }
    }
}
