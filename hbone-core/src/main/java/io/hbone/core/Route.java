package io.hbone.core;

import java.net.InetSocketAddress;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where an outgoing connection goes, as a value that explains itself: the same object drives the connect, the access log, the
 * metric labels and the admin page.
 */
public sealed interface Route {

    /** Why this route was chosen, in words for an operator. */
    String why();

    /** What is known of the destination; {@link WorkloadMetadata#UNKNOWN} when nothing is. */
    WorkloadMetadata destination();

    /** The service that was addressed, or null. */
    @Nullable ServiceRef service();

    /** The service that a connection was meant for. */
    record ServiceRef(String namespace, String name, String hostname) {}

    /** Plain TCP, as without a mesh. */
    record Direct(
            InetSocketAddress address,
            WorkloadMetadata destination,
            @Nullable ServiceRef service,
            String why) implements Route {}

    /**
     * One tunnel.
     *
     * @param peer the address of the peer's tunnel port
     * @param expectedPeers who the peer must be; an empty set fails every handshake
     * @param authority what the peer is asked to connect to
     */
    record Tunnel(
            InetSocketAddress peer,
            Set<SpiffeId> expectedPeers,
            Authority authority,
            WorkloadMetadata destination,
            @Nullable ServiceRef service,
            String why)
            implements Route {
        public Tunnel {
            expectedPeers = Set.copyOf(expectedPeers);
        }
    }

    /**
     * A tunnel to a gateway and in it a second one to the destination (double HBONE, between networks).
     *
     * @param gateway the address of the gateway's tunnel port
     * @param expectedGateways who the gateway must be; an empty set fails every handshake
     * @param expectedPeers who the inner peer must be; an empty set fails every handshake
     * @param authority what both are asked to connect to
     */
    record NestedTunnel(
            InetSocketAddress gateway,
            Set<SpiffeId> expectedGateways,
            Set<SpiffeId> expectedPeers,
            Authority authority,
            WorkloadMetadata destination,
            @Nullable ServiceRef service,
            String why)
            implements Route {
        public NestedTunnel {
            expectedGateways = Set.copyOf(expectedGateways);
            expectedPeers = Set.copyOf(expectedPeers);
        }
    }

    /** Not carried. */
    record Reject(TunnelError error, String why) implements Route {
        @Override
        public WorkloadMetadata destination() {
            return WorkloadMetadata.UNKNOWN;
        }

        @Override
        public @Nullable ServiceRef service() {
            return null;
        }
    }
}
