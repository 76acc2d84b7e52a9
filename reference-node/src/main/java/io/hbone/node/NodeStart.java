package io.hbone.node;

import io.hbone.core.ConnectionObserver;
import io.hbone.core.RevocationSource;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.ManagedIdentitySource;
import io.hbone.identity.SourceContext;
import io.hbone.identity.crl.CrlFile;
import io.hbone.netty.TunnelResources;
import io.hbone.netty.socket.Sockets;
import io.hbone.node.admin.AdminPage;
import io.hbone.node.admin.ConfigDump;
import io.hbone.node.admin.Readiness;
import io.hbone.node.config.ConfigException;
import io.hbone.node.config.DnsSettings;
import io.hbone.node.config.ListenPlan;
import io.hbone.node.config.ProxyConfig;
import io.hbone.node.config.ProxyMode;
import io.hbone.node.config.XdsServer;
import io.hbone.node.dns.DnsListener;
import io.hbone.node.dns.DnsMetrics;
import io.hbone.node.dns.DnsProxy;
import io.hbone.node.explain.ExplainPage;
import io.hbone.node.identity.HeldIdentities;
import io.hbone.node.identity.IdentitySources;
import io.hbone.node.identity.IdentityTelemetry;
import io.hbone.node.inpod.InPod;
import io.hbone.node.mesh.Mesh;
import io.hbone.node.proxy.LocalWorkload;
import io.hbone.node.proxy.Proxies;
import io.hbone.node.proxy.WorkloadProxy;
import io.hbone.node.telemetry.AccessLog;
import io.hbone.node.telemetry.CombinedObserver;
import io.hbone.node.telemetry.Logging;
import io.hbone.node.telemetry.MetricsPage;
import io.hbone.node.telemetry.ProcessMetrics;
import io.hbone.node.telemetry.TrafficMetrics;
import io.hbone.node.telemetry.Version;
import io.hbone.node.telemetry.XdsMetrics;
import io.hbone.node.text.Ip;
import io.hbone.xds.routing.HostnameResolver;
import io.netty.channel.EventLoopGroup;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Joins the parts of a node, in the order of spec/ztunnel.md 1.4. */
final class NodeStart {
    private static final Logger log = LoggerFactory.getLogger(Node.class);

    private static final String STATE = "state manager";
    private static final String PROXY = "proxy";
    private static final String DNS = "dns proxy";
    private static final String PODS = "workload proxy manager";
    private static final String SHUTDOWN = "shutdown";

    /** How many threads what may wait has. */
    private static final int BACKGROUND = 2;

    /** How long the node's own workload may take to be told of: pods run before control planes see them. */
    private static final Duration OWN_WORKLOAD = Duration.ofSeconds(30);

    /** How long event loops may take to end. */
    private static final Duration GRACE = Duration.ofSeconds(2);

    private final Node.Builder builder;
    private final ProxyConfig config;
    private final Clock clock;
    private final Deque<Runnable> releases;
    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final Readiness readiness = new Readiness();

    /** @param releases gets what releases the parts, the newest first; also when the start fails */
    NodeStart(Node.Builder builder, Deque<Runnable> releases) {
        this.builder = builder;
        this.config = builder.config();
        this.clock = builder.clock();
        this.releases = releases;
    }

