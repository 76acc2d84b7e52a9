package io.hbone.core;

import java.net.InetSocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Decides who may talk to a local workload. Called on the thread of the connection: it must return at once and not allocate much. */
@FunctionalInterface
public interface Authorizer {
    /** Allows everything, as a mesh without policies does. */
    Authorizer ALLOW_ALL = request -> Decision.Allow.NO_POLICIES;

    /** The decision, with the policy and rule that made it. */
    Decision authorize(Request request);

    /**
     * What is decided on.
     *
     * @param source the peer's address as this machine sees it
     * @param identity who the peer proved to be; null for plaintext
     * @param destination the application's address and port, never a tunnel port
     */
    record Request(InetSocketAddress source, @Nullable SpiffeId identity, InetSocketAddress destination) {
        public Request {
            Objects.requireNonNull(source, "source");
            Objects.requireNonNull(destination, "destination");
        }
    }
}
