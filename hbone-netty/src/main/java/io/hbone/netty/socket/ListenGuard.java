package io.hbone.netty.socket;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * In front of a listener's acceptor: makes the listener transparent before it is bound, and lets it rest after an error: the
 * kernel offers a connection that could not be accepted (EMFILE) again at once, for ever.
 *
 * <p><b>Threading:</b> the listener's event loop.
 */
final class ListenGuard extends ChannelDuplexHandler {

    private static final Logger LOG = LoggerFactory.getLogger(ListenGuard.class);

    private static final long PAUSE_MILLIS = 100;
    private static final long LOG_INTERVAL_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final OriginalSource originalSource;
    private long errors;
    private long nextLog = Long.MIN_VALUE;

    ListenGuard(OriginalSource originalSource) {
        this.originalSource = originalSource;
    }

    @Override
    public void bind(ChannelHandlerContext ctx, SocketAddress local, ChannelPromise promise) {
        if (originalSource != OriginalSource.OFF && local instanceof InetSocketAddress address) {
            try {
                OriginalSource.allowListener(ctx.channel().config(), address.getAddress());
            } catch (ChannelException e) {
                if (originalSource == OriginalSource.ON) {
                    BindException failure = new BindException(local + " cannot be transparent: " + e.getMessage()
                            + " (expected: CAP_NET_ADMIN, or ENABLE_ORIG_SRC=false)");
                    failure.initCause(e);
                    promise.setFailure(failure);
                    return;
                }
                LOG.debug("{} is not transparent: {}", local, e.getMessage());
            }
        }
        ctx.bind(local, promise);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        errors++;
        long now = ctx.executor().ticker().nanoTime();
        if (nextLog == Long.MIN_VALUE || now - nextLog >= 0) {
            nextLog = now + LOG_INTERVAL_NANOS;
            LOG.warn(
                    "{} cannot accept ({} errors so far; look at the limit of open files): {}",
                    ctx.channel().localAddress(),
                    errors,
                    cause.toString());
        }
        if (ctx.channel().config().isAutoRead()) {
            ctx.channel().config().setAutoRead(false);
            ctx.executor()
                    .schedule(() -> ctx.channel().config().setAutoRead(true), PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        }
    }
}
