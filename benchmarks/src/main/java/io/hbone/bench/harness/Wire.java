package io.hbone.bench.harness;

import io.netty.channel.ChannelHandler;
import java.util.Locale;

/** What goes over the wire: what suites compare. */
public enum Wire {
    /** Our tunnel: {@code HboneClient} and {@code HboneServer} with their default settings. */
    HBONE,
    /** Netty's own HTTP/2 in the same TLS: {@code Http2FrameCodec} and {@code Http2MultiplexHandler}, tuned. */
    STOCK,
    /** The same TLS alone: what HTTP/2 costs is the difference. Each stream is a connection of its own. */
    TLS,
    /** The sockets alone: the floor. Each stream is a connection of its own. */
    PLAIN;

    /**
     * The wire of a name, as parameters write it.
     *
     * @throws IllegalArgumentException when there is none of that name
     */
    public static Wire of(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }

    /** Carries streams from one program to another. */
    public Carrier direct(Loopback loopback, ChannelHandler receiver) {
        return switch (this) {
            case HBONE -> new HboneCarrier(loopback, receiver);
            case STOCK -> new StockCarrier(loopback, receiver);
            case TLS -> new SocketCarrier(loopback, receiver, true);
            case PLAIN -> new SocketCarrier(loopback, receiver, false);
        };
    }

    /** Carries streams between applications' sockets, through a node beside each. */
    public Carrier relayed(Loopback loopback, ChannelHandler receiver) {
        return this == HBONE ? new HboneRelay(loopback, receiver) : new StockRelay(this, loopback, receiver);
    }
}
