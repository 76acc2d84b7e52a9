package io.hbone.netty;

import io.hbone.core.TunnelException;

/** Ends a connection that is being carried. */
@FunctionalInterface
public interface Aborter {
    /** Ends it at once, on its event loop; {@code why} is what observers are told. Harmless when it has ended. */
    void abort(TunnelException why);
}
