package io.hbone.node;

import io.hbone.node.config.ConfigException;
import io.hbone.node.config.ProxyConfig;
import io.hbone.node.telemetry.Logging;
import io.hbone.node.telemetry.Version;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code hbone proxy}: runs until it is told to stop. */
@Command(
        name = "proxy",
        description = {
            "Runs the node for the pods that the agent of this machine hands over, or beside one workload"
                    + " (PROXY_MODE=dedicated).",
            "It is configured by ztunnel's environment variables, and by some of its own, which start with HBONE_."
        },
        usageHelpWidth = 124,
        footerHeading = "%nEnvironment, with defaults in brackets:%n",
        footer = {
            "  PROXY_MODE                        [shared] dedicated",
            "  INPOD_UDS                         shared: the agent's socket [/var/run/ztunnel/ztunnel.sock]; that of"
                    + " Cilium is",
            "                                    /var/run/cilium/ztunnel.sock",
            "  INPOD_PORT_REUSE                  shared: whether a second node may take over without a reset [true]",
            "  PROXY_WORKLOAD_INFO               dedicated: namespace/name/service-account",
            "  LOCAL_XDS_PATH, LOCAL_XDS         who is where: a YAML file, or its text",
            "  NETWORK, NODE_NAME, CLUSTER_ID    [\"\", \"\", Kubernetes]",
            "  TRUST_DOMAIN                      [cluster.local]",
            "certificates, from one of:",
            "  SPIRE_ENABLED                     true: SPIRE_ADMIN_ENDPOINT_SOCKET"
                    + " [unix:///run/spire/sockets/admin.sock],",
            "                                    SPIRE_TIMEOUT [10s], CONTAINER_RUNTIME_SOCK_PATH"
                    + " [/run/containerd/containerd.sock]",
            "                                    or HBONE_WORKLOAD_PID, or HBONE_SPIRE_SELECTORS such as"
                    + " k8s:ns:{ns},k8s:sa:{sa}",
            "  SPIFFE_ENDPOINT_SOCKET            a Workload API",
            "  CA_ADDRESS                        an Istio CA: CA_ROOT_CA [./var/run/secrets/istio/root-cert.pem],"
                    + " ALT_CA_HOSTNAME,",
            "                                    AUTH_TOKEN [./var/run/secrets/tokens/istio-token], CA_HEADER_*,"
                    + " SECRET_TTL [24h]",
            "  HBONE_CERT_CHAIN, HBONE_KEY, HBONE_ROOT_CERTS   PEM files",
            "  FAKE_CA, HBONE_DEV_CA_DIR         a development CA; SECRET_TTL [24h]",
            "  CRL_PATH                          revocation lists",
            "names:",
            "  ISTIO_META_DNS_CAPTURE            [true, with XDS_ON_DEMAND false]: answers DNS queries that are led to"
                    + " it",
            "  ISTIO_META_DNS_PROXY_ADDR         [localhost:15053]; HBONE_DNS_PORT is the port alone",
            "  CLUSTER_DOMAIN, PREFERED_SERVICE_NAMESPACE, HBONE_RESOLV_CONF   [cluster.local, none, /etc/resolv.conf]",
            "sockets and tunnels:",
            "  PACKET_MARK, ENABLE_ORIG_SRC      [shared: 1337, dedicated: none; when possible]",
            "  KEEPALIVE_ENABLED, _TIME, _INTERVAL, _RETRIES   [true, 180s, 180s, 9]; USER_TIMEOUT_ENABLED [false]",
            "  HTTP2_STREAM_WINDOW_SIZE, HTTP2_CONNECTION_WINDOW_SIZE, HTTP2_FRAME_SIZE",
            "  POOL_MAX_STREAMS_PER_CONNECTION, POOL_UNUSED_RELEASE_TIMEOUT   [100, 5m]",
            "  ENABLE_RESPONSE_BAGGAGE           [true]",
            "  HBONE_TRANSPORT                   [epoll] io_uring nio; ZTUNNEL_WORKER_THREADS [2 or a quarter of the"
                    + " CPUs]",
            "  CONNECTION_TERMINATION_DEADLINE   [5s], else by TERMINATION_GRACE_PERIOD_SECONDS",
            "ports:",
            "  HBONE_OUTBOUND_PORT, HBONE_INBOUND_PORT, HBONE_PLAINTEXT_PORT   [15001, 15008, 15006]",
            "  HBONE_ADMIN_PORT, HBONE_METRICS_PORT, HBONE_READINESS_PORT      [15000, 15020, 15021]",
            "  HBONE_BIND_ADDRESS, IPV6_ENABLED  [all, true]; UNSTABLE_ENABLE_SOCKS5, HBONE_SOCKS_PORT [false, 15080]",
            "logs:",
            "  RUST_LOG, LOG_FORMAT              [info, plain]"
        },
        mixinStandardHelpOptions = true)
final class ProxyCommand implements Callable<Integer> {
    private static final int EXIT_FAILED = 1;

    @Parameters(hidden = true, arity = "0..*", description = "Ignored: Istio's charts write 'proxy ztunnel'.")
    private @Nullable List<String> ignored;

    @Override
    public Integer call() {
        Map<String, String> environment = System.getenv();
        if ("false".equalsIgnoreCase(environment.get("IPV6_ENABLED"))) {
            // The JDK and Netty look at it once, with the first address that they see.
            System.setProperty("java.net.preferIPv4Stack", "true");
        }
        ProxyConfig config;
        try {
            config = ProxyConfig.of(environment);
        } catch (ConfigException e) {
            return failed(e);
        }
        Logging.start(config.logFormat(), config.logLevels(), System.out);
        Logger log = LoggerFactory.getLogger(ProxyCommand.class);
        Signals signals = new Signals();
        signals.install();
        try {
            log.info("hbone {} starts on Java {}", Version.current(), Runtime.version());
            if (!config.ignored().isEmpty()) {
                log.warn("without effect here: {}", String.join(", ", config.ignored()));
            }
            Node node = Node.builder(config)
                    .onQuit(signals::stop)
                    .stopWhen(signals.asked())
                    .start();
            log.info("received {}, starting shutdown", signals.await());
            node.drain();
            log.info("shutdown complete");
            return 0;
        } catch (CancellationException e) {
            log.info("received {} while the node was starting; {}", signals.await(), e.getMessage());
            return 0;
        } catch (ConfigException e) {
            return failed(e);
        } finally {
            Logging.stop();
        }
    }

    private static int failed(ConfigException e) {
        System.err.println("hbone proxy: " + e.getMessage());
        return EXIT_FAILED;
    }
}
