package io.hbone.node.train;

import io.hbone.netty.socket.OriginalDestination;
import io.hbone.node.Node;
import io.hbone.node.config.ProxyConfig;
import io.hbone.node.text.Ip;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Two nodes on loopback addresses: what comes in at the first is tunnelled to the second, and from there to a service. */
final class TrainingPair implements AutoCloseable {
    private static final String CLIENT = "127.78.0.1";
    private static final String SERVER = "127.78.0.2";

    private final Node server;
    private final Node client;

    private TrainingPair(Node server, Node client) {
        this.server = server;
        this.client = client;
    }

    /**
     * Starts both.
     *
     * @param port where the service listens on {@link #serviceHost}
     * @param directory for their development CA
     */
    static TrainingPair start(int port, Path directory) {
        OriginalDestination service = OriginalDestination.fixed(address(SERVER, port));
        Node server = node("server", SERVER, null, directory, service);
        try {
            Integer tunnelPort = server.inboundAddress().getPort();
            return new TrainingPair(server, node("client", CLIENT, tunnelPort, directory, service));
        } catch (RuntimeException e) {
            server.drain();
            throw e;
        }
    }

    /** The only address at which the service is reached. */
    static String serviceHost() {
        return SERVER;
    }

    /** Where the way through the tunnel begins. */
    InetSocketAddress entrance() {
        return client.outboundAddress();
    }

    /** Where whoever is outside of the mesh comes in. */
    InetSocketAddress plainEntrance() {
        return server.plaintextAddress();
    }

    /** The metrics of the client's node. */
    InetSocketAddress metrics() {
        return client.metricsAddress();
    }

    @Override
    public void close() {
        client.drain();
        server.drain();
    }

    private static Node node(
            String name, String address, @Nullable Integer peerPort, Path directory, OriginalDestination destination) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("PROXY_MODE", "dedicated");
        settings.put("PROXY_WORKLOAD_INFO", "training/" + name + '/' + name);
        settings.put("XDS_ADDRESS", "");
        settings.put("LOCAL_XDS", mesh(peerPort));
        settings.put("HBONE_DEV_CA_DIR", directory.toString());
        settings.put("NODE_NAME", name);
        settings.put("CLUSTER_ID", "training");
        settings.put("IPV6_ENABLED", "false");
        settings.put("CONNECTION_TERMINATION_DEADLINE", "1s");
        settings.put("HBONE_BIND_ADDRESS", address);
        settings.put("ENABLE_ORIG_SRC", "false");
        for (String port : List.of("OUTBOUND", "INBOUND", "PLAINTEXT", "DNS", "READINESS", "ADMIN", "METRICS")) {
            settings.put("HBONE_" + port + "_PORT", "0");
        }
        return Node.builder(ProxyConfig.of(settings))
                .originalDestination(destination)
                .start();
    }

    private static String mesh(@Nullable Integer serverPort) {
        return "workloads:\n" + workload("client", CLIENT, null) + workload("server", SERVER, serverPort);
    }

    private static String workload(String name, String address, @Nullable Integer tunnelPort) {
        return "- uid: training//Pod/training/" + name
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
