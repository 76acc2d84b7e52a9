package io.hbone.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.core.ConnectionObserver;
import io.hbone.core.SpiffeId;
import io.hbone.core.TunnelException;
import io.hbone.netty.socket.OriginalDestination;
import io.hbone.node.config.ConfigException;
import io.hbone.node.config.ProxyConfig;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whole nodes in one process, each on an address of its own, and real connections through them. */
@Timeout(60)
class NodeTest {

    private static final String CLIENT = "127.0.1.1";
    private static final String SERVER = "127.0.1.2";
    private static final String PLAIN = "127.0.1.3";
    private static final SpiffeId CLIENT_ID = SpiffeId.parse("spiffe://cluster.local/ns/default/sa/client");
    private static final SpiffeId SERVER_ID = SpiffeId.parse("spiffe://cluster.local/ns/default/sa/server");

    @TempDir
    private Path directory;

    private final List<Node> nodes = new ArrayList<>();
    private final List<ServerSocket> applications = new ArrayList<>();
    private final Recorder seen = new Recorder();
    private int serverTunnelPort = 15008;

    @BeforeEach
    void quiet() {
        assertThat(System.getProperty("java.net.preferIPv4Stack")).isNull();
    }

    @AfterEach
    void stop() throws IOException {
        for (ServerSocket application : applications) {
            application.close();
        }
        nodes.forEach(Node::drain);
    }

    /** Notes what every node of the test reports. */
    private static final class Recorder implements ConnectionObserver {
        private final List<ConnectionDetails> opened = new CopyOnWriteArrayList<>();
        private final List<TunnelException> failures = new CopyOnWriteArrayList<>();
        private final List<TunnelException> denials = new CopyOnWriteArrayList<>();
        private final AtomicInteger closed = new AtomicInteger();

        @Override
        public void denied(
                Direction direction, InetSocketAddress source, InetSocketAddress destination, TunnelException why) {
            denials.add(why);
        }

        @Override
        public Connection opened(ConnectionDetails details) {
            opened.add(details);
            return new Connection() {
                @Override
                public void closed(@Nullable TunnelException why) {
                    if (why != null) {
                        failures.add(why);
                    }
                    closed.incrementAndGet();
                }
            };
        }

        /** Why an answer is missing: a client that is refused may see no more than an end. */
        String complaints() {
            return "denied: " + denials + ", failed: " + failures;
        }

        ConnectionDetails of(Direction direction) {
            return opened.stream()
                    .filter(details -> details.direction() == direction)
                    .findFirst()
                    .orElseThrow();
        }
    }

    private String mesh() {
        return """
                workloads:
                - {uid: c, name: client, namespace: default, serviceAccount: client, protocol: HBONE,
                   workloadIps: [%s], services: {}}
                - {uid: s, name: server, namespace: default, serviceAccount: server, protocol: HBONE,
                   workloadIps: [%s], tunnelPort: %d, services: {}}
                - {uid: p, name: plain, namespace: default, protocol: TCP, workloadIps: [%s], services: {}}
                """.formatted(CLIENT, SERVER, serverTunnelPort, PLAIN);
    }

    private Map<String, String> environment(String name, String address) {
        Map<String, String> variables = new HashMap<>();
        variables.put("PROXY_MODE", "dedicated");
        variables.put("PROXY_WORKLOAD_INFO", "default/" + name + "/" + name);
        variables.put("XDS_ADDRESS", "");
        variables.put("LOCAL_XDS", mesh());
        variables.put("HBONE_DEV_CA_DIR", directory.resolve("ca").toString());
        variables.put("HBONE_TRANSPORT", System.getProperty("hbone.transport", "epoll"));
        variables.put("HBONE_BIND_ADDRESS", address);
        variables.put("CONNECTION_TERMINATION_DEADLINE", "1s");
        for (String port : new String[] {"OUTBOUND", "INBOUND", "PLAINTEXT", "DNS", "READINESS", "ADMIN", "METRICS"}) {
            variables.put("HBONE_" + port + "_PORT", "0");
        }
        return variables;
    }

