package io.hbone.node.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Writes to its connection as fast as that takes it, one chunk a write, from its next turn on until it is removed. */
final class PumpHandler extends ChannelInboundHandlerAdapter {
    /** What one connection may write before others of its loop have their turn. */
    private static final int TURN = 256 * 1024;

    private final int size;
    private ByteBuf chunk = Unpooled.EMPTY_BUFFER;
    private boolean waiting = true;

    /** @param size bytes of a chunk, positive */
    PumpHandler(int size) {
        this.size = size;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        byte[] noise = new byte[size];
        // Zeros would flatter whatever compresses on the way.
        ThreadLocalRandom.current().nextBytes(noise);
        chunk = ctx.alloc().directBuffer(size, size).writeBytes(noise);
        // After what is written before it, such as a greeting.
        ctx.executor().execute(() -> pump(ctx));
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (!waiting) {
            pump(ctx);
        }
        ctx.fireChannelWritabilityChanged();
    }

    private void pump(ChannelHandlerContext ctx) {
        waiting = false;
        for (int left = TURN; left > 0; left -= size) {
            if (ctx.isRemoved() || !ctx.channel().isWritable()) {
                return; // a change of writability begins again
            }
            ctx.writeAndFlush(chunk.retainedDuplicate(), ctx.voidPromise());
        }
        waiting = true;
        // Not execute: a loop runs tasks that beget tasks for up to a second before it looks at its sockets again.
        ctx.executor().schedule(() -> pump(ctx), 1, TimeUnit.MICROSECONDS);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        chunk.release();
    }
}
