package io.hbone.netty.h2;

import io.hbone.core.TunnelException;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/** Told what happens to a tunnel. Called on its event loop. */
public interface TunnelEvents {

    /**
     * The peer has opened a stream; only a server's tunnel says this. The stream gets its {@link TunnelStream#setListener}, or
     * its answer, before this returns.
     */
    void incoming(TunnelStream stream, Http2Headers request);

    /** A stream is over, or the peer's limits have changed: there may be room for more. */
    default void roomChanged(Tunnel tunnel) {}

    /** No more streams can be opened; those that are open go on. */
    default void goingAway(Tunnel tunnel) {}

    /** The tunnel is gone; every stream has been told. {@code why} is null for an orderly end. Called once. */
    default void closed(Tunnel tunnel, @Nullable TunnelException why) {}
}
