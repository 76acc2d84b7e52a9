package io.hbone.node.bench;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/** Serves {@link Mode#SOURCE}. */
final class SourceHandler extends ChannelInboundHandlerAdapter {
    private final int size;
    private @Nullable Pump pump;

    /** @param size of a write, bytes */
    SourceHandler(int size) {
        this.size = size;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        Pump started = new Pump(ctx, size);
        pump = started;
        // After the greeting.
        ctx.executor().execute(started);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (pump != null) {
            pump.resume();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ReferenceCountUtil.release(message); // it has nothing to say
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (pump != null) {
            pump.release();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close(); // a client that has seen enough resets
    }
}
