package io.hbone.netty;

import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.time.Duration;

/** A server that has been bound. */
final class ListeningHboneServer implements HboneServer {

    private final Channel listener;
    private final TunnelAcceptor tunnels;
    private final Holdings holdings;

    ListeningHboneServer(Channel listener, TunnelAcceptor tunnels, Holdings holdings) {
        this.listener = listener;
        this.tunnels = tunnels;
        this.holdings = holdings;
    }

    @Override
    public InetSocketAddress localAddress() {
        return (InetSocketAddress) listener.localAddress();
    }

    @Override
    public Future<Void> drain(Duration deadline) {
        listener.close();
        return tunnels.drain(deadline);
    }

    @Override
    public void close() {
        listener.close();
        tunnels.drain(Duration.ZERO);
        holdings.release();
    }
}
