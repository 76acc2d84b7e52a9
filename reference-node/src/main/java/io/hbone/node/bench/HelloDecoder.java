package io.hbone.node.bench;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.concurrent.Future;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The server's first handler: hears what a client wants, greets, and makes way for what serves it. */
final class HelloDecoder extends ByteToMessageDecoder {
    /** Who says nothing for so long never will. */
    static final long PATIENCE_SECONDS = 10;

    private static final Logger log = LoggerFactory.getLogger(HelloDecoder.class);

    private @Nullable Future<?> deadline;

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        deadline = ctx.executor().schedule(() -> refuse(ctx, "no word"), PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (in.readableBytes() < Hello.LENGTH) {
            return;
        }
        Hello hello;
        try {
            hello = Hello.read(in);
        } catch (IllegalArgumentException e) {
            in.skipBytes(in.readableBytes());
            refuse(ctx, String.valueOf(e.getMessage()));
            return;
        }
        ctx.write(ctx.alloc().buffer(Hello.MAGIC_LENGTH).writeInt(Hello.MAGIC));
        ctx.pipeline().replace(this, "serving", serving(hello));
        ctx.pipeline().flush();
    }

    private static ChannelHandler serving(Hello hello) {
        return switch (hello.mode()) {
            case SINK -> new SinkHandler();
            case SOURCE -> new SourceHandler(hello.size());
            case ECHO -> new EchoHandler(Long.MAX_VALUE);
            case ONCE -> new EchoHandler(hello.size());
        };
    }

    private static void refuse(ChannelHandlerContext ctx, String why) {
        log.warn("{}: {}; closed", ctx.channel().remoteAddress(), why);
        ctx.close();
    }

    @Override
    protected void handlerRemoved0(ChannelHandlerContext ctx) {
        if (deadline != null) {
            deadline.cancel(false);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        log.debug("{}: {}", ctx.channel().remoteAddress(), cause.toString());
        ctx.close();
    }
}
