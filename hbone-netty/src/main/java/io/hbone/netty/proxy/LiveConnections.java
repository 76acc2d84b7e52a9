package io.hbone.netty.proxy;

import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.netty.util.concurrent.Promise;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** The connections of a listener, so that they can be drained. Safe for use by any thread. */
final class LiveConnections<C extends LiveConnections.Live> {

    /** A connection that is there. */
    interface Live {
        /** Whose close is the end, and on whose event loop {@link #abort} is called. */
        Channel channel();

        /** Ends it now, because of {@code why}. Harmless when it has ended. */
        void abort(TunnelException why);
    }

    private final Set<C> live = ConcurrentHashMap.newKeySet();
    private final Promise<Void> drained = GlobalEventExecutor.INSTANCE.newPromise();
    private final AtomicLong generation = new AtomicLong();
    private volatile boolean draining;

    /** Adds a connection until its channel is closed. */
    void add(C connection) {
        live.add(connection);
        connection.channel().closeFuture().addListener(closed -> {
            live.remove(connection);
            completeIfDrained();
        });
        if (drained.isDone()) { // was accepted just before the listener was closed, and nobody waits for it any more
            connection.channel().eventLoop().execute(() -> connection.abort(drainedError()));
        }
    }

    int size() {
        return live.size();
    }

    /** Grows with each {@link #forEachAgain}: a connection that was decided about before it was added looks whether it did. */
    long generation() {
        return generation.get();
    }

    /** The same as {@link #forEach}, for what must not miss a connection that is just coming. */
    void forEachAgain(Consumer<C> action) {
        generation.incrementAndGet();
        forEach(action);
    }

    /** Calls {@code action} for each connection, on the connection's event loop. */
    void forEach(Consumer<C> action) {
        for (C connection : live) {
            connection.channel().eventLoop().execute(() -> action.accept(connection));
        }
    }

    /** Lets connections end until {@code deadline}, and ends what is left then. There must be no new ones. */
    Future<Void> drain(Duration deadline) {
        draining = true;
        completeIfDrained();
        if (!drained.isDone()) {
            GlobalEventExecutor.INSTANCE.schedule(this::cutOff, deadline.toNanos(), TimeUnit.NANOSECONDS);
        }
        return drained;
    }

    private void cutOff() {
        forEach(connection -> connection.abort(drainedError()));
    }

    private static TunnelException drainedError() {
        return new TunnelException(TunnelError.DRAINED, "connection closed due to connection drain");
    }

    private void completeIfDrained() {
        if (draining && live.isEmpty()) {
            drained.trySuccess(null);
        }
    }
}
