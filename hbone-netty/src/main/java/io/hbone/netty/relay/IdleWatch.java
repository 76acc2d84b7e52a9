package io.hbone.netty.relay;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** Notices that nothing has moved for some time. Costs a field write when something does. */
final class IdleWatch {

    private final EventLoop loop;
    private final long limit;
    private final Runnable onIdle;
    private long lastMove;
    private ScheduledFuture<?> timer;

    /** @param limit nanoseconds, positive */
    IdleWatch(EventLoop loop, long limit, Runnable onIdle) {
        this.loop = loop;
        this.limit = limit;
        this.onIdle = onIdle;
        lastMove = now();
        timer = schedule(limit);
    }

    void moved() {
        lastMove = now();
    }

    void stop() {
        timer.cancel(false);
    }

    private void check() {
        long left = limit - (now() - lastMove);
        if (left <= 0) {
            onIdle.run();
        } else {
            timer = schedule(left);
        }
    }

    private ScheduledFuture<?> schedule(long nanos) {
        return loop.schedule(this::check, nanos, TimeUnit.NANOSECONDS);
    }

    private long now() {
        return loop.ticker().nanoTime();
    }
}
