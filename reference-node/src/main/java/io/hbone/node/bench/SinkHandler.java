package io.hbone.node.bench;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Serves {@link Mode#SINK}. It tells how much has arrived, eight bytes every {@value #REPORT_MILLIS} ms: what a client has written
 * may still be in buffers anywhere on the way.
 */
final class SinkHandler extends ChannelInboundHandlerAdapter {
    static final int REPORT_MILLIS = 20;

    private long taken;
    private long reported;
    private @Nullable Future<?> reports;

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        reports = ctx.executor()
                .scheduleAtFixedRate(() -> report(ctx), REPORT_MILLIS, REPORT_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void report(ChannelHandlerContext ctx) {
        if (taken != reported && ctx.channel().isWritable()) {
            reported = taken;
            ctx.writeAndFlush(ctx.alloc().buffer(Long.BYTES).writeLong(taken), ctx.voidPromise());
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        taken += bytes.readableBytes();
        bytes.release();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (reports != null) {
            reports.cancel(false);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close(); // a client that has seen enough resets
    }
}
