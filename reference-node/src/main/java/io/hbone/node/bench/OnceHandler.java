package io.hbone.node.bench;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A connection for one answer; then the server closes it. */
final class OnceHandler extends ChannelInboundHandlerAdapter {
    private final CompletableFuture<Long> ended = new CompletableFuture<>();
    private int missing;
    private long answeredAt;
    private @Nullable Throwable failure;
    private @Nullable ChannelHandlerContext context;

    /** @param size of the answer, bytes */
    OnceHandler(int size) {
        this.missing = size;
    }

    /** Done when the connection has ended: with when all of the answer was there, or with the reason why it never was. */
    CompletableFuture<Long> ended() {
        return ended;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        missing -= bytes.readableBytes();
        bytes.release();
        if (missing <= 0 && answeredAt == 0) {
            answeredAt = ctx.executor().ticker().nanoTime();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (missing <= 0) {
            ended.complete(answeredAt);
        } else {
            ended.completeExceptionally(failure != null ? failure : new BenchException(Failures.CLOSED));
        }
    }

    /** Waits no longer. On the event loop. */
    void giveUp(BenchException why) {
        failure = why;
        if (context != null) {
            context.close();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        failure = cause;
        ctx.close();
    }
}
