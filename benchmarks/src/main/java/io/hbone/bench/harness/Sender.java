package io.hbone.bench.harness;

import io.hbone.netty.socket.TunnelOptions;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/**
 * The application at the near end of one stream: writes one payload after the other while the channel takes them, and flushes when
 * it takes no more.
 *
 * <p><b>Reference counting:</b> every write shares the payload, so that allocations are those of the path alone.
 *
 * <p><b>Threading:</b> the channel's event loop.
 */
final class Sender extends ChannelInboundHandlerAdapter {

    private final ByteBuf payload;
    private final Arrivals arrivals;
    private @Nullable ChannelHandlerContext context;
    private long left;

    Sender(ByteBuf payload, Arrivals arrivals) {
        this.payload = payload;
        this.arrivals = arrivals;
    }

    /** @param bytes a multiple of the payload's */
    void send(long bytes) {
        left += bytes;
        write();
    }

    private void write() {
        ChannelHandlerContext ctx = context;
        if (ctx == null || left == 0) {
            return;
        }
        while (left > 0 && ctx.channel().isWritable()) {
            left -= payload.readableBytes();
            ctx.write(payload.retainedDuplicate(), ctx.voidPromise());
        }
        ctx.flush();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        ctx.channel().config().setWriteBufferWaterMark(TunnelOptions.WATER_MARK);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        write();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ReferenceCountUtil.release(message);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (left > 0) {
            arrivals.fail(new ClosedChannelException());
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        arrivals.fail(cause);
    }
}
