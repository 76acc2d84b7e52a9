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

    /** Opens a stream on {@code loop}, through a tunnel of that loop; {@code requester} is told there. */
    public void open(EventLoop loop, Peer peer, ConnectRequest request, StreamRequester requester) {
        if (loop.inEventLoop()) {
            start(loop, peer, request, requester);
        } else {
            loop.execute(() -> start(loop, peer, request, requester));
        }
    }

    /** Opens a stream in a tunnel that is in no pool. On the tunnel's event loop. */
    public static void openIn(Tunnel tunnel, ConnectRequest request, StreamRequester requester, Duration timeout) {
        new StreamOpening(waiter -> waiter.ready(tunnel), tunnel, request, requester, timeout).start();
    }

    private void start(EventLoop loop, Peer peer, ConnectRequest request, StreamRequester requester) {
        LoopPool pool = loops.computeIfAbsent(loop, this::newLoopPool);
        if (closed) {
            requester.failed(new TunnelException(TunnelError.DRAINED, "the client is closed"));
            return;
        }
        new StreamOpening(waiter -> pool.acquire(peer, waiter), peer, request, requester, settings.requestTimeout())
                .start();
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
