package io.hbone.netty.pool;

import io.hbone.core.TunnelException;
import io.hbone.netty.h2.Tunnel;

/** Waits for a tunnel. Called on the event loop, once. */
interface TunnelWaiter {

    /** There is a tunnel with room; the stream is opened before this returns. */
    void ready(Tunnel tunnel);

    /** There is none to be had. */
    void failed(TunnelException why);
}
