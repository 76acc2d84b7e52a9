package io.hbone.node.proxy;

import io.hbone.core.ConnectionObserver;
import io.hbone.identity.ManagedIdentitySource;
import io.hbone.netty.TunnelResources;
import io.hbone.netty.socket.OriginalDestination;
import io.hbone.netty.socket.OriginalSource;
import io.hbone.netty.socket.Sockets;
import io.hbone.node.config.IdentityMaterial;
import io.hbone.node.config.ProxyConfig;
import io.hbone.node.config.WorkloadInfo;
import io.hbone.node.dns.DnsProxy;
import io.hbone.node.mesh.Mesh;
import io.hbone.xds.routing.HostnameResolver;
import io.hbone.xds.routing.RoutingSettings;
import io.hbone.xds.routing.StoreInboundRouter;
import io.hbone.xds.routing.StoreOutboundRouter;
import io.netty.channel.EventLoopGroup;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What all proxies of a process share: event loops, the mesh, certificates, TLS contexts and window memory, telemetry; and where
 * they are opened. Safe for use by any thread.
 */
public final class Proxies implements AutoCloseable {
    private static final RandomGenerator RANDOM =
            () -> ThreadLocalRandom.current().nextLong();

    private final ProxyConfig config;
    private final EventLoopGroup workers;
    private final Mesh mesh;
    private final ManagedIdentitySource identities;
    private final TunnelResources resources;
    private final @Nullable DnsProxy dns;
    private final ConnectionObserver observer;
    private final OriginalDestination originalDestination;
    private final Set<Integer> illegalPorts = ConcurrentHashMap.newKeySet();
    private final RoutingSettings routing;
    private final StoreOutboundRouter outboundRouter;
    private final CountingAudit audit;
    private final Arrivals arrivals;

    /**
     * All parts stay the caller's to close, after this.
     *
     * @param dns null for none
     * @param background for what may wait
     */
    public Proxies(
            ProxyConfig config,
            EventLoopGroup workers,
            Mesh mesh,
            ManagedIdentitySource identities,
            TunnelResources resources,
            @Nullable DnsProxy dns,
            ConnectionObserver observer,
            OriginalDestination originalDestination,
            ScheduledExecutorService background) {
        this.config = config;
        this.workers = workers;
        this.mesh = mesh;
        this.identities = identities;
        this.resources = resources;
        this.dns = dns;
        this.observer = observer;
        this.originalDestination = originalDestination;
        illegalPorts.addAll(config.listen().illegalPorts());
        routing = new RoutingSettings(
                config.network(),
                illegalPorts,
                config.sockets().originalSource() != OriginalSource.OFF,
                config.responseBaggage(),
                config.loopbackTunnels());
        outboundRouter = new StoreOutboundRouter(
                mesh::snapshot, routing, RANDOM, HostnameResolver.system(background), mesh.onDemand());
        audit = new CountingAudit(config.logPolicies());
        arrivals = new Arrivals(mesh, background);
    }

    /** How connections are routed. */
    public RoutingSettings routing() {
        return routing;
    }

    /** How many connections outside of tunnels strict mTLS has refused. */
    public long plaintextRefused() {
        return audit.plaintextRefused();
    }

    /**
     * A workload to open a proxy for.
     *
     * @param uid its own: no two workloads have it, not even one after the other
     * @throws IllegalArgumentException when {@code info} makes no SPIFFE id
     */
    public LocalWorkload workload(String uid, WorkloadInfo info) {
        return new LocalWorkload(uid, info, config.trustDomain(), mesh, arrivals);
    }

    /**
     * Opens the listeners of a workload's proxy.
     *
     * @param outgoing how it connects, and where
     * @param accepting how it listens and accepts
     * @param more told of its connections, besides the log and the metrics
     * @return completes when all of them are up; exceptionally, with nothing left open, when one cannot be, with a {@link
     *     io.hbone.node.config.ConfigException} for the operator
     */
    public CompletionStage<WorkloadProxy> open(
            LocalWorkload workload, Sockets outgoing, Sockets accepting, ConnectionObserver more) {
        return new ProxyOpening(this, workload, outgoing, accepting, more).open();
    }

    /** Nothing is held for a workload any more that is gone for good. */
    public void forget(LocalWorkload workload) {
        new LocalIdentities(workload, identities).forget(workload.self());
    }

    /**
     * Obtains a workload's certificate as soon as the mesh tells of it, so that its first connection need not wait. Not where the
     * certificate depends on the workload's process, which may not run yet (spec/cilium.md 6.5).
     */
    void prefetch(LocalWorkload workload) {
        if (!(config.identity() instanceof IdentityMaterial.SpireByPid)) {
            workload.soon().thenAccept(there -> {
                if (there != null && there.workload().enrolled()) {
                    identities.prefetch(there.identity());
                }
            });
        }
    }

    StoreInboundRouter inboundRouter(String uid) {
        return new StoreInboundRouter(mesh::snapshot, uid, routing, mesh.onDemand());
    }

    StoreOutboundRouter outboundRouter() {
        return outboundRouter;
    }

    ProxyConfig config() {
        return config;
    }

    EventLoopGroup workers() {
        return workers;
    }

    Mesh mesh() {
        return mesh;
    }

    ManagedIdentitySource identities() {
        return identities;
    }

    TunnelResources resources() {
        return resources;
    }

    @Nullable DnsProxy dns() {
        return dns;
    }

    ConnectionObserver observer() {
        return observer;
    }

    OriginalDestination originalDestination() {
        return originalDestination;
    }

    CountingAudit audit() {
        return audit;
    }

    RandomGenerator random() {
        return RANDOM;
    }

    /** A port of a listener that was chosen by the system, to which nothing may be forwarded. */
    void isOurs(int port) {
        illegalPorts.add(port);
    }

    /** What waits for the mesh waits no longer. */
    @Override
    public void close() {
        arrivals.close();
    }
}
