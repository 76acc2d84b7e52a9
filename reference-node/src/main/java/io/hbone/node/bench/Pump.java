package io.hbone.node.bench;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Writes to one connection as fast as that takes it, one chunk a write. On the connection's event loop only. */
final class Pump implements Runnable {
    /** What one connection may write before others of its loop have their turn. */
    private static final int TURN = 256 * 1024;

    private final ChannelHandlerContext ctx;
    private final ByteBuf chunk;
    private boolean waiting;
    private boolean released;

    /** @param size bytes of a chunk, positive */
    Pump(ChannelHandlerContext ctx, int size) {
        this.ctx = ctx;
        byte[] noise = new byte[size];
        // Zeros would flatter whatever compresses on the way.
        ThreadLocalRandom.current().nextBytes(noise);
        this.chunk = ctx.alloc().directBuffer(size, size).writeBytes(noise);
    }

    /** Goes on until the connection takes no more; to be called again when it does. */
    @Override
    public void run() {
        waiting = false;
        for (int left = TURN; left > 0; left -= chunk.readableBytes()) {
            if (released || !ctx.channel().isWritable()) {
                return; // a change of writability begins again
            }
            ctx.writeAndFlush(chunk.retainedDuplicate(), ctx.voidPromise());
        }
        waiting = true;
        // Not execute: a loop runs tasks that beget tasks for up to a second before it looks at its sockets again.
        ctx.executor().schedule(this, 1, TimeUnit.MICROSECONDS);
    }

    /** Begins again, unless it is its turn anyway. */
    void resume() {
        if (!waiting) {
            run();
        }
    }

    /** For the end of the connection. */
    void release() {
        if (!released) {
            released = true;
            chunk.release();
        }
    }
}
