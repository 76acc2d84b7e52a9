package io.hbone.node.proxy;

import io.hbone.netty.HboneClient;
import io.hbone.netty.pool.TunnelPool;
import io.hbone.netty.proxy.InboundListener;
import io.hbone.netty.proxy.OutboundListener;
import io.hbone.netty.proxy.PlaintextListener;
import io.hbone.node.dns.DnsListener;
import io.hbone.node.mesh.Mesh;
import io.hbone.node.proxy.LocalWorkload.InMesh;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The open proxy of one workload. Safe for use by any thread. */
public final class WorkloadProxy {
    private final LocalWorkload workload;
    private final InboundListener inbound;
    private final PlaintextListener plaintext;
    private final OutboundListener outbound;
    private final @Nullable OutboundListener socks;
    private final @Nullable DnsListener dns;
    private final TunnelPool tunnels;
    private final HboneClient nested;
    private volatile Runnable unfollow = () -> {};

    WorkloadProxy(
            LocalWorkload workload,
            InboundListener inbound,
            PlaintextListener plaintext,
            OutboundListener outbound,
            @Nullable OutboundListener socks,
            @Nullable DnsListener dns,
            TunnelPool tunnels,
            HboneClient nested) {
        this.workload = workload;
        this.inbound = inbound;
        this.plaintext = plaintext;
        this.outbound = outbound;
        this.socks = socks;
        this.dns = dns;
        this.tunnels = tunnels;
        this.nested = nested;
    }

    /** Decides again about open connections when policies change. */
    void follow(Mesh mesh) {
        unfollow = mesh.onPolicyChange(this::uidInMesh, () -> {
            inbound.reauthorize();
            plaintext.reauthorize();
        });
    }

    private @Nullable String uidInMesh() {
        InMesh now = workload.now();
        return now == null ? null : now.workload().uid();
    }

    /** Whose it is. */
    public LocalWorkload workload() {
        return workload;
    }

    /** Where it serves HBONE. */
    public InetSocketAddress inboundAddress() {
        return inbound.localAddress();
    }

    /** Where connections to the workload outside of tunnels are captured. */
    public InetSocketAddress plaintextAddress() {
        return plaintext.localAddress();
    }

    /** Where connections of the workload are captured. */
    public InetSocketAddress outboundAddress() {
        return outbound.localAddress();
    }

    /** Where clients say by SOCKS5 where they want to go; null when that is off. */
    public @Nullable InetSocketAddress socksAddress() {
        return socks == null ? null : socks.localAddress();
    }

    /** Where names are asked for; null when that is off. */
    public @Nullable DnsListener dns() {
        return dns;
    }

    /** How many connections are carried. */
    public int activeConnections() {
        int active = outbound.activeConnections() + inbound.activeConnections() + plaintext.activeConnections();
        return socks == null ? active : active + socks.activeConnections();
    }

    /**
     * Closes the listeners; connections may go on until {@code deadline}, then they are cut off, and the tunnels end.
     *
     * @return completes when no connection is left; never fails. To be called once
     */
    public CompletionStage<Void> drain(Duration deadline) {
        List<CompletableFuture<Void>> ends = new ArrayList<>();
        ends.add(ended(outbound.drain(deadline)));
        ends.add(ended(inbound.drain(deadline)));
        ends.add(ended(plaintext.drain(deadline)));
        if (socks != null) {
            ends.add(ended(socks.drain(deadline)));
        }
        if (dns != null) {
            ends.add(dns.drain(deadline).toCompletableFuture());
        }
        return CompletableFuture.allOf(ends.toArray(CompletableFuture<?>[]::new))
                .thenRun(() -> {
                    unfollow.run();
                    tunnels.drain();
                    nested.close();
                });
    }

    private static CompletableFuture<Void> ended(Future<Void> end) {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        end.addListener(done -> ended.complete(null));
        return ended;
    }
}
