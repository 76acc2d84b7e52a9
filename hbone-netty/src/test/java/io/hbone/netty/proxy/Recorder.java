package io.hbone.netty.proxy;

import static org.awaitility.Awaitility.await;

import io.hbone.core.ConnectionObserver;
import io.hbone.core.TunnelException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Remembers what it is told. */
final class Recorder implements ConnectionObserver {

    final List<Observed> connections = new CopyOnWriteArrayList<>();
    final List<Denied> denied = new CopyOnWriteArrayList<>();
    final List<TunnelDetails> tunnels = new CopyOnWriteArrayList<>();
    final AtomicInteger closedTunnels = new AtomicInteger();

    record Denied(Direction direction, InetSocketAddress source, InetSocketAddress destination, TunnelException why) {}

    static final class Observed implements Connection {
        final ConnectionDetails details;
        final AtomicLong received = new AtomicLong();
        final AtomicLong sent = new AtomicLong();
        final AtomicInteger closes = new AtomicInteger();
        volatile @Nullable TunnelException why;

        Observed(ConnectionDetails details) {
            this.details = details;
        }

        @Override
        public void received(long bytes) {
            received.addAndGet(bytes);
        }

        @Override
        public void sent(long bytes) {
            sent.addAndGet(bytes);
        }

        @Override
        public void closed(@Nullable TunnelException reason) {
            why = reason;
            closes.incrementAndGet();
        }
    }

    @Override
    public Connection opened(ConnectionDetails details) {
        Observed observed = new Observed(details);
        connections.add(observed);
        return observed;
    }

    @Override
    public void denied(
            Direction direction, InetSocketAddress source, InetSocketAddress destination, TunnelException reason) {
        denied.add(new Denied(direction, source, destination, reason));
    }

    @Override
    public void tunnelOpened(TunnelDetails tunnel) {
        tunnels.add(tunnel);
    }

    @Override
    public void tunnelClosed(TunnelDetails tunnel, @Nullable TunnelException reason) {
        closedTunnels.incrementAndGet();
    }

    /** Whether every tunnel that was opened is gone. */
    boolean isQuiet() {
        return tunnels.size() == closedTunnels.get();
    }

    /** Connection number {@code index}, once it has ended. */
    Observed ended(int index) {
        await().atMost(Duration.ofSeconds(20))
                .until(() -> connections.size() > index
                        && connections.get(index).closes.get() > 0);
        return connections.get(index);
    }

    /** Connection number {@code index}, once it is there. */
    Observed opened(int index) {
        await().atMost(Duration.ofSeconds(20)).until(() -> connections.size() > index);
        return connections.get(index);
    }

    /** The first that was turned away, once there is one. */
    Denied firstDenied() {
        await().atMost(Duration.ofSeconds(20)).until(() -> !denied.isEmpty());
        return denied.get(0);
    }
}
