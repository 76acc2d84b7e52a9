package io.hbone.node.agent;

import io.hbone.enrollment.rules.Backend;
import io.hbone.enrollment.rules.Convention;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of {@code hbone agent}. Most of them have a variable of the environment as well, for images. */
final class AgentOptions {
    @Option(
            names = "--file",
            paramLabel = "FILE",
            defaultValue = "${env:HBONE_AGENT_FILE}",
            description =
                    "Pods, namespaces and the rest of the mesh; $HBONE_AGENT_FILE. This or --kubernetes is required.")
    @Nullable Path file; // not required of picocli, which would ask for it before 'status', too

    @Option(
            names = "--kubernetes",
            defaultValue = "${env:HBONE_AGENT_KUBERNETES:-false}",
            description = "Instead of a file: the pods of the cluster that run on this machine, by their labels;"
                    + " $HBONE_AGENT_KUBERNETES.")
    boolean kubernetes;

    @Mixin
    final ClusterOptions cluster = new ClusterOptions();

    @Option(
            names = "--node",
            paramLabel = "NAME",
            defaultValue = "${env:NODE_NAME}",
            description = "This machine's name: the node of its pods; $NODE_NAME, else the host name.")
    @Nullable String node;

    @Option(
            names = "--trust-domain",
            defaultValue = "${env:TRUST_DOMAIN:-cluster.local}",
            description = "Of workloads that name none; $TRUST_DOMAIN (default: ${DEFAULT-VALUE}).")
    String trustDomain = "";

    @Option(
            names = {"--zds-socket", "--ztunnel-zds-unix-addr"},
            paramLabel = "PATH",
            defaultValue = "${env:HBONE_ZDS_SOCKET:-/var/run/cilium/ztunnel.sock}",
            description = "Where the node is handed its workloads, its INPOD_UDS; $HBONE_ZDS_SOCKET (default:"
                    + " ${DEFAULT-VALUE}).")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    Path zdsSocket;

    @Option(
            names = {"--xds-socket", "--ztunnel-xds-unix-addr"},
            paramLabel = "PATH",
            defaultValue = "${env:HBONE_XDS_SOCKET:-/var/run/cilium/xds.sock}",
            description = "Where nodes learn the mesh, their XDS_ADDRESS with unix:// before it; $HBONE_XDS_SOCKET"
                    + " (default: ${DEFAULT-VALUE}).")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    Path xdsSocket;

    @Option(names = "--no-xds-socket", description = "Do not listen there.")
    boolean noXdsSocket;

    @ArgGroup(exclusive = false)
    @Nullable XdsPort xdsPort;

    /** For nodes that know no unix sockets, stock ztunnels among them. */
    static final class XdsPort {
        @Option(
                names = "--xds-listen",
                required = true,
                paramLabel = "HOST:PORT",
                description = "Where nodes learn the mesh over TLS, for example 127.0.0.1:15012.")
        String listen = "";

        @Option(names = "--tls-cert", required = true, paramLabel = "FILE", description = "Its certificate chain, PEM.")
        @SuppressWarnings("NullAway.Init") // picocli sets it
        Path certificate;

        @Option(names = "--tls-key", required = true, paramLabel = "FILE", description = "Its private key, PEM.")
        @SuppressWarnings("NullAway.Init") // picocli sets it
        Path key;
    }

    @Option(
            names = "--container-runtime",
            paramLabel = "SOCKET",
            defaultValue = "${env:CONTAINER_RUNTIME_SOCK_PATH:-/run/containerd/containerd.sock}",
            description = "Is asked for containers and pods, by CRI; $CONTAINER_RUNTIME_SOCK_PATH (default:"
                    + " ${DEFAULT-VALUE}).")
    String containerRuntime = "";

    @Option(
            names = "--rules",
            defaultValue = "CILIUM",
            description = "Whose redirect rules are written: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    Convention rules = Convention.CILIUM;

    @Option(
            names = "--rules-backend",
            description =
                    "What they are written with: ${COMPLETION-CANDIDATES} (default: what a namespace has rules of, else"
                            + " what works).")
    @Nullable Backend backend;

    @Option(names = "--dns-capture", description = "Lead DNS through the node, too.")
    boolean dnsCapture;

    @Option(
            names = "--exempt-probes",
            description =
                    "Let health probes past the node: what programs in this agent's own network, such as the kubelet,"
                            + " send to enrolled workloads gets the source that their rules let pass. Takes nft.")
    boolean exemptProbes;

    @Option(
            names = "--drain",
            paramLabel = "DURATION",
            defaultValue = "PT30S",
            description =
                    "How long connections may go on through the node after their workload was un-enrolled, ISO 8601"
                            + " (default: ${DEFAULT-VALUE}).")
    Duration drain = Duration.ZERO;

    @Option(
            names = "--linger",
            paramLabel = "DURATION",
            defaultValue = "PT3S",
            description =
                    "How long an un-enrolled workload can still be reached by HBONE at least, so that the agents of"
                            + " other machines learn of it before; not longer than --drain, ISO 8601 (default:"
                            + " ${DEFAULT-VALUE}).")
    Duration linger = Duration.ZERO;

    @Option(
            names = "--peer-deadline",
            paramLabel = "DURATION",
            defaultValue = "PT5S",
            description =
                    "How long a workload of another machine is awaited that is said to be reached by HBONE, before"
                            + " nodes are told so although nobody listens there, ISO 8601 (default: ${DEFAULT-VALUE}).")
    Duration peerDeadline = Duration.ZERO;

    @Option(
            names = "--verify",
            paramLabel = "DURATION",
            defaultValue = "PT30S",
            description =
                    "How often rules are looked at, and put right, ISO 8601; more seldom with many pods, half a second"
                            + " for each (default: ${DEFAULT-VALUE}).")
    Duration verify = Duration.ZERO;

    @Option(
            names = "--admin",
            paramLabel = "HOST:PORT",
            defaultValue = "${env:HBONE_AGENT_ADMIN:-127.0.0.1:15014}",
            description = "Status, readiness and metrics; $HBONE_AGENT_ADMIN (default: ${DEFAULT-VALUE}).")
    String admin = "";

    @Option(
            names = "--log-format",
            defaultValue = "${env:LOG_FORMAT:-plain}",
            description =
                    "plain or json; $LOG_FORMAT (default: ${DEFAULT-VALUE}). How much is logged is said by $RUST_LOG.")
    String logFormat = "";
}
