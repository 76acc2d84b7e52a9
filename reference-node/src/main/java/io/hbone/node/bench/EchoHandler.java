package io.hbone.node.bench;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/** Serves {@link Mode#ECHO} and {@link Mode#ONCE}. Who does not take its answers is not read any further. */
final class EchoHandler extends ChannelInboundHandlerAdapter {
    private long left;

    /** @param limit after so many bytes it closes */
    EchoHandler(long limit) {
        this.left = limit;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (bytes.readableBytes() < left) {
            left -= bytes.readableBytes();
            ctx.write(bytes, ctx.voidPromise());
            return;
        }
        bytes.writerIndex(bytes.readerIndex() + (int) left);
        left = 0;
        ctx.writeAndFlush(bytes).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        ctx.flush();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        ctx.channel().config().setAutoRead(ctx.channel().isWritable());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close(); // a client that has seen enough resets
    }
}
