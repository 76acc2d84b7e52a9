package io.hbone.identity.spire;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NegotiationType;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.hbone.core.IdentitySource;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.internal.UnixChannels;
import java.time.Clock;

/**
 * The APIs of a SPIRE server over TCP, as whoever our own SVID says that we are: for most of them that must be among the server's {@code
 * admin_ids}, or have an entry with {@code admin} (spec/spire.md 3.1). The server must have the identity that servers of our trust domain
 * have; what it is called by does not matter.
 */
public final class SpireServerChannel {
    private SpireServerChannel() {}

    /**
     * A connection, made when it is used and again whenever the server ends it, which it does every few minutes.
     *
     * @param host the server's name or address
     * @param port its {@code bind_port}
     * @param own gives this process's own certificate, {@link WorkloadApiSource#of} for example, which must have it at hand before the
     *     first call; the caller closes it
     * @param self who this process is, to {@code own}
     * @return the caller shuts it down
     */
    public static ManagedChannel connect(
            String host, int port, IdentitySource own, WorkloadIdentity self, Clock clock) {
        return NettyChannelBuilder.forAddress(host, port)
                .negotiationType(NegotiationType.TLS)
                .sslContext(SpireTls.withServer(own, self, clock))
                .maxInboundMessageSize(UnixChannels.MAX_MESSAGE_BYTES)
                .build();
    }
}
