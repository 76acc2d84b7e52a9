package io.hbone.node.telemetry;

import io.hbone.core.ConnectionObserver;
import io.hbone.core.TunnelException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** Two observers as one; the first hears everything first. More than two are two of which one is two. */
public final class CombinedObserver implements ConnectionObserver {
    private final ConnectionObserver first;
    private final ConnectionObserver second;

    public CombinedObserver(ConnectionObserver first, ConnectionObserver second) {
        this.first = first;
        this.second = second;
    }

    @Override
    public Connection opened(ConnectionDetails details) {
        return new Both(first.opened(details), second.opened(details));
    }

    @Override
    public void denied(
            Direction direction, InetSocketAddress source, InetSocketAddress destination, TunnelException why) {
        first.denied(direction, source, destination, why);
        second.denied(direction, source, destination, why);
    }

    @Override
    public void tunnelOpened(TunnelDetails tunnel) {
        first.tunnelOpened(tunnel);
        second.tunnelOpened(tunnel);
    }

    @Override
    public void tunnelClosed(TunnelDetails tunnel, @Nullable TunnelException why) {
        first.tunnelClosed(tunnel, why);
        second.tunnelClosed(tunnel, why);
    }

    @Override
    public void tolerated(InetSocketAddress peer, String what) {
        first.tolerated(peer, what);
        second.tolerated(peer, what);
    }

    private static final class Both implements Connection {
        private final Connection first;
        private final Connection second;

        Both(Connection first, Connection second) {
            this.first = first;
            this.second = second;
        }

        @Override
        public void received(long bytes) {
            first.received(bytes);
            second.received(bytes);
        }

        @Override
        public void sent(long bytes) {
            first.sent(bytes);
            second.sent(bytes);
        }

        @Override
        public void closed(@Nullable TunnelException why) {
            first.closed(why);
            second.closed(why);
        }
    }
}
