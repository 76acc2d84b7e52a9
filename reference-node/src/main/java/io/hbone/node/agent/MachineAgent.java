package io.hbone.node.agent;

import io.hbone.core.TrustDomain;
import io.hbone.enrollment.AgentObserver;
import io.hbone.enrollment.AgentSettings;
import io.hbone.enrollment.EnrollmentAgent;
import io.hbone.enrollment.MachineNetworks;
import io.hbone.enrollment.MeshDirectory;
import io.hbone.enrollment.PeerArrivals;
import io.hbone.enrollment.rules.RedirectSettings;
import io.hbone.enrollment.rules.Redirection;
import io.hbone.identity.UnixEndpoint;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.Transport;
import io.hbone.node.http.HttpPort;
import io.hbone.node.telemetry.MetricsPage;
import io.hbone.node.telemetry.ProcessMetrics;
import io.hbone.node.telemetry.Version;
import io.hbone.xds.server.AddressAliases;
import io.hbone.xds.server.MeshResources;
import io.netty.channel.EventLoopGroup;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The parts of a running {@code hbone agent}, joined. */
final class MachineAgent implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(MachineAgent.class);

    private static final Duration RUNTIME_TIMEOUT = Duration.ofSeconds(5);

    private final AgentOptions options;
    private final MeshResources resources;
    private final MeshServers servers;
    private final MeshDirectory mesh;
    private final EnrollmentAgent agent;
    private final Origin origin;
    private final Deque<AutoCloseable> releases;

    private MachineAgent(
            AgentOptions options,
            MeshResources resources,
            MeshServers servers,
            MeshDirectory mesh,
            EnrollmentAgent agent,
            Origin origin,
            Deque<AutoCloseable> releases) {
        this.options = options;
        this.resources = resources;
        this.servers = servers;
        this.mesh = mesh;
        this.agent = agent;
        this.origin = origin;
        this.releases = releases;
    }

    /**
     * Begins to work.
     *
     * @throws IOException when a socket or the file is not to be had, or another agent is there
     */
    static MachineAgent start(AgentOptions options) throws IOException {
        Deque<AutoCloseable> releases = new ArrayDeque<>();
        try {
            return start(options, releases);
        } catch (IOException | RuntimeException e) {
            release(releases);
            throw e;
        }
    }

    private static MachineAgent start(AgentOptions options, Deque<AutoCloseable> releases) throws IOException {
        String machine = machine(options.node);
        releases.push(AgentLock.take(options.zdsSocket));
        if (!options.noXdsSocket) {
            MeshServers.claim(options.xdsSocket);
        }
        MeshResources resources = new MeshResources();
        PeerArrivals arrivals = PeerArrivals.start(options.peerDeadline);
        releases.push(arrivals);
        MeshDirectory mesh = new MeshDirectory(new AddressAliases(resources), arrivals);
        MeshServers servers = new MeshServers();
        releases.push(servers);
        Origin origin = origin(options, machine, mesh);
        releases.push(origin);
        CriNetworks runtime = new CriNetworks(UnixEndpoint.parse(options.containerRuntime), RUNTIME_TIMEOUT);
        releases.push(runtime);
        PrometheusRegistry registry = new PrometheusRegistry();
        AgentMetrics metrics = new AgentMetrics(registry);
        AgentProbes probes = AgentProbes.open(options.exemptProbes, options.verify);
        releases.push(probes);
        EnrollmentAgent.Builder builder = EnrollmentAgent.builder(
                        origin.workloads(),
                        new MachineNetworks(runtime),
                        Redirection.of(rules(options)),
                        mesh,
                        options.zdsSocket)
                .settings(AgentSettings.DEFAULT
                        .withDrain(options.drain)
                        .withLinger(options.linger)
                        .withVerify(options.verify))
                .observer(observer(metrics, origin, probes));
        if (!options.noXdsSocket || options.xdsPort != null) {
            builder.delivered(servers::isDelivered);
        }
        EnrollmentAgent agent = builder.start();
        releases.push(agent);
        agent.seeded().thenRun(probes::seeded);
        metrics.read(registry, agent::status, servers::clients);
        ProcessMetrics.register(registry, Version.current());
        StatusDocument document = new StatusDocument(
                machine, origin.kind(), origin.name(), rulesText(options), options.zdsSocket.toString(), xds(options));
        origin.follow(
                () -> MachineStatus.of(document.of(agent.status(), servers.clients()), options.cluster.nodeAdmin));
        serve(
                options.admin,
                new AgentPages(
                        agent::status,
                        origin.known().toCompletableFuture()::isDone,
                        servers::clients,
                        document,
                        new MetricsPage(registry)),
                releases);
        log.info("nodes are handed their workloads on {}", options.zdsSocket);
        return new MachineAgent(options, resources, servers, mesh, agent, origin, releases);
    }

    private static Origin origin(AgentOptions options, String machine, MeshDirectory mesh) throws IOException {
        TrustDomain trustDomain = TrustDomain.of(options.trustDomain);
        Path file = options.file;
        if (options.kubernetes == (file != null)) {
            throw new IllegalArgumentException(
                    options.kubernetes
                            ? "--kubernetes and a file (expected: one of them)"
                            : "no --file, no HBONE_AGENT_FILE and no --kubernetes (expected: one of them)");
        }
        return file == null
                ? new ClusterOrigin(options.cluster, machine, trustDomain, mesh)
                : new FileOrigin(file, machine, trustDomain, mesh);
    }

    private static AgentObserver observer(AgentMetrics metrics, Origin origin, AgentProbes probes) {
        List<AgentObserver> all = new ArrayList<>(origin.observers());
        all.add(metrics);
        all.add(probes.observer());
        return new AgentObservers(List.copyOf(all));
    }

    /** Completes when it is known what is so on this machine and in the mesh. */
    CompletionStage<Void> seeded() {
        return agent.seeded().thenCombine(origin.known(), (here, elsewhere) -> here);
    }

    /**
     * Begins to tell nodes of the mesh; not before it is {@link #seeded}.
     *
     * @throws IOException when there cannot be listened
     */
    void serve() throws IOException {
        mesh.live(); // what was known until now has been so for a while
        if (!options.noXdsSocket) {
            servers.listen(resources, options.xdsSocket);
            log.info("xDS is served on unix://{}", options.xdsSocket);
        }
        AgentOptions.XdsPort port = options.xdsPort;
        if (port != null) {
            int bound = servers.listen(resources, address("--xds-listen", port.listen), port.certificate, port.key);
            log.info("xDS is served on port {}", bound);
        }
    }

    private static RedirectSettings rules(AgentOptions options) {
        RedirectSettings.Builder rules =
                RedirectSettings.builder(options.rules).backend(options.backend).captureDns(options.dnsCapture);
        return (options.exemptProbes ? rules.exemptProbes(true) : rules).build();
    }

    private static String rulesText(AgentOptions options) {
        return options.rules + " by " + (options.backend == null ? "what works" : options.backend);
    }

    private static List<String> xds(AgentOptions options) {
        List<String> listen = new ArrayList<>();
        if (!options.noXdsSocket) {
            listen.add("unix://" + options.xdsSocket);
        }
        if (options.xdsPort != null) {
            listen.add("https://" + options.xdsPort.listen);
        }
        return listen;
    }

    private static String machine(@Nullable String node) throws IOException {
        if (node != null && !node.isBlank()) {
            return node.strip();
        }
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            throw new IOException("the host name is not known (expected: --node NAME): " + e.getMessage(), e);
        }
    }

    private static void serve(String admin, AgentPages pages, Deque<AutoCloseable> releases) throws IOException {
        EventLoopGroup group = Transport.preferred().newEventLoopGroup(1, "agent-admin");
        releases.push(group::shutdownGracefully);
        HttpPort port = HttpPort.bind(group, Sockets.of(Transport.preferred()), address("--admin", admin), pages);
        releases.push(port);
        log.info("status and metrics are served on {}", port.address());
    }

    private static InetSocketAddress address(String option, String text) {
        int colon = text.lastIndexOf(':');
        String expected = option + ": " + text + " (expected: host:port)";
        if (colon <= 0) {
            throw new IllegalArgumentException(expected);
        }
        String host = text.substring(0, colon).replace("[", "").replace("]", "");
        try {
            InetSocketAddress address = new InetSocketAddress(host, Integer.parseInt(text.substring(colon + 1)));
            if (address.isUnresolved()) {
                throw new IllegalArgumentException(option + ": " + host + " is no address here");
            }
            return address;
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(expected, e);
        }
    }

    @Override
    public void close() {
        release(releases);
    }

    private static void release(Deque<AutoCloseable> releases) {
        while (!releases.isEmpty()) {
            try {
                releases.pop().close();
            } catch (Exception e) {
                log.warn("not everything could be closed: {}", e.toString());
            }
        }
    }
}
