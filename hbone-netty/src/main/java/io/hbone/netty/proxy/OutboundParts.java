package io.hbone.netty.proxy;

import io.hbone.core.ConnectionObserver;
import io.hbone.core.OutboundRouter;
import io.hbone.core.WorkloadIdentity;
import io.hbone.netty.HboneClient;
import io.hbone.netty.pool.TunnelPool;
import io.hbone.netty.socket.OriginalDestination;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What all connections of an outbound listener share.
 *
 * @param description of the workload, for peers, logs and metrics
 * @param network sent to peers behind gateways; null for none
 */
record OutboundParts(
        WorkloadIdentity self,
        SelfDescription description,
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
