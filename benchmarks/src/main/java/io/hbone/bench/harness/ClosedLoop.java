package io.hbone.bench.harness;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;

/**
 * Does one asynchronous thing again and again with so many under way at a time: when one is done, the next one starts, on the same
 * event loop and without waking another thread.
 */
public final class ClosedLoop {

    /** Starts one. On the event loop; the answer is notified there. */
    @FunctionalInterface
    public interface Action {
        Future<?> start();
    }

    private final EventLoop loop;
    private final int concurrency;
    private final Action action;
    private final Completion completion = new Completion();

    // the event loop's
    private int toStart;
    private int underWay;

    public ClosedLoop(EventLoop loop, int concurrency, Action action) {
        this.loop = loop;
        this.concurrency = concurrency;
        this.action = action;
    }

    /** Does it {@code times}, and returns when the last one is done. Not from the event loop; one caller at a time. */
    public void run(int times) throws InterruptedException {
        loop.execute(() -> {
            toStart = times;
            startSome();
        });
        completion.await();
    }

    /** It cannot go on: {@link #run} throws. Any thread. */
    public void fail(Throwable cause) {
        completion.fail(cause);
    }

    private void startSome() {
        while (toStart > 0 && underWay < concurrency) {
            toStart--;
            underWay++;
            action.start().addListener(this::done);
        }
    }

    private void done(Future<?> future) {
        underWay--;
        if (!future.isSuccess()) {
            toStart = 0;
            fail(future.cause());
            return;
        }
        completion.progressed(1);
        if (toStart > 0) {
            startSome();
        } else if (underWay == 0) {
            completion.complete();
        }
    }
}
