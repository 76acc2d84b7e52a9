package io.hbone.core;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The telemetry seam: a data plane reports here, and metrics, logs and admin pages are built on it. Every method has an empty
 * default. Methods are called on the thread of the connection, must not block, and must not throw.
 */
public interface ConnectionObserver {
    /** Observes nothing. */
    ConnectionObserver NONE = new ConnectionObserver() {};

    /** An application connection is about to be carried; the answer is told how it goes. */
    default Connection opened(ConnectionDetails details) {
        return Connection.NONE;
    }

    /**
     * A connection ended before it could be attributed to anybody: a failed handshake, an unroutable destination, a bad request.
     */
    default void denied(
            Direction direction, InetSocketAddress source, InetSocketAddress destination, TunnelException why) {}

    /** A tunnel is up. */
    default void tunnelOpened(TunnelDetails tunnel) {}

    /** A tunnel that was up is gone; {@code why} is null for an orderly end. */
    default void tunnelClosed(TunnelDetails tunnel, @Nullable TunnelException why) {}

    /** Something was wrong with what a peer sent and was survived, for example a malformed {@code baggage} header. */
    default void tolerated(InetSocketAddress peer, String what) {}

    /** Which way a connection goes, as seen from the local workload. */
    enum Direction {
        INBOUND("inbound"),
        OUTBOUND("outbound");

        private final String text;

        Direction(String text) {
            this.text = text;
        }

        /** As logs write it. */
        public String text() {
            return text;
        }
    }

    /** How the bytes of a connection cross the network. */
    enum Protocol {
        /** As they are. */
        TCP("TCP"),
        /** In a tunnel. */
        HBONE("HBONE"),
        /** In a tunnel of their own inside of one to a gateway. */
        DOUBLE_HBONE("DOUBLEHBONE");

        private final String text;

        Protocol(String text) {
            this.text = text;
        }

        /** As admin pages write it. */
        public String text() {
            return text;
        }
    }

    /**
     * A connection, when it opens.
     *
     * @param source the end that opened it
     * @param destination the address that was dialled; for a tunnel's receiving end the tunnel port
     * @param hboneTarget what was asked for through the tunnel, or null outside of one
     * @param sourceWorkload what is known of the end that opened it; its identity is set only when TLS proved it
     * @param destinationWorkload what is known of the other end; likewise
     * @param service the service that was meant, or null
     * @param protocol how the bytes cross the network
     * @param trace what both ends of a tunnelled connection call it; null outside of a tunnel
     */
    record ConnectionDetails(
            Direction direction,
            InetSocketAddress source,
            InetSocketAddress destination,
            @Nullable Authority hboneTarget,
            WorkloadMetadata sourceWorkload,
            WorkloadMetadata destinationWorkload,
            Route.@Nullable ServiceRef service,
            Protocol protocol,
            @Nullable TraceParent trace) {

        /** A connection outside of a tunnel, or one that has no name. */
        public ConnectionDetails(
                Direction direction,
                InetSocketAddress source,
                InetSocketAddress destination,
                @Nullable Authority hboneTarget,
                WorkloadMetadata sourceWorkload,
                WorkloadMetadata destinationWorkload,
                Route.@Nullable ServiceRef service,
                Protocol protocol) {
            this(
                    direction,
                    source,
                    destination,
                    hboneTarget,
                    sourceWorkload,
                    destinationWorkload,
                    service,
                    protocol,
                    null);
        }

        /** Whether the bytes cross the network in a tunnel. */
        public boolean mutualTls() {
            return protocol != Protocol.TCP;
        }
    }

    /** One connection's events. */
    interface Connection {
        /** Observes nothing. */
        Connection NONE = new Connection() {};

        /** Bytes that the end which opened the connection has sent. Called often: must be cheap. */
        default void received(long bytes) {}

        /** Bytes that went back to the end which opened the connection. Called often: must be cheap. */
        default void sent(long bytes) {}

        /** It is over; {@code why} is null when it ended as connections do. Called once. */
        default void closed(@Nullable TunnelException why) {}
    }

    /**
     * A tunnel.
     *
     * @param direction outbound for the end that dialled
     * @param peerIdentity who the peer proved to be
     * @param cipherSuite as TLS names it
     * @param certificateSerial the serial number of the local certificate in use, in hexadecimal
     */
    record TunnelDetails(
            Direction direction,
            InetSocketAddress local,
            InetSocketAddress peer,
            @Nullable SpiffeId peerIdentity,
            String cipherSuite,
            String certificateSerial) {}
}
