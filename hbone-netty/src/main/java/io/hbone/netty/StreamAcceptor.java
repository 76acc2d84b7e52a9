package io.hbone.netty;

/** Decides about streams that arrive. Called on the stream's event loop: it must return at once, and may answer later. */
@FunctionalInterface
public interface StreamAcceptor {
    /** A peer has proved who it is, and asks to be connected. */
    void accept(IncomingStream stream);
}
