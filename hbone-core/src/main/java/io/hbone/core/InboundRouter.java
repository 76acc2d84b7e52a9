package io.hbone.core;

import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Decides where connections that arrive for a local workload go. Called on the thread of the connection: it must return at once. */
@FunctionalInterface
public interface InboundRouter {

    /**
     * @return the target, policy not yet asked. What cannot be forwarded is a {@link Target.Refuse}, not an exception
     */
    CompletionStage<Target> route(Inbound connection);

    /**
     * A connection that arrives.
     *
     * @param peer the other end's address as this machine sees it
     * @param local the address that it arrived at; for plaintext the address that the peer dialled
     * @param peerIdentity who the peer proved to be; null for plaintext
     * @param request what the peer asked for; null for plaintext
     */
    record Inbound(
            InetSocketAddress peer,
            InetSocketAddress local,
            @Nullable SpiffeId peerIdentity,
            @Nullable ConnectRequest request) {
        public Inbound {
            Objects.requireNonNull(peer, "peer");
            Objects.requireNonNull(local, "local");
        }
    }

    /** The outcome. */
    sealed interface Target {
        /**
         * Connect there.
         *
         * @param address the application
         * @param preserveSource whether the application should see the peer's address as the source, where that is possible
         * @param source what is known of the peer
         * @param destination the local workload
         * @param service the service that was meant, or null
         * @param announced what the application is told in a PROXY protocol header that the connection was meant for, and who
         *     the peer is; null for no header
         */
        record Forward(
                InetSocketAddress address,
                boolean preserveSource,
                WorkloadMetadata source,
                WorkloadMetadata destination,
                Route.@Nullable ServiceRef service,
                @Nullable InetSocketAddress announced)
                implements Target {

            /** Without a header. */
            public Forward(
                    InetSocketAddress address,
                    boolean preserveSource,
                    WorkloadMetadata source,
                    WorkloadMetadata destination,
                    Route.@Nullable ServiceRef service) {
                this(address, preserveSource, source, destination, service, null);
            }
        }

        /**
         * Do not.
         *
         * @param status the HTTP status for a tunnel request, 400 to 599; plaintext is just closed
         */
        record Refuse(int status, TunnelError error, String why) implements Target {
            public Refuse {
                if (status < 400 || status > 599) {
                    throw new IllegalArgumentException("status: " + status + " (expected: 400 to 599)");
                }
            }
        }
    }
}
