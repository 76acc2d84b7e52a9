package io.hbone.bench.harness;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * One direction of a plain relay between two channels of one event loop: what is read is written to the other, one flush for each
 * read-complete, and reading rests while the other takes no more. As little as a relay can do.
 *
 * <p><b>Reference counting:</b> passes buffers on.
 */
final class ChannelRelay extends ChannelInboundHandlerAdapter {

    private final Channel other;

    private ChannelRelay(Channel other) {
        this.other = other;
    }

    /** Joins two channels that are not read yet, and starts to read them. */
    static void join(Channel one, Channel other) {
        one.pipeline().addLast(new ChannelRelay(other));
        other.pipeline().addLast(new ChannelRelay(one));
        one.config().setAutoRead(true);
        other.config().setAutoRead(true);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        other.write(message, other.voidPromise());
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        other.flush();
        if (!other.isWritable()) {
            ctx.channel().config().setAutoRead(false);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        other.config().setAutoRead(ctx.channel().isWritable());
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        other.close();
    }
}
