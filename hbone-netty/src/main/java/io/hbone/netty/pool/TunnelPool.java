package io.hbone.netty.pool;

import io.hbone.core.ConnectRequest;
import io.hbone.core.HboneSettings;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.netty.h2.Tunnel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Streams to any peer, for one local workload. Any thread. */
public final class TunnelPool {

    /** The certificate that new tunnels would use, if there is one at hand. */
    interface Certificates {
        @Nullable WorkloadCertificate newest();
    }

    private final Map<EventLoop, LoopPool> loops = new ConcurrentHashMap<>();
    private final TunnelDialer dialer;
    private final HboneSettings settings;
    private volatile boolean closed;

    public TunnelPool(TunnelDialer dialer, HboneSettings settings) {
        this.dialer = dialer;
        this.settings = settings;
    }

    /**
     * Opens a stream on {@code loop}, through a tunnel of that loop; {@code requester} is told there.
     *
     * @return by which it is given up
     */
    public PendingStream open(EventLoop loop, Peer peer, ConnectRequest request, StreamRequester requester) {
        StreamOpening opening =
                new StreamOpening(new OfLoop(loop, peer), loop, peer, request, requester, settings.requestTimeout());
        if (loop.inEventLoop()) {
            opening.start();
        } else {
            loop.execute(opening::start);
        }
        return opening;
    }

    /** Opens a stream in a tunnel that is in no pool. On the tunnel's event loop. */
    public static PendingStream openIn(
            Tunnel tunnel, ConnectRequest request, StreamRequester requester, Duration timeout) {
        StreamOpening opening = new StreamOpening(
                waiter -> waiter.ready(tunnel), tunnel.channel().eventLoop(), tunnel, request, requester, timeout);
        opening.start();
        return opening;
    }

    /** The tunnels of a loop that lead to a peer. */
    private final class OfLoop implements StreamOpening.Tunnels {
        private final EventLoop loop;
        private final Peer peer;

        OfLoop(EventLoop loop, Peer peer) {
            this.loop = loop;
            this.peer = peer;
        }

        @Override
        public void acquire(TunnelWaiter waiter) {
            LoopPool pool = loops.computeIfAbsent(loop, TunnelPool.this::newLoopPool);
            if (closed) {
                waiter.failed(new TunnelException(TunnelError.DRAINED, "the client is closed"));
            } else {
                pool.acquire(peer, waiter);
            }
        }

        @Override
        public void forget(TunnelWaiter waiter) {
            LoopPool pool = loops.get(loop);
            if (pool != null) {
                pool.forget(peer, waiter);
            }
        }
    }

    private LoopPool newLoopPool(EventLoop loop) {
        return new LoopPool(loop, dialer, dialer::newestCertificate, settings);
    }

    /**
     * Opens no more streams; tunnels end when their streams have ended.
     *
     * @return done when no tunnel is left
     */
    public Future<Void> drain() {
        closed = true;
        loops.forEach((loop, pool) -> loop.execute(pool::drain));
        return dialer.whenNoneIsLeft();
    }
}
