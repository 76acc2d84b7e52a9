package io.hbone.netty.h2;

import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Asks a peer from time to time whether it is still there, whether or not data flows, and measures the round trip: a PING some
 * time after the last one's answer, and a deadline for the answer.
 */
final class Keepalive {

    /** What a measured round trip is taken for at least: scheduling alone costs this much on a busy machine. */
    private static final long MIN_ROUND_TRIP = TimeUnit.MILLISECONDS.toNanos(1);

    private static final long INITIAL_ROUND_TRIP = TimeUnit.MILLISECONDS.toNanos(1);

    private final ChannelHandlerContext ctx;
    private final long interval;
    private final long timeout;
    private final PingWriter writer;
    private final Runnable onDead;

    private long payload;
    private long sentAt;
    private boolean outstanding;
    private boolean measured;
    private long roundTrip = INITIAL_ROUND_TRIP;
    private @Nullable ScheduledFuture<?> timer;

    interface PingWriter {
        void ping(long payload);
    }

    /** @param interval and {@code timeout} in nanoseconds */
    Keepalive(ChannelHandlerContext ctx, long interval, long timeout, PingWriter writer, Runnable onDead) {
        this.ctx = ctx;
        this.interval = interval;
        this.timeout = timeout;
        this.writer = writer;
        this.onDead = onDead;
    }

    void start() {
        schedule(this::ping, interval);
    }

    void stop() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    /** The answer to a PING; one that is not ours is ignored. */
    void answered(long answeredPayload) {
        if (outstanding && answeredPayload == payload) {
            outstanding = false;
            measured(now() - sentAt);
            stop();
            schedule(this::ping, interval);
        }
    }

    /** Something showed how long a round trip takes: the shortest counts, for the rest is queueing. */
    void measured(long nanos) {
        long sample = Math.max(nanos, MIN_ROUND_TRIP);
        roundTrip = measured ? Math.min(roundTrip, sample) : sample;
        measured = true;
    }

    /** Nanoseconds. */
    long roundTrip() {
        return roundTrip;
    }

    private void ping() {
        payload++;
        outstanding = true;
        sentAt = now();
        writer.ping(payload);
        schedule(onDead, timeout);
    }

    private void schedule(Runnable task, long delay) {
        timer = ctx.executor().schedule(task, delay, TimeUnit.NANOSECONDS);
    }

    private long now() {
        return ctx.executor().ticker().nanoTime();
    }
}
