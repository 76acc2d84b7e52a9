package io.hbone.node;

import io.hbone.core.Baggage;
import io.hbone.core.ConnectionObserver;
import io.hbone.core.RevocationSource;
import io.hbone.core.WorkloadIdentity;
import io.hbone.core.WorkloadMetadata;
import io.hbone.identity.ManagedIdentitySource;
import io.hbone.identity.SourceContext;
import io.hbone.identity.crl.CrlFile;
import io.hbone.netty.HboneClient;
import io.hbone.netty.TunnelResources;
import io.hbone.netty.pool.TunnelPool;
import io.hbone.netty.proxy.InboundListener;
import io.hbone.netty.proxy.OutboundListener;
import io.hbone.netty.proxy.PlaintextListener;
import io.hbone.netty.socket.OriginalDestination;
import io.hbone.netty.socket.OriginalSource;
import io.hbone.netty.socket.Sockets;
import io.hbone.node.admin.AdminPage;
import io.hbone.node.admin.ConfigDump;
import io.hbone.node.admin.Readiness;
import io.hbone.node.config.ConfigException;
import io.hbone.node.config.ListenPlan;
import io.hbone.node.config.ProxyConfig;
import io.hbone.node.config.XdsServer;
import io.hbone.node.explain.ExplainPage;
import io.hbone.node.http.HttpPage;
import io.hbone.node.http.HttpPort;
import io.hbone.node.identity.HeldIdentities;
import io.hbone.node.identity.IdentitySources;
import io.hbone.node.identity.IdentityTelemetry;
import io.hbone.node.mesh.Mesh;
import io.hbone.node.telemetry.AccessLog;
import io.hbone.node.telemetry.CombinedObserver;
import io.hbone.node.telemetry.Logging;
import io.hbone.node.telemetry.MetricsPage;
import io.hbone.node.telemetry.ProcessMetrics;
import io.hbone.node.telemetry.TrafficMetrics;
import io.hbone.node.telemetry.XdsMetrics;
import io.hbone.node.text.Ip;
import io.hbone.xds.policy.PolicyEngine;
import io.hbone.xds.routing.HostnameResolver;
import io.hbone.xds.routing.RoutingSettings;
import io.hbone.xds.routing.StoreInboundRouter;
import io.hbone.xds.routing.StoreOutboundRouter;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.Future;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running proxy for one workload: listeners, routes, identity, telemetry, joined. Several can run in one process, each with
 * ports of its own.
 */
public final class Node {
    private static final Logger log = LoggerFactory.getLogger(Node.class);

    private static final String STATE = "state manager";
    private static final String PROXY = "proxy";
    private static final String SHUTDOWN = "shutdown";

    /** How many threads what may wait has. */
    private static final int BACKGROUND = 2;

    /** How long the node's own workload may take to be told of: pods run before control planes see them. */
    private static final Duration OWN_WORKLOAD = Duration.ofSeconds(30);

    /** How long what has its own deadline may be late. */
    private static final Duration GRACE = Duration.ofSeconds(2);

    private final ProxyConfig config;
    private final Readiness readiness;
    private final OutboundListener outbound;
    private final @Nullable OutboundListener socks;
    private final InboundListener inbound;
    private final PlaintextListener plaintext;
    private final TunnelPool tunnels;
    private final InetSocketAddress readinessAddress;
    private final InetSocketAddress adminAddress;
    private final InetSocketAddress metricsAddress;
    private final Deque<Runnable> releases;
    private final AtomicBoolean drained = new AtomicBoolean();

    private Node(
            ProxyConfig config,
            Readiness readiness,
            OutboundListener outbound,
            @Nullable OutboundListener socks,
            InboundListener inbound,
            PlaintextListener plaintext,
            TunnelPool tunnels,
            InetSocketAddress readinessAddress,
            InetSocketAddress adminAddress,
            InetSocketAddress metricsAddress,
            Deque<Runnable> releases) {
        this.config = config;
        this.readiness = readiness;
        this.outbound = outbound;
        this.socks = socks;
        this.inbound = inbound;
        this.plaintext = plaintext;
        this.tunnels = tunnels;
        this.readinessAddress = readinessAddress;
        this.adminAddress = adminAddress;
        this.metricsAddress = metricsAddress;
        this.releases = releases;
    }