    private Node start(Map<String, String> variables, OriginalDestination destination) {
        Node node = Node.builder(ProxyConfig.of(variables))
                .originalDestination(destination)
                .observer(seen)
                .start();
        nodes.add(node);
        return node;
    }

    /** Two nodes; what the first one's workload opens goes to {@code destination}. */
    private Node[] pair(InetSocketAddress destination) {
        Node server = start(environment("server", SERVER), OriginalDestination.fixed(destination));
        serverTunnelPort = server.inboundAddress().getPort();
        Node client = start(environment("client", CLIENT), OriginalDestination.fixed(destination));
        return new Node[] {client, server};
    }

    /** Sends everything back, in upper case, and ends when the client does. */
    private InetSocketAddress application(String address) throws IOException {
        ServerSocket listener = new ServerSocket(0, 50, InetAddress.getByName(address));
        applications.add(listener);
        Thread accepting = new Thread(() -> {
            while (true) {
                try {
                    Socket socket = listener.accept();
                    new Thread(() -> echo(socket)).start();
                } catch (IOException e) {
                    return;
                }
            }
        });
        accepting.setDaemon(true);
        accepting.start();
        return new InetSocketAddress(address, listener.getLocalPort());
    }

    private static void echo(Socket socket) {
        try (socket) {
            byte[] buffer = new byte[8192];
            for (int read = socket.getInputStream().read(buffer); read >= 0; ) {
                String text = new String(buffer, 0, read, StandardCharsets.US_ASCII);
                socket.getOutputStream()
                        .write(text.toUpperCase(java.util.Locale.ROOT).getBytes(StandardCharsets.US_ASCII));
                read = socket.getInputStream().read(buffer);
            }
        } catch (IOException e) {
            // The client went away: that is its right.
        }
    }

