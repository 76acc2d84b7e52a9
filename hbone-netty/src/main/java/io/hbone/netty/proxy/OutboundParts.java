package io.hbone.netty.proxy;

import io.hbone.core.Baggage;
import io.hbone.core.ConnectionObserver;
import io.hbone.core.OutboundRouter;
import io.hbone.core.WorkloadIdentity;
import io.hbone.core.WorkloadMetadata;
import io.hbone.netty.HboneClient;
import io.hbone.netty.pool.TunnelPool;
import io.hbone.netty.socket.OriginalDestination;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What all connections of an outbound listener share.
 *
 * @param selfInTunnel what is reported of the workload when TLS proves who it is
 * @param selfInPlain the same without its identity
 * @param baggage what peers are told of it
 * @param network sent to peers behind gateways; null for none
 */
record OutboundParts(
        WorkloadIdentity self,
        WorkloadMetadata selfInTunnel,
        WorkloadMetadata selfInPlain,
        Baggage baggage,
        @Nullable String network,
        OutboundRouter router,
        TunnelPool tunnels,
        @Nullable HboneClient nested,
        ApplicationConnector connector,
        ConnectionObserver observer,
        OriginalDestination originalDestination,
        Set<Integer> illegalPorts,
        RandomGenerator random,
        long idleNanos) {}
