package io.hbone.node.telemetry;

import io.hbone.core.Authority;
import io.hbone.core.ConnectionObserver.ConnectionDetails;
import io.hbone.core.ConnectionObserver.Direction;
import io.hbone.core.ConnectionObserver.Protocol;
import io.hbone.core.ConnectionObserver.TunnelDetails;
import io.hbone.core.Route.ServiceRef;
import io.hbone.core.SpiffeId;
import io.hbone.core.TraceParent;
import io.hbone.core.WorkloadMetadata;
import java.net.InetSocketAddress;

/** The connections that were shown to stock ztunnel (62d82653) to see what it says of them. */
final class Traffic {
    static final SpiffeId LOCAL = SpiffeId.parse("spiffe://cluster.local/ns/default/sa/local");

    static final WorkloadMetadata WORKLOAD = new WorkloadMetadata(
            "local", "default", LOCAL, "localw", "deployment", "loc", "v1", "Kubernetes", "r", "z");

    static final ConnectionDetails OUTBOUND = new ConnectionDetails(
            Direction.OUTBOUND,
            new InetSocketAddress("127.0.0.1", 49622),
            new InetSocketAddress("127.0.0.1", 15008),
            Authority.parse("127.0.0.1:8080"),
            WORKLOAD,
            WORKLOAD,
            new ServiceRef("default", "a", "a.default.svc.cluster.local"),
            Protocol.HBONE);

    static final ConnectionDetails INBOUND = new ConnectionDetails(
            Direction.INBOUND,
            new InetSocketAddress("127.0.0.1", 44064),
            new InetSocketAddress("127.0.0.1", 15008),
            Authority.parse("127.0.0.1:8080"),
            WORKLOAD,
            WORKLOAD,
            null,
            Protocol.HBONE);

    static final ConnectionDetails NAMED = new ConnectionDetails(
            Direction.INBOUND,
            INBOUND.source(),
            INBOUND.destination(),
            INBOUND.hboneTarget(),
            WORKLOAD,
            WORKLOAD,
            null,
            Protocol.HBONE,
            new TraceParent(1, 10, 3, 0));

    static final ConnectionDetails PLAIN = new ConnectionDetails(
            Direction.OUTBOUND,
            new InetSocketAddress("127.0.0.1", 49618),
            new InetSocketAddress("127.0.0.2", 8099),
            null,
            WORKLOAD,
            new WorkloadMetadata("b", "default", null, "", "", "", "", "", "", ""),
            null,
            Protocol.TCP);

    static final TunnelDetails TUNNEL = new TunnelDetails(
            Direction.OUTBOUND,
            new InetSocketAddress("127.0.0.1", 40000),
            new InetSocketAddress("127.0.0.2", 15008),
            LOCAL,
            "TLS_AES_128_GCM_SHA256",
            "1f");

    private Traffic() {}
}