    private static String talk(InetSocketAddress to, String text) throws IOException {
        try (Socket socket = new Socket(to.getAddress(), to.getPort())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
            socket.shutdownOutput();
            InputStream in = socket.getInputStream();
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    private static String get(InetSocketAddress at, String path) throws Exception {
        URI uri = URI.create("http://" + at.getAddress().getHostAddress() + ":" + at.getPort() + path);
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
                .body();
    }

    @Test
    void enrolledToEnrolled_goesThroughATunnelWithBothIdentities() throws Exception {
        InetSocketAddress application = application(SERVER);
        Node[] pair = pair(application);

        assertThat(talk(pair[0].outboundAddress(), "hello"))
                .as(seen::complaints)
                .isEqualTo("HELLO");

        Awaitility.await().until(() -> seen.closed.get() == 2);
        assertThat(seen.failures).isEmpty();
        ConnectionObserver.ConnectionDetails outbound = seen.of(ConnectionObserver.Direction.OUTBOUND);
        assertThat(outbound.mutualTls()).isTrue();
        assertThat(outbound.sourceWorkload().identity()).isEqualTo(CLIENT_ID);
        assertThat(outbound.destinationWorkload().identity()).isEqualTo(SERVER_ID);
        assertThat(outbound.hboneTarget()).hasToString(SERVER + ":" + application.getPort());
        ConnectionObserver.ConnectionDetails inbound = seen.of(ConnectionObserver.Direction.INBOUND);
        assertThat(inbound.mutualTls()).isTrue();
        assertThat(inbound.sourceWorkload().identity()).isEqualTo(CLIENT_ID);
        assertThat(inbound.destinationWorkload().identity()).isEqualTo(SERVER_ID);
        assertThat(get(pair[0].metricsAddress(), "/metrics"))
                .contains("istio_tcp_received_bytes_total{")
                .contains("connection_security_policy=\"mutual_tls\"")
                .contains("hbone_tunnels_open{reporter=\"source\"} 1.0");
        assertThat(get(pair[1].metricsAddress(), "/stats/prometheus")).contains("reporter=\"destination\"");
    }

    @Test
    void enrolledToNotEnrolled_goesPlain() throws Exception {
        InetSocketAddress application = application(PLAIN);
        Node client = start(environment("client", CLIENT), OriginalDestination.fixed(application));

        assertThat(talk(client.outboundAddress(), "hello")).as(seen::complaints).isEqualTo("HELLO");

        ConnectionObserver.ConnectionDetails outbound = seen.of(ConnectionObserver.Direction.OUTBOUND);
        assertThat(outbound.mutualTls()).isFalse();
        assertThat(outbound.destinationWorkload().name()).isEqualTo("plain");
        assertThat(outbound.destinationWorkload().identity()).isNull();
    }

    @Test
    void notEnrolledToEnrolled_arrivesAsPlaintext() throws Exception {
        InetSocketAddress application = application(SERVER);
        Node server = start(environment("server", SERVER), OriginalDestination.fixed(application));

        assertThat(talk(server.plaintextAddress(), "hello"))
                .as(seen::complaints)
                .isEqualTo("HELLO");

        ConnectionObserver.ConnectionDetails inbound = seen.of(ConnectionObserver.Direction.INBOUND);
        assertThat(inbound.mutualTls()).isFalse();
        assertThat(inbound.sourceWorkload().identity()).isNull();
    }

    @Test
    void connectionToTheNodeItself_isDenied() throws Exception {
        Node client = start(environment("client", CLIENT), OriginalDestination.KERNEL);

        assertThat(talkOrReset(client.outboundAddress())).isEmpty();
        assertThat(talkOrReset(client.plaintextAddress())).isEmpty();

        assertThat(seen.opened).isEmpty();
        assertThat(get(client.metricsAddress(), "/metrics"))
                .contains("hbone_connections_denied_total{reporter=\"source\",response_flags=\"CONNECT\"} 1.0")
                .contains("hbone_connections_denied_total{reporter=\"destination\",response_flags=\"CONNECT\"} 1.0");
    }

    private static String talkOrReset(InetSocketAddress to) {
        try {
            return talk(to, "hello");
        } catch (IOException e) {
            return "";
        }
    }

    @Test
    void pages_areServed() throws Exception {
        Node client = start(environment("client", CLIENT), OriginalDestination.KERNEL);

        assertThat(client.adminAddress().getAddress().getHostAddress()).isEqualTo(CLIENT);
        assertThat(get(client.readinessAddress(), "/healthz/ready")).isEqualTo("ready\n");
        assertThat(get(client.metricsAddress(), "/metrics")).contains("istio_build{component=\"ztunnel\"");
        Awaitility.await()
                .untilAsserted(() -> assertThat(get(client.adminAddress(), "/config_dump"))
                        .contains("\"state\": \"Available\"")
                        .contains("\"identity\": \"" + CLIENT_ID + "\""));
    }

    @Test
    void drain_closesEverythingAndMayBeRepeated() throws Exception {
        InetSocketAddress application = application(SERVER);
        Node[] pair = pair(application);
        assertThat(talk(pair[0].outboundAddress(), "hello"))
                .as(seen::complaints)
                .isEqualTo("HELLO");

        pair[0].drain();
        pair[0].drain();

        for (InetSocketAddress address : List.of(
                pair[0].outboundAddress(),
                pair[0].inboundAddress(),
                pair[0].plaintextAddress(),
                pair[0].readinessAddress(),
                pair[0].adminAddress(),
                pair[0].metricsAddress())) {
            assertThatThrownBy(() -> new Socket(address.getAddress(), address.getPort()).close())
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void drain_connectionThatGoesOn_isCutOffAtTheDeadline() throws Exception {
        InetSocketAddress application = application(PLAIN);
        Node client = start(environment("client", CLIENT), OriginalDestination.fixed(application));
        try (Socket socket = new Socket(CLIENT, client.outboundAddress().getPort())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write('a');
            assertThat(socket.getInputStream().read()).isEqualTo('A');
            CompletableFuture<Void> drained =
                    CompletableFuture.runAsync(client::drain, task -> new Thread(task).start());

            // It still works while the node drains.
            socket.getOutputStream().write('b');
            assertThat(socket.getInputStream().read()).isEqualTo('B');
            drained.join();

            assertThat(endOf(socket)).isTrue();
        }
        assertThat(seen.failures)
                .singleElement()
                .satisfies(why -> assertThat(why).hasMessageContaining("connection drain"));
    }

    private static boolean endOf(Socket socket) {
        try {
            return socket.getInputStream().read() < 0;
        } catch (IOException e) {
            return true;
        }
    }

    @Test
    void start_portThatIsTaken_saysWhichAndHowToMoveIt() {
        Node first = start(environment("client", CLIENT), OriginalDestination.KERNEL);
        Map<String, Integer> ports = Map.of(
                "HBONE_OUTBOUND_PORT", first.outboundAddress().getPort(),
                "HBONE_INBOUND_PORT", first.inboundAddress().getPort(),
                "HBONE_PLAINTEXT_PORT", first.plaintextAddress().getPort(),
                "HBONE_READINESS_PORT", first.readinessAddress().getPort(),
                "HBONE_ADMIN_PORT", first.adminAddress().getPort(),
                "HBONE_METRICS_PORT", first.metricsAddress().getPort());
        ports.forEach((variable, port) -> {
            Map<String, String> variables = environment("client", CLIENT);
            variables.put(variable, port.toString());

            assertThatThrownBy(() -> start(variables, OriginalDestination.KERNEL))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageStartingWith("port " + CLIENT + ":" + port + " for ")
                    .hasMessageContaining("in use")
                    .hasMessageEndingWith("; another program has it, " + variable + " moves this one");
        });
    }

    @Test
    void start_workloadThatTheFileDoesNotHave_saysSo() {
        Map<String, String> variables = environment("stranger", CLIENT);

        assertThatThrownBy(() -> start(variables, OriginalDestination.KERNEL))
                .isInstanceOf(ConfigException.class)
                .hasMessage("PROXY_WORKLOAD_INFO: \"default/stranger/stranger\" (expected: a workload of LOCAL_XDS)");
    }

    @Test
    void start_pemFilesThatAreNotThere_saysWhich() {
        Map<String, String> variables = environment("client", CLIENT);
        variables.remove("HBONE_DEV_CA_DIR");
        variables.put("HBONE_CERT_CHAIN", directory.resolve("chain").toString());
        variables.put("HBONE_KEY", directory.resolve("key").toString());
        variables.put("HBONE_ROOT_CERTS", directory.resolve("roots").toString());

        assertThatThrownBy(() -> start(variables, OriginalDestination.KERNEL))
                .isInstanceOf(ConfigException.class)
                .hasMessage("HBONE_CERT_CHAIN, HBONE_KEY, HBONE_ROOT_CERTS: " + directory.resolve("chain")
                        + ": no such file");
    }

    @Test
    void quit_isPassedOn() throws Exception {
        CompletableFuture<String> quit = new CompletableFuture<>();
        Node node = Node.builder(ProxyConfig.of(environment("client", CLIENT)))
                .onQuit(() -> quit.complete("asked"))
                .start();
        nodes.add(node);
        URI uri = URI.create("http://" + CLIENT + ":" + node.adminAddress().getPort() + "/quitquitquit");

        HttpClient.newBuilder()
                .connectTimeout(Duration.ofSeconds(10))
                .build()
                .send(
                        HttpRequest.newBuilder(uri)
                                .POST(HttpRequest.BodyPublishers.noBody())
                                .build(),
                        BodyHandlers.ofString());

        assertThat(quit).isCompletedWithValue("asked");
    }
}
