package io.hbone.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hbone.core.ConnectionObserver;
import io.hbone.core.ConnectionObserver.ConnectionDetails;
import io.hbone.core.ConnectionObserver.Direction;
import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.socket.OriginalDestination;
import io.hbone.node.config.ProxyConfig;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.file.LocalFile;
import io.hbone.xds.server.AddressAliases;
import io.hbone.xds.server.AdsServer;
import io.hbone.xds.server.MeshResources;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whole nodes in one process: connections by a waypoint and by a network gateway, and what policies do to those that live. */
@Timeout(60)
class NodeRoutesTest {
    private static final String CLIENT = "127.0.1.21";
    private static final String SERVER = "127.0.1.22";
    private static final String MIDDLE = "127.0.1.23";
    private static final InetSocketAddress SERVICE = new InetSocketAddress("10.9.0.1", 80);

    @TempDir
    private Path directory;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final Map<String, Seen> seen = new HashMap<>();

    @AfterEach
    void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    /** What one node reports. */
    private static final class Seen implements ConnectionObserver {
        private final List<ConnectionDetails> connections = new CopyOnWriteArrayList<>();
        private final List<TunnelException> failures = new CopyOnWriteArrayList<>();

        @Override
        public Connection opened(ConnectionDetails details) {
            connections.add(details);
            return new Connection() {
                @Override
                public void closed(@Nullable TunnelException why) {
                    if (why != null) {
                        failures.add(why);
                    }
                }
            };
        }

        ConnectionDetails only(Direction direction) {
            assertThat(connections)
                    .filteredOn(one -> one.direction() == direction)
                    .hasSize(1);
            return connections.stream()
                    .filter(one -> one.direction() == direction)
                    .findFirst()
                    .orElseThrow();
        }
    }

    private Map<String, String> environment(String name, String address) {
        Map<String, String> variables = new HashMap<>();
        variables.put("PROXY_MODE", "dedicated");
        variables.put("PROXY_WORKLOAD_INFO", "default/" + name + "/" + name);
        variables.put("XDS_ADDRESS", "");
        variables.put("HBONE_DEV_CA_DIR", directory.resolve("ca").toString());
        variables.put("HBONE_TRANSPORT", System.getProperty("hbone.transport", "epoll"));
        variables.put("HBONE_BIND_ADDRESS", address);
        variables.put("CONNECTION_TERMINATION_DEADLINE", "1s");
        for (String port : new String[] {"OUTBOUND", "INBOUND", "PLAINTEXT", "DNS", "READINESS", "ADMIN", "METRICS"}) {
            variables.put("HBONE_" + port + "_PORT", "0");
        }
        return variables;
    }

    private Node start(String name, Map<String, String> variables, InetSocketAddress destination) {
        Seen observer = new Seen();
        seen.put(name, observer);
        Node node = Node.builder(ProxyConfig.of(variables))
                .originalDestination(OriginalDestination.fixed(destination))
                .observer(observer)
                .start();
        opened.add(node::drain);
        return node;
    }

    private Node start(String name, String address, String network, String mesh, InetSocketAddress destination) {
        Map<String, String> variables = environment(name, address);
        variables.put("LOCAL_XDS", mesh);
        variables.put("NETWORK", network);
        return start(name, variables, destination);
    }

    private Seen of(String name) {
        return seen.get(name);
    }

    private static SpiffeId account(String name) {
        return SpiffeId.parse("spiffe://cluster.local/ns/default/sa/" + name);
    }

    /** Serves each connection on a thread of its own. */
    @FunctionalInterface
    private interface Service {
        void serve(Socket socket) throws Exception;
    }

