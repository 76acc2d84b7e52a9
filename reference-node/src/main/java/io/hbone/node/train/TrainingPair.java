package io.hbone.node.train;

import io.hbone.netty.socket.OriginalDestination;
import io.hbone.node.Node;
import io.hbone.node.config.ConfigException;
import io.hbone.node.config.ProxyConfig;
import io.hbone.node.text.Ip;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Two nodes on loopback addresses: what comes in at the first is tunnelled to the second, and from there to a service. */
final class TrainingPair implements AutoCloseable {
    private static final String CLIENT = "127.78.0.1";
    private static final String SERVER = "127.78.0.2";
    private static final String POD = "127.78.0.3";
    private static final int SERVING = 0;
    private static final int CALLING = 1;

    private final Surroundings surroundings;
    private final List<Node> nodes = new ArrayList<>();
    private CompletionStage<Void> podServed = CompletableFuture.failedStage(new IllegalStateException("no pod"));

    private TrainingPair(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    /**
     * Starts both, as nodes that have a description of the mesh of their own.
     *
     * @param port where the service listens on {@link #serviceHost}
     * @param directory for their CA
     */
    static TrainingPair alone(int port, Path directory) throws IOException {
        return start(new OwnFiles(directory), port, pair -> {});
    }

    /**
     * Starts both as nodes of a cluster, and beside them a third that serves the pods of a machine, and is handed one.
     *
     * @param port where the service listens on {@link #serviceHost}
     * @param directory for their control plane
     */
    static TrainingPair inCluster(int port, Path directory) throws IOException {
        ControlPlane control = ControlPlane.start(directory);
        return start(control, port, pair -> pair.startShared(control));
    }

    private interface More {
        void start(TrainingPair pair) throws IOException;
    }

    private static TrainingPair start(Surroundings surroundings, int port, More more) throws IOException {
        OriginalDestination service = OriginalDestination.fixed(address(SERVER, port));
        TrainingPair pair = new TrainingPair(surroundings);
        try {
            surroundings.tell(mesh(null));
            Node server = pair.startDedicated("server", SERVER, service);
            surroundings.tell(mesh(server.inboundAddress().getPort()));
            pair.startDedicated("client", CLIENT, service);
            more.start(pair);
            return pair;
        } catch (IOException | RuntimeException e) {
            pair.close();
            throw e;
        }
    }

    private Node startDedicated(String name, String address, OriginalDestination destination) {
        Map<String, String> mode =
                Map.of("PROXY_MODE", "dedicated", "PROXY_WORKLOAD_INFO", "training/" + name + '/' + name);
        Node node = node(name, address, mode).originalDestination(destination).start();
        nodes.add(node);
        return node;
    }

    private void startShared(ControlPlane control) throws IOException {
        try {
            nodes.add(node("machine", POD, Map.of("PROXY_MODE", "shared")).start());
            podServed = control.handOver(uid("pod"), "pod", "training");
        } catch (ConfigException e) {
            // Without the rights to mark packets there is none; the others are worth an archive, too.
            podServed = CompletableFuture.failedStage(e);
        }
    }

    /** The only address at which the service is reached. */
    static String serviceHost() {
        return SERVER;
    }

    /** Where the way through the tunnel begins. */
    InetSocketAddress entrance() {
        return nodes.get(CALLING).outboundAddress();
    }

    /** Where whoever is outside of the mesh comes in. */
    InetSocketAddress plainEntrance() {
        return nodes.get(SERVING).plaintextAddress();
    }

    /** The metrics of the client's node. */
    InetSocketAddress metrics() {
        return nodes.get(CALLING).metricsAddress();
    }

    /** Done when the third node serves its pod; with why not, or never, where there is none or rights are missing. */
    CompletionStage<Void> podServed() {
        return podServed;
    }

    @Override
    public void close() {
        Collections.reverse(nodes);
        nodes.forEach(Node::drain);
        surroundings.close();
    }

    private Node.Builder node(String name, String address, Map<String, String> mode) {
        Map<String, String> settings = new LinkedHashMap<>(mode);
        settings.putAll(surroundings.settings());
        settings.put("INSTANCE_IP", address);
        settings.put("NODE_NAME", name);
        settings.put("CLUSTER_ID", "training");
        settings.put("IPV6_ENABLED", "false");
        settings.put("CONNECTION_TERMINATION_DEADLINE", "1s");
        settings.put("HBONE_BIND_ADDRESS", address);
        settings.put("ENABLE_ORIG_SRC", "false");
        for (String port : List.of("OUTBOUND", "INBOUND", "PLAINTEXT", "DNS", "READINESS", "ADMIN", "METRICS")) {
            settings.put("HBONE_" + port + "_PORT", "0");
        }
        return Node.builder(ProxyConfig.of(settings));
    }

    private static String mesh(@Nullable Integer serverPort) {
        return "workloads:\n" + workload("client", CLIENT, null) + workload("server", SERVER, serverPort)
                + workload("pod", POD, null)
                + """
                services:
                - {name: server, namespace: training, hostname: server.training.svc.cluster.local,
                   vips: [/127.78.1.1], ports: {80: 80}}
                policies:
                - {name: strangers, namespace: training, scope: Namespace, action: Deny, dryRun: false,
                   rules: [[[{namespaces: [{Exact: elsewhere}]}, {destinationPorts: [1]}]]]}
                """;
    }

    private static String uid(String name) {
        return "training//Pod/training/" + name;
    }

    private static String workload(String name, String address, @Nullable Integer tunnelPort) {
        return "- uid: " + uid(name)
                + "\n  name: " + name
                + "\n  namespace: training"
                + "\n  serviceAccount: " + name
                + "\n  trustDomain: cluster.local"
                + "\n  workloadIps: [\"" + address + "\"]"
                + "\n  protocol: HBONE"
                + (tunnelPort == null ? "" : "\n  tunnelPort: " + tunnelPort)
                + "\n  node: " + name
                + "\n  network: \"\""
                + "\n  services: {}\n";
    }

    private static InetSocketAddress address(String host, int port) {
        return new InetSocketAddress(Objects.requireNonNull(Ip.parse(host)), port);
    }
}
