package io.hbone.netty.pool;

import io.hbone.core.HboneSettings;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.netty.channel.EventLoop;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The tunnels of one event loop. Touched by that loop only. */
final class LoopPool {

    private final EventLoop loop;
    private final PeerTunnels.Dialer dialer;
    private final TunnelPool.Certificates certificates;
    private final HboneSettings settings;
    private final Map<Peer, PeerTunnels> peers = new HashMap<>();
    private boolean draining;

    LoopPool(EventLoop loop, PeerTunnels.Dialer dialer, TunnelPool.Certificates certificates, HboneSettings settings) {
        this.loop = loop;
        this.dialer = dialer;
        this.certificates = certificates;
        this.settings = settings;
    }

    void acquire(Peer peer, TunnelWaiter waiter) {
        if (draining) {
            waiter.failed(new TunnelException(TunnelError.DRAINED, "the client is closed"));
            return;
        }
        peers.computeIfAbsent(peer, this::newTunnels).acquire(waiter, certificates.newest());
    }

    /** The waiter does not want a tunnel any more. */
    void forget(Peer peer, TunnelWaiter waiter) {
        PeerTunnels tunnels = peers.get(peer);
        if (tunnels != null) {
            tunnels.forget(waiter);
        }
    }

    void drain() {
        draining = true;
        for (PeerTunnels tunnels : List.copyOf(peers.values())) {
            tunnels.drain();
        }
    }

    private PeerTunnels newTunnels(Peer peer) {
        return new PeerTunnels(
                peer,
                loop,
                dialer,
                settings.tunnelIdleTimeout().toNanos(),
                settings.maxStreamsPerTunnel(),
                () -> peers.remove(peer));
    }
}
