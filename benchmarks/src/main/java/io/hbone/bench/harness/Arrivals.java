package io.hbone.bench.harness;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The application at the far end of all streams: takes what arrives at once, counts it, and lets one thread wait until all is
 * there.
 *
 * <p><b>Threading:</b> all streams must arrive on one event loop.
 */
@ChannelHandler.Sharable
final class Arrivals extends ChannelInboundHandlerAdapter {

    private final Completion completion = new Completion();
    private final AtomicLong expected = new AtomicLong();

    /** So many bytes more will come. */
    void expect(long bytes) {
        expected.addAndGet(bytes);
    }

    /** Waits until all that was expected has come. */
    void await() throws InterruptedException {
        completion.await();
    }

    /** What was expected will not come. */
    void fail(Throwable cause) {
        completion.fail(cause);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf data = (ByteBuf) message;
        int bytes = data.readableBytes();
        data.release();
        if (completion.progressed(bytes) == expected.get() && bytes > 0) {
            completion.complete();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        fail(cause);
    }
}
