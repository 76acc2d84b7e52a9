package io.hbone.netty;

import io.hbone.netty.tls.TlsContexts;
import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.time.Duration;

/** A server that has been bound. */
final class ListeningHboneServer implements HboneServer {

    private final Channel listener;
    private final TunnelAcceptor tunnels;
    private final TlsContexts tls;
    private final LoopGroups groups;

    ListeningHboneServer(Channel listener, TunnelAcceptor tunnels, TlsContexts tls, LoopGroups groups) {
        this.listener = listener;
        this.tunnels = tunnels;
        this.tls = tls;
        this.groups = groups;
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
        tls.close();
        groups.shutDownIfOwned();
    }
}
