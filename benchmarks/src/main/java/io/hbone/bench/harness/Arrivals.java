package io.hbone.bench.harness;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The application at the far end of all streams: takes what arrives at once, counts it, and lets one thread wait until all is
 * there.
 *
 * <p><b>Threading:</b> all streams must arrive on one event loop.
 */
@ChannelHandler.Sharable
final class Arrivals extends ChannelInboundHandlerAdapter {

    private static final int STALLED_AFTER_SECONDS = 60;

    private final Semaphore complete = new Semaphore(0);
    private final AtomicLong expected = new AtomicLong();
    private volatile @Nullable Throwable failure;
    /** The event loop's. */
    private long arrived;

    /** So many bytes more will come. */
    void expect(long bytes) {
        expected.addAndGet(bytes);
    }

    /** Waits until all that was expected has come. */
    void await() throws InterruptedException {
        boolean done = complete.tryAcquire(STALLED_AFTER_SECONDS, TimeUnit.SECONDS);
        Throwable cause = failure;
        if (!done || cause != null) {
            throw new IllegalStateException(
                    "arrived: " + arrived + " bytes (expected: " + expected + "): "
                            + (cause == null ? "nothing moved for " + STALLED_AFTER_SECONDS + " s" : cause),
                    cause);
        }
    }

    /** What was expected will not come. */
    void fail(Throwable cause) {
        failure = cause;
        complete.release();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf data = (ByteBuf) message;
        arrived += data.readableBytes();
        data.release();
        if (arrived == expected.get()) {
            complete.release();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        fail(cause);
    }
}
