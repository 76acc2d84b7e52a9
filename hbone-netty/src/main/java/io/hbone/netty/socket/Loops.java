package io.hbone.netty.socket;

import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/** Hears of sockets that could not even be made. */
public final class Loops {

    private Loops() {}

    /** Whether there is nothing to close: the socket could not be made, or got no event loop. */
    public static boolean isStillborn(ChannelFuture future) {
        return future.cause() != null && !future.channel().isRegistered();
    }

    /**
     * Tells {@code listener} on {@code loop} what became of a bootstrap's connect or registration there, never within this call
     * when it failed at once. Netty reports a stillborn socket on another thread, or, when the loop has ended, not at all; then
     * the listener is called right here, for nobody else is on the loop.
     */
    public static void whenDone(EventLoop loop, ChannelFuture future, Consumer<ChannelFuture> listener) {
        if (!isStillborn(future)) {
            future.addListener((ChannelFuture done) -> listener.accept(done));
            return;
        }
        try {
            loop.execute(() -> listener.accept(future));
        } catch (RejectedExecutionException e) {
            listener.accept(future);
        }
    }
}