    /** A node that is set up by {@code config}. Logging is the caller's to set up. */
    public static Builder builder(ProxyConfig config) {
        return new Builder(config);
    }

    /** Where connections of the workload are captured. */
    public InetSocketAddress outboundAddress() {
        return outbound.localAddress();
    }

    /** Where clients say by SOCKS5 where they want to go; null when that is off. */
    public @Nullable InetSocketAddress socksAddress() {
        return socks == null ? null : socks.localAddress();
    }

    /** Where it serves HBONE. */
    public InetSocketAddress inboundAddress() {
        return inbound.localAddress();
    }

    /** Where connections to the workload outside of tunnels are captured. */
    public InetSocketAddress plaintextAddress() {
        return plaintext.localAddress();
    }

    /** Where it says whether it is ready. */
    public InetSocketAddress readinessAddress() {
        return readinessAddress;
    }

    /** Where its admin pages are. */
    public InetSocketAddress adminAddress() {
        return adminAddress;
    }

    /** Where its metrics are. */
    public InetSocketAddress metricsAddress() {
        return metricsAddress;
    }

    /**
     * Stops in order (spec/ztunnel.md 13): not ready any more, listeners closed, connections go on until the deadline, then all
     * is released. Waits for it. Harmless when repeated.
     */
    public void drain() {
        if (!drained.compareAndSet(false, true)) {
            return;
        }
        readiness.await(SHUTDOWN);
        Duration deadline = config.drainDeadline();
        List<Future<Void>> ends =
                new ArrayList<>(List.of(outbound.drain(deadline), inbound.drain(deadline), plaintext.drain(deadline)));
        int active = outbound.activeConnections() + inbound.activeConnections() + plaintext.activeConnections();
        if (socks != null) {
            ends.add(socks.drain(deadline));
            active += socks.activeConnections();
        }
        log.info("listeners closed, {} connections may go on for {}s", active, deadline.toSeconds());
        long end = System.nanoTime() + deadline.plus(GRACE).toNanos();
        for (Future<Void> drain : ends) {
            drain.awaitUninterruptibly(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
        }
        tunnels.drain();
        release(releases);
    }

    private static void release(Deque<Runnable> releases) {
        for (Runnable next = releases.poll(); next != null; next = releases.poll()) {
            try {
                next.run();
            } catch (RuntimeException e) {
                log.warn("not released: {}", e.toString());
            }
        }
    }

    /** Builds and starts a {@link Node}. */
    public static final class Builder {
        private final ProxyConfig config;
        private Clock clock = Clock.systemUTC();
        private OriginalDestination originalDestination = OriginalDestination.KERNEL;
        private ConnectionObserver observer = ConnectionObserver.NONE;
        private Runnable onQuit = () -> {};
        private CompletionStage<?> stop = new CompletableFuture<>();

        private Builder(ProxyConfig config) {
            this.config = config;
        }

        /** By which certificates are valid, and connections last; the system's if not said. */
        public Builder clock(Clock value) {
            clock = value;
            return this;
        }

        /** How to find out where a captured connection was meant to go; the kernel if not said. For demonstrations. */
        public Builder originalDestination(OriginalDestination value) {
            originalDestination = value;
            return this;
        }

        /** Told about every connection, besides the log and the metrics. */
        public Builder observer(ConnectionObserver value) {
            observer = value;
            return this;
        }

        /** Called when somebody asks by the admin page that the node be stopped; must return at once. */
        public Builder onQuit(Runnable value) {
            onQuit = value;
            return this;
        }

        /** Ends the wait for an xDS server when it is done, with {@link CancellationException} and nothing left running. */
        public Builder stopWhen(CompletionStage<?> value) {
            stop = value;
            return this;
        }

        /**
         * Starts everything, in the order of spec/ztunnel.md 1.4; ready when it returns. With an xDS server it waits until that has
         * told everything, however long that takes.
         *
         * @throws ConfigException when a part cannot be had; then nothing is left running
         * @throws CancellationException when {@link #stopWhen} came first
         */
        public Node start() {
            Deque<Runnable> releases = new ArrayDeque<>();
            try {
                return start(releases);
            } catch (RuntimeException e) {
                release(releases);
                throw e;
            }
        }

        private Node start(Deque<Runnable> releases) {
            long begin = System.nanoTime();
            ListenPlan listen = config.listen();
            Sockets sockets = config.sockets();
            String version = Version.current();
            EventLoopGroup workers = group(config.workers(), "hbone", releases);
            EventLoopGroup pages = group(1, "hbone-admin", releases);
            PacketMark.require(sockets, workers);
            NioLimits.tell(sockets, originalDestination);

            Readiness readiness = new Readiness();
            readiness.await(STATE);
            readiness.await(PROXY);
            // On the workers: whoever is told that the node is ready was told by those who carry the traffic.
            InetSocketAddress readinessAddress = serve(
                    "readiness", "HBONE_READINESS_PORT", listen.on(listen.readiness()), workers, readiness, releases);
            PrometheusRegistry registry = new PrometheusRegistry();
            ProcessMetrics.register(registry, version);
            InetSocketAddress metricsAddress = serve(
                    "metrics",
                    "HBONE_METRICS_PORT",
                    listen.on(listen.metrics()),
                    pages,
                    new MetricsPage(registry),
                    releases);

            Mesh mesh = Mesh.load(config.localXds(), config.trustDomain());
            releases.push(mesh::close);
            XdsServer server = config.xds();
            if (server != null) {
                mesh.connect(server, config.clusterId(), sockets.mark(), new XdsMetrics(registry));
            }
            WorkloadIdentity self = mesh.await(config.workload(), config.network(), OWN_WORKLOAD, stop);
            RandomGenerator random = () -> ThreadLocalRandom.current().nextLong();
            ManagedIdentitySource identities = identities(self, random, registry, releases);
            Set<Integer> illegalPorts = ConcurrentHashMap.newKeySet();
            illegalPorts.addAll(listen.illegalPorts());
            RoutingSettings routing = new RoutingSettings(
                    config.network(),
                    illegalPorts,
                    sockets.originalSource() != OriginalSource.OFF,
                    config.responseBaggage(),
                    config.loopbackTunnels());
            ScheduledExecutorService background = background(releases);
            StoreOutboundRouter outboundRouter = new StoreOutboundRouter(
                    mesh::snapshot, routing, random, HostnameResolver.system(background), mesh.onDemand());
            StoreInboundRouter inboundRouter =
                    new StoreInboundRouter(mesh::snapshot, self.uid(), routing, mesh.onDemand());
            PolicyEngine authorizer = mesh.authorizer(self, config.logPolicies());
            TrafficMetrics.registerPlaintextRefused(registry, authorizer::plaintextRefused);
            readiness.done(STATE);

            ConnectionObserver observers = new CombinedObserver(new TrafficMetrics(registry), new AccessLog(clock));
            if (!observer.equals(ConnectionObserver.NONE)) {
                observers = new CombinedObserver(observers, observer);
            }
            TunnelResources resources = TunnelResources.of(config.tunnel(), revocations(releases));
            releases.push(resources::close);
            TunnelPool tunnels = resources.newPool(self, identities, config.tunnel(), sockets, observers);
            // As in ztunnel's dedicated mode the mark is on what goes out, and not on what is accepted.
            Sockets accepting = sockets.withMark(null);
            WorkloadMetadata metadata = mesh.metadataOf(config.workload());
            InboundListener inbound = bound(
                    "inbound",
                    "HBONE_INBOUND_PORT",
                    listen.on(listen.inbound()),
                    InboundListener.builder(self, identities, inboundRouter)
                            .authorizer(authorizer)
                            .responseBaggage(config.responseBaggage() ? metadata.toBaggage() : Baggage.EMPTY)
                            .settings(config.tunnel())
                            .resources(resources)
                            .sockets(sockets)
                            .listenSockets(accepting)
                            .observer(observers)
                            .illegalPorts(listen.illegalPorts())
                            .random(random)
                            .bind(workers, listen.on(listen.inbound())),
                    InboundListener::localAddress);
            releases.push(() -> inbound.drain(Duration.ZERO));
            PlaintextListener plaintext = bound(
                    "inbound plaintext",
                    "HBONE_PLAINTEXT_PORT",
                    listen.on(listen.plaintext()),
                    PlaintextListener.builder(inboundRouter)
                            .authorizer(authorizer)
                            .settings(config.tunnel())
                            .sockets(sockets)
                            .listenSockets(accepting)
                            .observer(observers)
                            .illegalPorts(listen.illegalPorts())
                            .originalDestination(originalDestination)
                            .bind(workers, listen.on(listen.plaintext())),
                    PlaintextListener::localAddress);
            releases.push(() -> plaintext.drain(Duration.ZERO));
            mesh.onPolicyChange(self, () -> {
                inbound.reauthorize();
                plaintext.reauthorize();
            });
            HboneClient nested = HboneClient.builder(self, identities)
                    .group(workers)
                    .resources(resources)
                    .sockets(sockets)
                    .settings(config.tunnel())
                    .observer(observers)
                    .build();
            releases.push(nested::close);
            OutboundListener.Builder captured = OutboundListener.builder(self, outboundRouter, tunnels)
                    .metadata(metadata)
                    .network(config.network())
                    .nestedTunnels(nested)
                    .settings(config.tunnel())
                    .sockets(sockets)
                    .listenSockets(accepting)
                    .observer(observers)
                    .illegalPorts(listen.illegalPorts())
                    .originalDestination(originalDestination)
                    .random(random);
            OutboundListener outbound = bound(
                    "outbound",
                    "HBONE_OUTBOUND_PORT",
                    listen.on(listen.outbound()),
                    captured.bind(workers, listen.on(listen.outbound())),
                    OutboundListener::localAddress);
            releases.push(() -> outbound.drain(Duration.ZERO));
            OutboundListener socks = null;
            Integer socksPort = listen.socks();
            if (socksPort != null) {
                OutboundListener bound = bound(
                        "socks5",
                        "HBONE_SOCKS_PORT",
                        listen.onLoopback(socksPort),
                        captured.bindSocks(workers, listen.onLoopback(socksPort)),
                        OutboundListener::localAddress);
                releases.push(() -> bound.drain(Duration.ZERO));
                illegalPorts.add(bound.localAddress().getPort());
                socks = bound;
            }

            illegalPorts.add(inbound.localAddress().getPort());
            illegalPorts.add(plaintext.localAddress().getPort());
            illegalPorts.add(outbound.localAddress().getPort());

            AdminPage admin = new AdminPage(
                    new ConfigDump(config, version, mesh, self, () -> identities.current(self)),
                    new HeldIdentities(identities, clock),
                    new ExplainPage(mesh.explainer(routing, HostnameResolver.NONE)),
                    config.logLevels(),
                    Logging::levels,
                    Logging::setLevels,
                    onQuit);
            InetSocketAddress adminAddress =
                    serve("admin", "HBONE_ADMIN_PORT", listen.onLoopback(listen.admin()), pages, admin, releases);
            if (listen.address() == null && listen.ipv6() && listen.admin() > 0) {
                serveOnIpv6Loopback(listen.admin(), pages, admin, releases);
            }
            mesh.follow(background);
            readiness.done(PROXY);
            log.info(
                    "ready after {} ms: {} with {}, {} over {}",
                    TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin),
                    self,
                    mesh,
                    resources.tlsProvider(),
                    sockets.transport());
            return new Node(
                    config,
                    readiness,
                    outbound,
                    socks,
                    inbound,
                    plaintext,
                    tunnels,
                    readinessAddress,
                    adminAddress,
                    metricsAddress,
                    releases);
        }

        private EventLoopGroup group(int threads, String name, Deque<Runnable> releases) {
            EventLoopGroup group = config.sockets().transport().newEventLoopGroup(threads, name);
            releases.push(() -> group.shutdownGracefully(0, GRACE.toMillis(), TimeUnit.MILLISECONDS)
                    .awaitUninterruptibly(GRACE.toMillis(), TimeUnit.MILLISECONDS));
            return group;
        }

        /** For what may wait: changes of the file, and names that have to be resolved. */
        private static ScheduledExecutorService background(Deque<Runnable> releases) {
            ScheduledExecutorService executor = Executors.newScheduledThreadPool(BACKGROUND, task -> {
                Thread thread = new Thread(task, "hbone-background");
                thread.setDaemon(true);
                return thread;
            });
            releases.push(executor::shutdownNow);
            return executor;
        }

        private ManagedIdentitySource identities(
                WorkloadIdentity self, RandomGenerator random, PrometheusRegistry registry, Deque<Runnable> releases) {
            ScheduledExecutorService executor = IdentitySources.newExecutor();
            releases.push(executor::shutdownNow);
            SourceContext context = new SourceContext(clock, executor, random, new IdentityTelemetry(registry));
            ManagedIdentitySource source = new IdentitySources(
                            self, config.clusterId(), config.sockets().mark(), context)
                    .open(config.identity());
            releases.push(source::close);
            return source;
        }

        private RevocationSource revocations(Deque<Runnable> releases) {
            Path file = config.revocationLists();
            if (file == null) {
                return RevocationSource.NONE;
            }
            ScheduledExecutorService executor = IdentitySources.newExecutor();
            releases.push(executor::shutdownNow);
            CrlFile lists = CrlFile.open(file, CrlFile.INTERVAL, executor);
            releases.push(lists::close);
            return lists;
        }

        private InetSocketAddress serve(
                String what,
                String variable,
                InetSocketAddress address,
                EventLoopGroup group,
                HttpPage page,
                Deque<Runnable> releases) {
            try {
                HttpPort port = HttpPort.bind(group, pageSockets(), address, page);
                releases.push(port::close);
                log.info("{} listens on {}", what, Ip.format(port.address()));
                return port.address();
            } catch (IOException e) {
                throw cannotListen(what, variable, address, e.getCause());
            }
        }

        /** {@code localhost} is either to tools; but not every machine has IPv6. */
        private void serveOnIpv6Loopback(int port, EventLoopGroup group, HttpPage page, Deque<Runnable> releases) {
            InetAddress loopback = Objects.requireNonNull(Ip.parse("::1"));
            try {
                releases.push(HttpPort.bind(group, pageSockets(), new InetSocketAddress(loopback, port), page)::close);
            } catch (IOException e) {
                log.debug("admin does not listen on [::1]:{}: {}", port, String.valueOf(e.getCause()));
            }
        }

        private Sockets pageSockets() {
            return Sockets.of(config.sockets().transport()).withKeepalive(null);
        }

        private static <T> T bound(
                String what,
                String variable,
                InetSocketAddress address,
                Future<T> listening,
                Function<T, InetSocketAddress> where) {
            listening.awaitUninterruptibly();
            if (!listening.isSuccess()) {
                throw cannotListen(what, variable, address, listening.cause());
            }
            T listener = listening.getNow();
            log.info("{} listens on {}", what, Ip.format(where.apply(listener)));
            return listener;
        }

        private static ConfigException cannotListen(
                String what, String variable, InetSocketAddress address, @Nullable Throwable cause) {
            String why = cause == null ? "no reason given" : String.valueOf(cause.getMessage());
            String advice = "";
            if (why.contains("in use")) {
                advice = "; another program has it, " + variable + " moves this one";
            } else if (why.contains("transparent")) {
                advice = "; ENABLE_ORIG_SRC=true asks for it";
            }
            return new ConfigException("port " + Ip.format(address) + " for " + what + ": " + why + advice, cause);
        }
    }
}
