package io.hbone.node.demo;

import io.hbone.netty.socket.OriginalDestination;
import io.hbone.node.Node;
import io.hbone.node.config.ProxyConfig;
import io.hbone.node.text.Ip;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Everything in this process, on loopback addresses, one for each pod. Needs no root. The nodes are whole and real; what the
 * kernel would do for them is done by {@link Redirects} for the client and by where the wire leads to for the server.
 */
final class LoopbackTopology implements Topology {
    private static final String PREFIX = "127.77.0.";

    private final String why;
    private final Cleanup cleanup;
    private final WireTap wire;
    private final Map<Pod, String> addresses = new EnumMap<>(Pod.class);
    private final Map<Pod, EchoService> services = new EnumMap<>(Pod.class);
    private final Map<Pod, NodeLog> logs = new EnumMap<>(Pod.class);
    private final Map<Row, Way> ways = new HashMap<>();

    /** How a row's connections are made, and where they pass. */
    private record Way(EchoClient.Dialer dialer, InetSocketAddress dialled, InetSocketAddress onTheWire) {}

    private LoopbackTopology(Cleanup cleanup, boolean tamper, String why) {
        this.cleanup = cleanup;
        this.why = why;
        this.wire = WireTap.visible(tamper);
        cleanup.add(wire::close);
        for (Pod pod : Pod.values()) {
            addresses.put(pod, PREFIX + (pod.ordinal() + 1));
            logs.put(pod, new NodeLog());
        }
    }

    /**
     * Starts everything.
     *
     * @param cleanup learns what must be undone, also when this fails
     * @param directory for files
     * @param why this and not network namespaces
     */
    static LoopbackTopology open(Cleanup cleanup, Path directory, Fault fault, String why) throws IOException {
        LoopbackTopology topology = new LoopbackTopology(cleanup, fault == Fault.TAMPER, why);
        topology.start(directory, fault);
        return topology;
    }

    private void start(Path directory, Fault fault) throws IOException {
        for (Pod pod : Pod.values()) {
            EchoService service = EchoService.start(at(pod));
            cleanup.add(service::close);
            services.put(pod, service);
        }
        InetSocketAddress shopService = service(Pod.SHOP);
        InetSocketAddress legacyService = service(Pod.LEGACY);
        InetSocketAddress batchService = service(Pod.BATCH);

        // From the last station of a connection to the first, as each must know where the next one is.
        Node shop = node(Pod.SHOP, Map.of(), directory, Fault.NONE, OriginalDestination.fixed(shopService));
        InetSocketAddress shopTunnel = wireTo(Pod.SHOP, shop.inboundAddress());
        InetSocketAddress shopPlain = wireTo(Pod.SHOP, shop.plaintextAddress());
        InetSocketAddress legacy = wireTo(Pod.LEGACY, legacyService);
        InetSocketAddress batch = wireTo(Pod.BATCH, batchService);
        Redirects redirects = new Redirects();
        Node web = node(Pod.WEB, Map.of(Pod.SHOP, shopTunnel.getPort()), directory, fault, redirects);

        for (Row row : Row.ALL) {
            ways.put(
                    row,
                    switch (row.passage()) {
                        case TUNNEL ->
                            new Way(captured(redirects, web, shopService), shopService, shop.inboundAddress());
                        case PASSTHROUGH -> new Way(captured(redirects, web, legacy), legacy, legacyService);
                        case PLAINTEXT -> new Way(plain(row.from(), shopPlain), shopService, shop.plaintextAddress());
                        case UNTOUCHED -> new Way(plain(row.from(), batch), batch, batchService);
                    });
        }
    }

    /** Puts the wire before {@code station}; the answer is its other end. */
    private InetSocketAddress wireTo(Pod pod, InetSocketAddress station) throws IOException {
        return wire.listen(at(pod), OriginalDestination.fixed(station));
    }

    private Node node(
            Pod pod, Map<Pod, Integer> tunnelPorts, Path directory, Fault fault, OriginalDestination destinations) {
        Map<String, String> settings = NodeSettings.of(pod, MeshFile.of(addresses, tunnelPorts, fault), directory);
        settings.put("HBONE_BIND_ADDRESS", address(pod));
        settings.put("ENABLE_ORIG_SRC", "false");
        for (String port : List.of("OUTBOUND", "INBOUND", "PLAINTEXT", "DNS", "READINESS", "ADMIN", "METRICS")) {
            settings.put("HBONE_" + port + "_PORT", "0");
        }
        Node node = Node.builder(ProxyConfig.of(settings))
                .originalDestination(destinations)
                .observer(new ObserverWitness(log(pod)))
                .start();
        cleanup.add(node::drain);
        return node;
    }

    private EchoClient.Dialer captured(Redirects redirects, Node node, InetSocketAddress destination) {
        InetAddress source = at(Pod.WEB).getAddress();
        return patience -> redirects.connect(source, node.outboundAddress(), destination, patience);
    }

    private EchoClient.Dialer plain(Pod from, InetSocketAddress destination) {
        return patience -> {
            Socket socket = new Socket();
            try {
                socket.bind(at(from));
                socket.connect(destination, patience);
                return socket;
            } catch (IOException e) {
                socket.close();
                throw e;
            }
        };
    }

    /** An address of a pod, with whatever port is free. */
    private InetSocketAddress at(Pod pod) {
        return new InetSocketAddress(Objects.requireNonNull(Ip.parse(address(pod))), 0);
    }

    private InetSocketAddress service(Pod pod) {
        return Objects.requireNonNull(services.get(pod)).address();
    }

    private Way way(Row row) {
        return Objects.requireNonNull(ways.get(row));
    }

    @Override
    public String mode() {
        return "loopback";
    }

    @Override
    public String description() {
        return "everything in one process on loopback addresses (" + why + ")";
    }

    @Override
    public List<String> cannotShow() {
        return List.of(
                "that redirect rules capture traffic: the demo hands connections to the nodes itself",
                "that services see their clients' own addresses: those need IP_TRANSPARENT and the rules",
                "that nothing can cross besides the wire that is listened to: loopback is open to everybody");
    }

    @Override
    public String address(Pod pod) {
        return Objects.requireNonNull(addresses.get(pod));
    }

    @Override
    public String onTheWire(Row row) {
        return Ip.format(way(row).onTheWire());
    }

    @Override
    public String dialled(Row row) {
        return Ip.format(way(row).dialled());
    }

    @Override
    public boolean keepsClientAddresses() {
        return false;
    }

    @Override
    public Exchange exchange(Row row, Payload payload) {
        return EchoClient.exchange(way(row).dialer(), payload);
    }

    @Override
    public List<Served> served(Pod pod) {
        return Objects.requireNonNull(services.get(pod)).served();
    }

    @Override
    public List<Flow> flows(String marker) {
        return wire.flows(marker);
    }

    @Override
    public NodeLog log(Pod pod) {
        return Objects.requireNonNull(logs.get(pod));
    }
}
