package io.hbone.node.bench;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.concurrent.Future;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The client's first handler: says hello, makes sure that it is a server of ours that answers, and makes way. */
final class GreetingDecoder extends ByteToMessageDecoder {
    private final Hello hello;
    private final int payload;
    private final ChannelHandler next;
    private final Target target;
    private final CompletableFuture<Channel> greeted;
    private @Nullable Future<?> deadline;

    /** @param greeted learns how it went */
    GreetingDecoder(Hello hello, int payload, ChannelHandler next, Target target, CompletableFuture<Channel> greeted) {
        this.hello = hello;
        this.payload = payload;
        this.next = next;
        this.target = target;
        this.greeted = greeted;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        ByteBuf first = ctx.alloc().buffer(Hello.LENGTH + payload);
        hello.write(first);
        first.writeZero(payload);
        ctx.writeAndFlush(first, ctx.voidPromise());
        String silence =
                "open, but no word from the server within " + target.patience().toMillis()
                        + " ms (a node whose other end does not answer, or no 'hbone bench server')";
        deadline = ctx.executor()
                .schedule(
                        () -> fail(ctx, new BenchException(silence)),
                        target.patience().toMillis(),
                        TimeUnit.MILLISECONDS);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (in.readableBytes() < Hello.MAGIC_LENGTH) {
            return;
        }
        String seen = Hello.shown(in);
        if (in.readInt() != Hello.MAGIC) {
            in.skipBytes(in.readableBytes());
            fail(ctx, new BenchException("it answers \"" + seen + "\" (expected: an 'hbone bench server')"));
            return;
        }
        ctx.pipeline().replace(this, "measuring", next);
        greeted.complete(ctx.channel());
    }

    private void fail(ChannelHandlerContext ctx, Throwable cause) {
        greeted.completeExceptionally(cause);
        ctx.close();
    }

    @Override
    protected void handlerRemoved0(ChannelHandlerContext ctx) {
        if (deadline != null) {
            deadline.cancel(false);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        fail(
                ctx,
                new BenchException("closed without a word (a node's policy or failure: look at its access log;"
                        + " or no 'hbone bench server')"));
        super.channelInactive(ctx);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        fail(ctx, cause);
    }
}
