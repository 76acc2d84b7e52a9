package io.hbone.node.bench;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;

/** Serves {@link Mode#SOURCE}, by a {@link PumpHandler} behind it. */
final class SourceHandler extends ChannelInboundHandlerAdapter {
    private final int size;

    /** @param size of a write, bytes */
    SourceHandler(int size) {
        this.size = size;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        ctx.pipeline().addAfter(ctx.name(), null, new PumpHandler(size));
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ReferenceCountUtil.release(message); // it has nothing to say
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close(); // a client that has seen enough resets
    }
}
