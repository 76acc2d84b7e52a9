package io.hbone.netty.pool;

import io.hbone.core.Baggage;
import io.hbone.core.TunnelException;
import io.hbone.netty.h2.StreamListener;
import io.hbone.netty.h2.TunnelStream;

/** Wants a stream. Called on the event loop that it asked on, once, or never when it has cancelled. */
public interface StreamRequester {

    /**
     * The peer has connected to the destination.
     *
     * @param destination what the peer says of it, {@link Baggage#EMPTY} when nothing
     * @return who is told about the stream from now on
     */
    StreamListener established(TunnelStream stream, Baggage destination);

    /** There is no stream to be had. */
    void failed(TunnelException why);
}
