package io.hbone.netty.pool;

/** A stream that was asked for. Any thread. */
public interface PendingStream {

    /**
     * It is not wanted any more: whoever waits for a tunnel leaves the queue, and a request that was sent is reset (CANCEL). The
     * requester is told nothing from then on, on its event loop. Harmless when the stream is there, or has failed.
     */
    void cancel();
}
