package io.hbone.node.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Closes connections that are too slow in sending a request, or that send none. Passes everything on. */
final class HttpDeadline extends ChannelInboundHandlerAdapter {
    private final Duration request;
    private final Duration idle;
    private @Nullable ChannelHandlerContext context;
    private @Nullable Future<?> timer;
    private boolean waiting;

    HttpDeadline(Duration request, Duration idle) {
        this.request = request;
        this.idle = idle;
    }

    /** A request is complete. */
    void requestArrived() {
        schedule(idle);
        waiting = true;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        // A new connection is there to ask something at once.
        schedule(request);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (waiting) {
            waiting = false;
            schedule(request);
        }
        ctx.fireChannelRead(message);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        cancel();
        ctx.fireChannelInactive();
    }

    private void schedule(Duration delay) {
        cancel();
        ChannelHandlerContext ctx = context;
        if (ctx != null) {
            timer = ctx.executor().schedule(() -> ctx.close(), delay.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void cancel() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }
}
