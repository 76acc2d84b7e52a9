package io.hbone.node.demo;

import io.hbone.core.ConnectionObserver;
import io.hbone.core.SpiffeId;
import io.hbone.core.TunnelException;
import io.hbone.node.text.Ip;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** Writes down what a node of this process reports. */
final class ObserverWitness implements ConnectionObserver {
    private final NodeLog log;

    ObserverWitness(NodeLog log) {
        this.log = log;
    }

    @Override
    public Connection opened(ConnectionDetails details) {
        return new Watched(details, log);
    }

    @Override
    public void denied(
            Direction direction, InetSocketAddress source, InetSocketAddress destination, TunnelException why) {
        log.add(new Sighting(
                direction == Direction.OUTBOUND,
                Ip.format(source),
                Ip.format(destination),
                null,
                null,
                0,
                0,
                why.explain()));
    }

    @Override
    public void tunnelOpened(TunnelDetails tunnel) {
        log.add(new TunnelSighting(
                tunnel.direction() == Direction.OUTBOUND,
                Ip.format(tunnel.peer()),
                text(tunnel.peerIdentity()),
                tunnel.cipherSuite()));
    }

    private static @Nullable String text(@Nullable SpiffeId id) {
        return id == null ? null : id.toString();
    }

    /** For the thread of the connection alone. */
    private static final class Watched implements Connection {
        private final ConnectionDetails details;
        private final NodeLog log;
        private long fromOpener;
        private long toOpener;

        Watched(ConnectionDetails details, NodeLog log) {
            this.details = details;
            this.log = log;
        }

        @Override
        public void received(long bytes) {
            fromOpener += bytes;
        }

        @Override
        public void sent(long bytes) {
            toOpener += bytes;
        }

        @Override
        public void closed(@Nullable TunnelException why) {
            log.add(new Sighting(
                    details.direction() == Direction.OUTBOUND,
                    Ip.format(details.source()),
                    Ip.format(details.destination()),
                    details.hboneTarget() == null ? null : details.hboneTarget().toString(),
                    text(details.sourceWorkload().identity()),
                    fromOpener,
                    toOpener,
                    why == null ? null : why.explain()));
        }
    }
}
