package io.hbone.node.bench;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.Future;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One request at a time on one connection, at a {@link Pace} or each as soon as the one before is answered. The time is that of the
 * event loop's clock.
 */
final class RequestHandler extends ChannelInboundHandlerAdapter {
    private final int size;
    private final Ledger ledger;
    private final CompletableFuture<Void> over = new CompletableFuture<>();

    private Window window = new Window(0, 0, 0);
    private @Nullable Pace pace;
    private @Nullable ChannelHandlerContext context;
    private @Nullable ByteBuf request;
    private @Nullable Future<?> alarm;
    private @Nullable Throwable failure;
    private long due;
    private int missing;

    /** @param size of a request and of its answer, bytes */
    RequestHandler(int size, Ledger ledger) {
        this.size = size;
        this.ledger = ledger;
    }

    /** Done when all that was due is answered, or never will be. */
    CompletableFuture<Void> over() {
        return over;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        request = ctx.alloc().directBuffer(size, size).writeZero(size);
    }

    /**
     * Begins. On the event loop.
     *
     * @param when what counts
     * @param how null for as fast as it goes
     */
    void start(Window when, @Nullable Pace how) {
        ChannelHandlerContext ctx = Objects.requireNonNull(context);
        window = when;
        pace = how;
        due = how == null ? now(ctx) : how.first();
        if (request == null) {
            lost();
        } else {
            await(ctx);
        }
    }

    private static long now(ChannelHandlerContext ctx) {
        return ctx.executor().ticker().nanoTime();
    }

    private void await(ChannelHandlerContext ctx) {
        long wait = due - now(ctx);
        if (pace == null ? now(ctx) - window.until() >= 0 : pace.isOver(due)) {
            finish();
        } else if (wait <= 0) {
            send(ctx);
        } else {
            alarm = ctx.executor().schedule(() -> begin(ctx), wait, TimeUnit.NANOSECONDS);
        }
    }

    private void begin(ChannelHandlerContext ctx) {
        if (!over.isDone()) {
            if (window.contains(due)) {
                ledger.lateness.add(now(ctx) - due);
            }
            send(ctx);
        }
    }

    private void send(ChannelHandlerContext ctx) {
        ByteBuf bytes = request;
        missing = size;
        if (bytes != null) {
            ctx.writeAndFlush(bytes.retainedDuplicate(), ctx.voidPromise());
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        missing -= bytes.readableBytes();
        bytes.release();
        if (missing > 0 || over.isDone()) {
            return;
        }
        missing = 0;
        long now = now(ctx);
        ledger.count(1);
        if (window.contains(pace == null ? now : due)) {
            ledger.latencies.add(now - due);
        }
        due = pace == null ? now : due + pace.interval();
        await(ctx);
    }

    /** Waits no longer: what is not answered counts as such, with the time that it has waited so far. On the event loop. */
    void giveUp() {
        ChannelHandlerContext ctx = context;
        if (over.isDone() || ctx == null) {
            return;
        }
        if (pace == null) {
            if (missing > 0) {
                unanswered(now(ctx) - due);
            }
        } else {
            for (long at = pace.counted(due, window); !pace.isOver(at); at += pace.interval()) {
                unanswered(now(ctx) - at);
            }
        }
        finish();
    }

    private void unanswered(long waited) {
        ledger.unanswered++;
        ledger.latencies.add(waited);
    }

    private void finish() {
        if (alarm != null) {
            alarm.cancel(false);
        }
        over.complete(null);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (window.until() != 0 && !over.isDone()) {
            lost();
        }
        // Else it is told when it starts.
    }

    private void lost() {
        ledger.error(Failures.describe(failure));
        giveUp();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        failure = cause;
        ctx.close();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        ByteBuf bytes = request;
        request = null;
        if (bytes != null) {
            bytes.release();
        }
    }
}