    Node start() {
        long begin = System.nanoTime();
        ListenPlan listen = config.listen();
        Sockets sockets = config.sockets();
        EventLoopGroup workers = group(config.workers(), "hbone");
        EventLoopGroup operators = group(1, "hbone-admin");
        PacketMark.require(sockets, workers);
        NioLimits.tell(sockets, builder.originalDestination());

        readiness.await(STATE);
        readiness.await(PROXY);
        if (config.dns() != null) {
            readiness.await(DNS);
        }
        if (config.mode() instanceof ProxyMode.Shared) {
            readiness.await(PODS);
        }
        Pages pages = new Pages(listen, sockets, releases);
        // On the workers: whoever is told that the node is ready was told by those who carry the traffic.
        InetSocketAddress readinessAddress = pages.readiness(workers, readiness);
        ProcessMetrics.register(registry, Version.current());
        InetSocketAddress metricsAddress = pages.metrics(operators, new MetricsPage(registry));

        Mesh mesh = mesh();
        // While the server of the mesh answers: each takes as long to be loaded as that.
        TunnelResources resources = TunnelResources.of(config.tunnel(), revocations());
        releases.push(resources::close);
        WorkloadIdentity self = self(mesh);
        ManagedIdentitySource identities = identities(self);
        ScheduledExecutorService background = background();
        ConnectionObserver observers = new CombinedObserver(new TrafficMetrics(registry), new AccessLog(clock));
        if (!builder.observer().equals(ConnectionObserver.NONE)) {
            observers = new CombinedObserver(observers, builder.observer());
        }
        Proxies proxies = new Proxies(
                config,
                workers,
                mesh,
                identities,
                resources,
                dns(mesh, workers, background),
                observers,
                builder.originalDestination(),
                background);
        releases.push(proxies::close);
        TrafficMetrics.registerPlaintextRefused(registry, proxies::plaintextRefused);
        mesh.await(builder.stop());
        readiness.done(STATE);

        WorkloadProxy proxy = self == null ? null : dedicated(proxies, self);
        InPod pods = config.mode() instanceof ProxyMode.Shared shared ? shared(shared, proxies, mesh) : null;
        Supplier<Map<String, Object>> workloadState = pods == null ? Map::of : pods::dump;
        AdminPage admin = new AdminPage(
                new ConfigDump(config, Version.current(), mesh, identities::identities, clock, workloadState),
                new HeldIdentities(identities, clock),
                new ExplainPage(mesh.explainer(proxies.routing(), HostnameResolver.system(background))),
                config.logLevels(),
                Logging::levels,
                Logging::setLevels,
                builder.onQuit());
        InetSocketAddress adminAddress = pages.admin(operators, admin);
        mesh.follow(background);
        FilePages.releaseRegularly(background);
        readiness.done(PROXY);
        log.info(
                "{} after {} ms: {} with {}, {} over {}",
                pods == null ? "ready" : "waiting for pods",
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin),
                self == null ? config.mode() : self,
                mesh,
                resources.tlsProvider(),
                sockets.transport());
        return new Node(
                config.drainDeadline(),
                () -> readiness.await(SHUTDOWN),
                new Pages.Addresses(readinessAddress, adminAddress, metricsAddress),
                proxy,
                pods,
                releases);
    }

    /** Only inside of a pod would rules lead the node's own connections back to it. */
    private @Nullable Integer controlPlaneMark() {
        return config.mode() instanceof ProxyMode.Shared
                ? null
                : config.sockets().mark();
    }

    private Mesh mesh() {
        Mesh mesh = Mesh.load(config.localXds(), config.trustDomain());
        releases.push(mesh::close);
        XdsServer server = config.xds();
        if (server != null) {
            mesh.connect(server, config.clusterId(), controlPlaneMark(), new XdsMetrics(registry));
        }
        return mesh;
    }

    /** The node's own workload, for which it waits; null for a node of many. */
    private @Nullable WorkloadIdentity self(Mesh mesh) {
        return config.mode() instanceof ProxyMode.Dedicated dedicated
                ? mesh.await(dedicated.workload(), config.network(), OWN_WORKLOAD, builder.stop())
                : null;
    }

    private WorkloadProxy dedicated(Proxies proxies, WorkloadIdentity self) {
        LocalWorkload workload = proxies.workload(self.uid(), ((ProxyMode.Dedicated) config.mode()).workload());
        // As in ztunnel's dedicated mode the mark is on what goes out, and not on what is accepted.
        Sockets accepting = config.sockets().withMark(null);
        WorkloadProxy proxy;
        try {
            proxy = proxies.open(workload, config.sockets(), accepting, ConnectionObserver.NONE)
                    .toCompletableFuture()
                    .join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof ConfigException known ? known : e;
        }
        releases.push(() -> proxy.drain(Duration.ZERO));
        say("inbound", proxy.inboundAddress());
        say("inbound plaintext", proxy.plaintextAddress());
        say("outbound", proxy.outboundAddress());
        say("socks5", proxy.socksAddress());
        DnsListener dns = proxy.dns();
        say("dns", dns == null ? null : dns.udpAddress());
        return proxy;
    }

    private @Nullable DnsProxy dns(Mesh mesh, EventLoopGroup workers, ScheduledExecutorService background) {
        DnsSettings settings = config.dns();
        if (settings == null) {
            return null;
        }
        DnsProxy dns = DnsProxy.of(
                settings,
                mesh::snapshot,
                config.network(),
                config.sockets().withMark(controlPlaneMark()),
                workers,
                new DnsMetrics(registry),
                () -> ThreadLocalRandom.current().nextLong(),
                background);
        readiness.done(DNS);
        return dns;
    }

    private static void say(String what, @Nullable InetSocketAddress address) {
        if (address != null) {
            log.info("{} listens on {}", what, Ip.format(address));
        }
    }

    private InPod shared(ProxyMode.Shared mode, Proxies proxies, Mesh mesh) {
        // An agent commonly is the xDS server, too: it comes back as both.
        InPod pods = InPod.start(mode, proxies, config.sockets(), mesh::retryNow, ready -> {
            if (ready) {
                readiness.done(PODS);
            } else {
                readiness.await(PODS);
            }
        });
        releases.push(pods::close);
        pods.register(registry);
        return pods;
    }

    private EventLoopGroup group(int threads, String name) {
        EventLoopGroup group = config.sockets().transport().newEventLoopGroup(threads, name);
        releases.push(() -> group.shutdownGracefully(0, GRACE.toMillis(), TimeUnit.MILLISECONDS)
                .awaitUninterruptibly(GRACE.toMillis(), TimeUnit.MILLISECONDS));
        return group;
    }

    /** For what may wait: changes of the file, and names that have to be resolved. */
    private ScheduledExecutorService background() {
        ScheduledExecutorService executor = Executors.newScheduledThreadPool(BACKGROUND, task -> {
            Thread thread = new Thread(task, "hbone-background");
            thread.setDaemon(true);
            return thread;
        });
        releases.push(executor::shutdownNow);
        return executor;
    }

    private ManagedIdentitySource identities(@Nullable WorkloadIdentity self) {
        ScheduledExecutorService executor = IdentitySources.newExecutor();
        releases.push(executor::shutdown);
        SourceContext context = new SourceContext(
                clock, executor, () -> ThreadLocalRandom.current().nextLong(), new IdentityTelemetry(registry));
        ManagedIdentitySource source = new IdentitySources(
                        self, config.trustDomain(), config.clusterId(), controlPlaneMark(), context)
                .open(config.identity());
        releases.push(source::close);
        return source;
    }

    private RevocationSource revocations() {
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
}
