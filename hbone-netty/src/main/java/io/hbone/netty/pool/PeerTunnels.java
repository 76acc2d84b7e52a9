package io.hbone.netty.pool;

import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.netty.h2.Tunnel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The tunnels of one event loop to one peer, and those who wait for one. A tunnel that was full serves again when streams have
 * ended; one that is going away, or whose certificate has been replaced, serves no more; whoever waits for a dial is told how it
 * ended.
 */
final class PeerTunnels {

    /** Dials, and reports what happens to what it dialled. */
    interface Dialer {
        void dial(Peer peer, EventLoop loop, PeerTunnels pool);
    }

    private final Peer peer;
    private final EventLoop loop;
    private final Dialer dialer;
    private final long idleNanos;
    private final int streamsPerDial;
    private final Runnable onEmpty;

    private final List<Entry> entries = new ArrayList<>(1);
    private final ArrayDeque<TunnelWaiter> waiters = new ArrayDeque<>();
    private int dialing;
    private @Nullable TunnelException closed;

    private static final class Entry {
        final Tunnel tunnel;
        final WorkloadCertificate certificate;

        @Nullable ScheduledFuture<?> idleTimer;

        Entry(Tunnel tunnel, WorkloadCertificate certificate) {
            this.tunnel = tunnel;
            this.certificate = certificate;
        }

        void stopIdleTimer() {
            if (idleTimer != null) {
                idleTimer.cancel(false);
                idleTimer = null;
            }
        }
    }

    /** @param onEmpty called when there is neither a tunnel nor a waiter left */
    PeerTunnels(Peer peer, EventLoop loop, Dialer dialer, long idleNanos, int streamsPerDial, Runnable onEmpty) {
        this.peer = peer;
        this.loop = loop;
        this.dialer = dialer;
        this.idleNanos = idleNanos;
        this.streamsPerDial = streamsPerDial;
        this.onEmpty = onEmpty;
    }

    /**
     * Gives {@code waiter} a tunnel, at once when one has room.
     *
     * @param newest the certificate that new streams should use; tunnels with another one are drained
     */
    void acquire(TunnelWaiter waiter, @Nullable WorkloadCertificate newest) {
        if (closed != null) {
            waiter.failed(closed);
            return;
        }
        if (newest != null) {
            retireOthers(newest);
        }
        Entry entry = withRoom();
        if (entry != null) {
            serve(entry, waiter);
            return;
        }
        waiters.add(waiter);
        dialIfNeeded();
    }

    /** Takes {@code waiter} out of the queue. A dial that was begun for it goes on: the next one may use its tunnel. */
    void forget(TunnelWaiter waiter) {
        waiters.remove(waiter);
    }

    /** A dial has succeeded. */
    void dialed(Tunnel tunnel, WorkloadCertificate certificate) {
        dialing--;
        if (closed != null) {
            tunnel.close(closed);
            return;
        }
        if (!tunnel.isOpen()) {
            failWaiters(new TunnelException(TunnelError.TUNNEL_CLOSED, tunnel + " ended as soon as it was up"));
            return;
        }
        entries.add(new Entry(tunnel, certificate));
        roomChanged(tunnel);
        dialIfNeeded();
    }

    /** A dial has failed: so have those who waited for it. Other dials still serve the rest. */
    void dialFailed(TunnelException why) {
        dialing--;
        failWaiters(why);
    }

    /** Fails those for whom nobody dials any more. */
    private void failWaiters(TunnelException why) {
        // counted before: who fails may come back at once, and waits for a dial of its own
        for (int left = waiters.size() - dialing * streamsPerDial; left > 0 && !waiters.isEmpty(); left--) {
            waiters.remove().failed(why);
        }
        reportIfEmpty();
    }

    void roomChanged(Tunnel tunnel) {
        Entry entry = find(tunnel);
        if (entry == null) {
            return;
        }
        while (!waiters.isEmpty() && tunnel.hasRoom()) {
            serve(entry, waiters.remove());
        }
        startIdleTimerIfUnused(entry);
    }

    /** The tunnel takes no more streams, or is gone. */
    void remove(Tunnel tunnel) {
        Entry entry = find(tunnel);
        if (entry != null) {
            entry.stopIdleTimer();
            entries.remove(entry);
            dialIfNeeded();
            reportIfEmpty();
        }
    }

    /** Lets open streams end and takes no more. */
    void drain() {
        closed = new TunnelException(TunnelError.DRAINED, "the client is closed");
        for (TunnelWaiter waiter : waiters) {
            waiter.failed(closed);
        }
        waiters.clear();
        for (Entry entry : List.copyOf(entries)) {
            entry.tunnel.drain();
        }
    }

    private void retireOthers(WorkloadCertificate newest) {
        for (int i = entries.size() - 1; i >= 0; i--) {
            Entry entry = entries.get(i);
            if (!entry.certificate.equals(newest)) {
                entry.tunnel.drain(); // which removes it
            }
        }
    }

    private void serve(Entry entry, TunnelWaiter waiter) {
        entry.stopIdleTimer();
        waiter.ready(entry.tunnel);
        startIdleTimerIfUnused(entry); // a waiter may not want its stream any more
    }

    private void startIdleTimerIfUnused(Entry entry) {
        if (entry.tunnel.activeStreams() == 0 && entry.idleTimer == null && entry.tunnel.isOpen()) {
            entry.idleTimer = loop.schedule(entry.tunnel::drain, idleNanos, TimeUnit.NANOSECONDS);
        }
    }

    private @Nullable Entry withRoom() {
        for (int i = 0; i < entries.size(); i++) {
            Entry entry = entries.get(i);
            if (entry.tunnel.hasRoom()) {
                return entry;
            }
        }
        return null;
    }

    private @Nullable Entry find(Tunnel tunnel) {
        for (int i = 0; i < entries.size(); i++) {
            if (entries.get(i).tunnel == tunnel) {
                return entries.get(i);
            }
        }
        return null;
    }

    private void dialIfNeeded() {
        while (closed == null && waiters.size() > dialing * streamsPerDial) {
            dialing++;
            dialer.dial(peer, loop, this);
        }
    }

    private void reportIfEmpty() {
        if (entries.isEmpty() && waiters.isEmpty() && dialing == 0) {
            onEmpty.run();
        }
    }
}