    private InetSocketAddress listen(String address, Service service) throws IOException {
        ServerSocket listener = new ServerSocket(0, 50, InetAddress.getByName(address));
        opened.add(listener);
        daemon(() -> {
            while (true) {
                Socket socket = listener.accept();
                daemon(() -> {
                    try (socket) {
                        service.serve(socket);
                    }
                });
            }
        });
        return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    @FunctionalInterface
    private interface Task {
        void run() throws Exception;
    }

    private static void daemon(Task task) {
        Thread thread = new Thread(() -> {
            try {
                task.run();
            } catch (Exception e) {
                // One end of the connection went away: that ends the other one.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private static void echo(Socket socket) throws IOException {
        socket.getInputStream().transferTo(socket.getOutputStream());
    }

    private static void join(Socket one, Socket other) throws IOException {
        daemon(() -> {
            other.getInputStream().transferTo(one.getOutputStream());
            one.shutdownOutput();
        });
        one.getInputStream().transferTo(other.getOutputStream());
        other.shutdownOutput();
    }

    private static Socket connect(InetSocketAddress to) throws IOException {
        Socket socket = new Socket(to.getAddress(), to.getPort());
        socket.setSoTimeout(20_000);
        return socket;
    }

    private static String exchange(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        return new String(socket.getInputStream().readNBytes(text.length()), StandardCharsets.US_ASCII);
    }

    private static boolean isEnded(Socket socket) {
        try {
            return socket.getInputStream().read() < 0;
        } catch (IOException e) {
            return true; // a reset is an end, too
        }
    }

    /** The gateway's application carries the inner tunnel on, as it cannot look into it. */
    @Test
    void serviceInAnotherNetwork_isReachedByATunnelInItsGatewaysTunnel() throws Exception {
        InetSocketAddress application = listen(SERVER, NodeRoutesTest::echo);
        Node server = start("server", SERVER, "far", """
            workloads:
            - {uid: s, name: server, namespace: default, serviceAccount: server, protocol: HBONE, network: far,
               workloadIps: [%s], services: {default/remote.example: {80: %d}}}
            services:
            - {name: remote, namespace: default, hostname: remote.example, vips: [far/10.9.0.1], ports: {80: 80}}
            """.formatted(SERVER, application.getPort()), SERVICE);
        InetSocketAddress forwarder = listen(MIDDLE, socket -> {
            try (Socket inner = connect(server.inboundAddress())) {
                join(socket, inner);
            }
        });
        Node gateway = start("gateway", MIDDLE, "far", """
            workloads:
            - {uid: g, name: gateway, namespace: default, serviceAccount: gateway, protocol: HBONE, network: far,
               workloadIps: [%s], services: {default/remote.example: {80: %d}}}
            services:
            - {name: remote, namespace: default, hostname: remote.example, vips: [far/10.9.0.1], ports: {80: 80}}
            """.formatted(MIDDLE, forwarder.getPort()), SERVICE);
        Node client = start(
                "client",
                CLIENT,
                "near",
                """
                workloads:
                - {uid: c, name: client, namespace: default, serviceAccount: client, protocol: HBONE, network: near,
                   workloadIps: [%s], services: {}}
                - {uid: g, name: gateway, namespace: default, serviceAccount: gateway, protocol: HBONE, network: far,
                   workloadIps: [%s], services: {}}
                - {uid: s, name: server, namespace: default, serviceAccount: server, protocol: HBONE, network: far,
                   workloadIps: [], services: {default/remote.example: {80: 80}},
                   networkGateway: {destination: far/%s, hboneMtlsPort: %d}}
                services:
                - {name: remote, namespace: default, hostname: remote.example, vips: [near/10.9.0.1], ports: {80: 80},
                   subjectAltNames: [spiffe://cluster.local/ns/default/sa/server]}
                """.formatted(CLIENT, MIDDLE, MIDDLE, gateway.inboundAddress().getPort()),
                SERVICE);

        try (Socket socket = connect(client.outboundAddress())) {
            assertThat(exchange(socket, "hello")).isEqualTo("hello");
        }

        ConnectionDetails outer = of("gateway").only(Direction.INBOUND);
        assertThat(outer.sourceWorkload().identity()).isEqualTo(account("client"));
        assertThat(outer.hboneTarget()).hasToString("remote.example:80");
        ConnectionDetails inner = of("server").only(Direction.INBOUND);
        assertThat(inner.mutualTls()).isTrue();
        assertThat(inner.sourceWorkload().identity()).isEqualTo(account("client"));
        assertThat(inner.hboneTarget()).hasToString("remote.example:80");
        assertThat(of("client").only(Direction.OUTBOUND).destinationWorkload().name())
                .isEqualTo("server");
    }

    /** The waypoint reads PROXY headers, and goes on by the outbound port of its own node. */
    @Test
    void workloadWithAWaypoint_isReachedByIt_andTheWaypointIsNotSentBackToItself() throws Exception {
        InetSocketAddress application = listen(SERVER, NodeRoutesTest::echo);
        List<String> announced = new CopyOnWriteArrayList<>();
        List<Node> waypoint = new CopyOnWriteArrayList<>();
        InetSocketAddress proxy = listen("127.0.0.1", socket -> {
            DataInputStream in = new DataInputStream(socket.getInputStream());
            byte[] header = in.readNBytes(16);
            byte[] rest = in.readNBytes((header[14] & 0xff) << 8 | header[15] & 0xff);
            announced.add(InetAddress.getByAddress(Arrays.copyOfRange(rest, 4, 8))
                            .getHostAddress() + ":" + ((rest[10] & 0xff) << 8 | rest[11] & 0xff));
            announced.add(new String(rest, 15, rest.length - 15, StandardCharsets.US_ASCII));
            try (Socket onwards = connect(waypoint.get(0).outboundAddress())) {
                join(socket, onwards);
            }
        });
        String mesh = """
            workloads:
            - {uid: c, name: client, namespace: default, serviceAccount: client, protocol: HBONE, workloadIps: [%s], services: {}}
            - {uid: w, name: waypoint, namespace: default, serviceAccount: waypoint, protocol: HBONE, workloadIps: [%s],
               applicationTunnel: {protocol: PROXY, port: %d}, services: {}}
            - {uid: s, name: server, namespace: default, serviceAccount: server, protocol: HBONE, workloadIps: [%s],
               tunnelPort: SERVER_PORT, services: {}, waypoint: {destination: /%s, hboneMtlsPort: WAYPOINT_PORT}}
            """.formatted(CLIENT, MIDDLE, proxy.getPort(), SERVER, MIDDLE);
        Node server = start("server", SERVER, "", mesh.replaceAll("(SERVER|WAYPOINT)_PORT", "15008"), application);
        mesh = mesh.replace(
                "SERVER_PORT", String.valueOf(server.inboundAddress().getPort()));
        waypoint.add(start("waypoint", MIDDLE, "", mesh.replace("WAYPOINT_PORT", "15008"), application));
        mesh = mesh.replace(
                "WAYPOINT_PORT", String.valueOf(waypoint.get(0).inboundAddress().getPort()));
        Node client = start("client", CLIENT, "", mesh, application);

        try (Socket socket = connect(client.outboundAddress())) {
            assertThat(exchange(socket, "hello")).isEqualTo("hello");
        }

        String destination = SERVER + ":" + application.getPort();
        assertThat(announced).containsExactly(destination, account("client").toString());
        assertThat(of("client").only(Direction.OUTBOUND).destinationWorkload().name())
                .isEqualTo("waypoint");
        assertThat(of("waypoint").only(Direction.INBOUND).hboneTarget()).hasToString(destination);
        assertThat(of("server").only(Direction.INBOUND).sourceWorkload().identity())
                .as("who speaks to the server is the waypoint")
                .isEqualTo(account("waypoint"));
    }

    /** One connection by a tunnel and one in plaintext, at a server whose mesh comes over xDS. */
    private final class Live {
        private final MeshResources resources = new MeshResources();
        private final InetSocketAddress application = listen(SERVER, NodeRoutesTest::echo);
        private final Socket tunnelled;
        private final Socket plaintext;

        Live(String policies) throws IOException {
            put(policies);
            workload("");
            opened.add(AdsServer.builder(resources).listen(directory.resolve("xds.sock")));
            Map<String, String> variables = environment("server", SERVER);
            variables.put("XDS_ADDRESS", "unix://" + directory.resolve("xds.sock"));
            Node server = start("server", variables, application);
            Node client = start(
                    "client",
                    CLIENT,
                    "",
                    """
                    workloads:
                    - {uid: c, name: client, namespace: default, serviceAccount: client, protocol: HBONE,
                       workloadIps: [%s], services: {}}
                    - {uid: s, name: server, namespace: default, serviceAccount: server, protocol: HBONE,
                       workloadIps: [%s], tunnelPort: %d, services: {}}
                    """.formatted(CLIENT, SERVER, server.inboundAddress().getPort()),
                    application);
            tunnelled = connect(client.outboundAddress());
            opened.add(tunnelled);
            plaintext = connect(server.plaintextAddress());
            opened.add(plaintext);
            assertThat(exchange(tunnelled, "hello")).isEqualTo("hello");
            assertThat(exchange(plaintext, "hello")).isEqualTo("hello");
        }

        void put(String yaml) {
            LocalFile file = LocalFile.parse(yaml, TrustDomain.of("cluster.local"));
            AddressAliases sink = new AddressAliases(resources);
            assertThat(sink.apply(TypeUrl.AUTHORIZATION, file.policies(), List.of()))
                    .isEmpty();
            assertThat(sink.apply(TypeUrl.ADDRESS, file.addresses(), List.of())).isEmpty();
        }

        void workload(String authorizationPolicies) {
            put("""
                workloads:
                - {uid: s, name: server, namespace: default, serviceAccount: server, protocol: HBONE,
                   workloadIps: [%s], services: {}, authorizationPolicies: [%s]}
                """.formatted(SERVER, authorizationPolicies));
        }

        void bothEnd() {
            assertThat(isEnded(tunnelled)).isTrue();
            assertThat(isEnded(plaintext)).isTrue();
            await().untilAsserted(() -> assertThat(of("server").failures).hasSize(2));
            assertThat(of("server").failures)
                    .allSatisfy(why -> assertThat(why.error()).isEqualTo(TunnelError.POLICY_DENIED))
                    .allSatisfy(why -> assertThat(why).hasMessageContaining("default/nobody"));
        }
    }

    private static String deny(String scope) {
        return "policies:\n- {name: nobody, namespace: default, scope: " + scope
                + ", action: Deny, dryRun: false, rules: [[[{notDestinationPorts: [1]}]]]}\n";
    }

    @Test
    void policyThatComes_endsWhatLivesAndIsDeniedNow() throws Exception {
        Live live = new Live("workloads: []\n");

        live.put(deny("Namespace"));

        live.bothEnd();
    }

    /** Stock ztunnel looks again only when a policy changes. */
    @Test
    void gap_listOfAWorkloadsPoliciesThatChanges_endsWhatLivesAndIsDeniedNow() throws Exception {
        Live live = new Live(deny("WorkloadSelector"));

        live.workload("default/nobody");

        live.bothEnd();
    }
}
