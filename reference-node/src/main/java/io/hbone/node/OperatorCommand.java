package io.hbone.node;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.hbone.core.TrustDomain;
import io.hbone.enrollment.kubernetes.ClusterClients;
import io.hbone.enrollment.operator.LeaseSettings;
import io.hbone.enrollment.operator.Operator;
import io.hbone.identity.UnixEndpoint;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.Transport;
import io.hbone.node.config.LogFormat;
import io.hbone.node.config.LogLevels;
import io.hbone.node.http.HttpPort;
import io.hbone.node.operator.OperatorMetrics;
import io.hbone.node.operator.OperatorPage;
import io.hbone.node.operator.SpireConnection;
import io.hbone.node.telemetry.Logging;
import io.hbone.node.telemetry.MetricsPage;
import io.hbone.node.telemetry.Version;
import io.netty.channel.EventLoopGroup;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hbone operator}: identities for what is labelled. */
@Command(
        name = "operator",
        description = {
            "Registers the service accounts of namespaces with the label io.cilium/mtls-enabled=true or"
                    + " istio.io/dataplane-mode=ambient at a SPIRE server, and takes back what is not wanted any more.",
            "Several may run in a cluster: one leads, and another takes over."
        },
        mixinStandardHelpOptions = true)
final class OperatorCommand implements Callable<Integer> {
    private static final int EXIT_FAILED = 1;
    private static final Duration FIRST_SVID = Duration.ofMinutes(5);

    @Option(
            names = "--trust-domain",
            defaultValue = "cluster.local",
            description = "The SPIRE server's (default: ${DEFAULT-VALUE}).")
    private String trustDomain = "";

    @Option(
            names = "--spire-server",
            paramLabel = "ADDRESS",
            defaultValue = "spire-server.spire.svc:8081",
            description =
                    "HOST:PORT, where the operator's own SVID must be that of an admin, or unix:///PATH, the server's"
                            + " own socket (default: ${DEFAULT-VALUE}).")
    private String spireServer = "";

    @Option(
            names = "--spire-agent",
            paramLabel = "PATH",
            defaultValue = "/run/spire/sockets/agent/agent.sock",
            description = "The Workload API that the operator has its SVID from (default: ${DEFAULT-VALUE}).")
    private String spireAgent = "";

    @Option(
            names = "--parent",
            defaultValue = "/ztunnel",
            description = "Path of the identity that hands out the others, the nodes' (default: ${DEFAULT-VALUE}).")
    private String parent = "";

    @Option(
            names = "--owner",
            description = "What the ids of its entries begin with (default: the UID of the namespace kube-system).")
    private @Nullable String owner;

    @Option(
            names = "--svid-ttl",
            defaultValue = "PT0S",
            description = "Lifetime of certificates, ISO 8601; zero is the server's own (default: ${DEFAULT-VALUE}).")
    private Duration ttl = Duration.ZERO;

    @Option(
            names = "--resync",
            defaultValue = "PT5M",
            description = "How often to look for entries that somebody else changed (default: ${DEFAULT-VALUE}).")
    private Duration resync = Duration.ZERO;

    @Option(
            names = "--lease-namespace",
            defaultValue = "kube-system",
            description = "Where the Lease is by which one leads (default: ${DEFAULT-VALUE}).")
    private String leaseNamespace = "";

    @Option(
            names = "--kubeconfig",
            paramLabel = "FILE",
            description = "The cluster (default: the one that it runs in).")
    private @Nullable Path kubeconfig;

    @Option(
            names = "--port",
            defaultValue = "15020",
            description = "Serves /healthz/ready, /metrics and /status (default: ${DEFAULT-VALUE}).")
    private int port;

    @Option(names = "--log-format", defaultValue = "plain", description = "plain or json (default: ${DEFAULT-VALUE}).")
    private String logFormat = "";

    @Override
    public Integer call() {
        Logging.start(logFormat.equals("json") ? LogFormat.JSON : LogFormat.PLAIN, LogLevels.DEFAULT, System.out);
        Logger log = LoggerFactory.getLogger(OperatorCommand.class);
        Signals signals = new Signals();
        signals.install();
        PrometheusRegistry registry = new PrometheusRegistry();
        Transport transport = Transport.preferred();
        try (KubernetesClient client = ClusterClients.open(kubeconfig);
                SpireConnection spire = connect()) {
            EventLoopGroup loops = transport.newEventLoopGroup(1, "hbone-http");
            try (Operator operator = start(client, spire, new OperatorMetrics(registry));
                    HttpPort http = HttpPort.bind(
                            loops,
                            Sockets.of(transport),
                            new InetSocketAddress(port),
                            new OperatorPage(operator::status, new MetricsPage(registry)))) {
                log.info(
                        "hbone {} watches {}, and tells on port {}",
                        Version.current(),
                        client.getMasterUrl(),
                        http.address().getPort());
                log.info("received {}, starting shutdown", signals.await());
            } finally {
                loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            }
        } catch (IOException | IllegalArgumentException e) {
            System.err.println("hbone operator: " + e.getMessage());
            return EXIT_FAILED;
        } finally {
            Logging.stop();
        }
        return 0;
    }

    private Operator start(KubernetesClient client, SpireConnection spire, OperatorMetrics metrics) {
        return Operator.builder(
                        client,
                        spire.channel(),
                        TrustDomain.of(trustDomain),
                        LeaseSettings.in(leaseNamespace, hostName()))
                .parent(parent)
                .owner(owner)
                .ttl(ttl)
                .resync(resync)
                .observer(metrics)
                .start();
    }

    private SpireConnection connect() throws IOException {
        if (spireServer.startsWith("unix:") || spireServer.startsWith("/")) {
            return SpireConnection.bySocket(UnixEndpoint.parse(spireServer));
        }
        int colon = spireServer.lastIndexOf(':');
        String expected = "--spire-server: \"" + spireServer + "\" (expected: host:port, or unix:///path)";
        if (colon < 1) {
            throw new IllegalArgumentException(expected);
        }
        int serverPort;
        try {
            serverPort = Integer.parseInt(spireServer.substring(colon + 1));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(expected, e);
        }
        if (serverPort < 1 || serverPort > 65535) {
            throw new IllegalArgumentException(expected);
        }
        return SpireConnection.byIdentity(
                spireServer.substring(0, colon), serverPort, UnixEndpoint.parse(spireAgent), FIRST_SVID);
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "unknown";
        }
    }
}
