package io.hbone.node.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.hbone.core.TrustDomain;
import io.hbone.core.WorkloadMetadata;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.Transport;
import io.hbone.node.config.ConfigException;
import io.hbone.node.config.DnsSettings;
import io.hbone.node.config.LocalXds;
import io.hbone.node.dns.Messages.Entry;
import io.hbone.node.dns.Messages.Reply;
import io.hbone.node.http.HttpQuery;
import io.hbone.node.mesh.Mesh;
import io.hbone.node.telemetry.MetricsPage;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A proxy on sockets, between applications' queries and a name server that does what it is told. */
@Timeout(60)
class DnsProxyTest {
    private static final Transport TRANSPORT = Transport.of(System.getProperty("hbone.transport", "epoll"));
    private static final Sockets SOCKETS = Sockets.of(TRANSPORT);
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private static final Mesh MESH = Mesh.load(
            new LocalXds.Inline("""
                workloads: [%s]
                services:
                - {name: cart, namespace: shop, hostname: cart.shop.svc.cluster.local, ports: {80: 80}, vips: ["/10.9.0.1"]}
                - {name: crowd, namespace: shop, hostname: crowd.shop.svc.cluster.local, ports: {80: 80}, vips: []}
                """.formatted(IntStream.range(0, 100)
                    .mapToObj(i -> ("{uid: w%1$d, name: w%1$d, namespace: shop, serviceAccount: a, workloadIps:"
                                    + " [10.1.0.%1$d], protocol: HBONE, services: {shop/crowd.shop.svc.cluster.local:"
                                    + " {80: 80}}}")
                            .formatted(i))
                    .collect(Collectors.joining(", ")))),
            TrustDomain.of("cluster.local"));

    @TempDir
    private Path directory;

    private final EventLoopGroup group = TRANSPORT.newEventLoopGroup(1, "dns-test");
    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final DnsMetrics metrics = new DnsMetrics(registry);
    private final List<AutoCloseable> open = new ArrayList<>();
    private FakeNameServer upstream;
    private DnsListener listener;

    @BeforeEach
    void start() throws Exception {
        upstream = new FakeNameServer((query, tcp) -> List.of(FakeNameServer.reply(query, 0)));
        listener = open(List.of(upstream.address()));
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
        upstream.close();
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }

    private DnsSettings settings(int port) throws Exception {
        Path file = directory.resolve("resolv.conf");
        Files.writeString(file, "search example.com\n");
        return new DnsSettings(List.of(new InetSocketAddress(LOOPBACK, port)), "cluster.local", "", true, file, false);
    }

    private DnsListener open(List<InetSocketAddress> servers) throws Exception {
        DnsListener opened = proxy(settings(0), servers)
                .open(client(), SOCKETS, SOCKETS)
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
        open.add(() -> opened.drain(Duration.ZERO).toCompletableFuture().get(10, TimeUnit.SECONDS));
        return opened;
    }

    private DnsProxy proxy(DnsSettings settings, List<InetSocketAddress> servers) {
        NameTable names = new NameTable(MESH::snapshot, "", settings, null, new Random(7));
        return new DnsProxy(settings, names, () -> servers, SOCKETS, group, metrics);
    }

    private static DnsClient client() {
        WorkloadMetadata metadata =
                new WorkloadMetadata("w", "shop", null, "w", "pod", "front", "v2", "Kubernetes", "", "");
        return new DnsClient("shop", () -> metadata);
    }

    private QueryService service(NameServers servers) throws Exception {
        NameTable names = new NameTable(MESH::snapshot, "", settings(0), null, new Random(1));
        return new QueryService(client(), names, servers, metrics, new Random(1));
    }

    private CompletableFuture<byte[]> ask(QueryService service, byte[] query) {
        InetSocketAddress from = new InetSocketAddress(LOOPBACK, 1);
        return CompletableFuture.supplyAsync(() -> service.reply(group.next(), query, from, false), group.next())
                .thenCompose(replied -> replied);
    }

    private byte[] udp(byte[] query) throws Exception {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.setSoTimeout(15_000);
            return udp(socket, query);
        }
    }

    private byte[] udp(DatagramSocket socket, byte[] query) throws Exception {
        socket.send(new DatagramPacket(query, query.length, listener.udpAddress()));
        DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
        socket.receive(packet);
        return Arrays.copyOf(packet.getData(), packet.getLength());
    }

    private Socket connect() throws Exception {
        Socket socket = new Socket(LOOPBACK, listener.tcpAddress().getPort());
        socket.setSoTimeout(15_000);
        return socket;
    }

    private static void send(Socket socket, byte[] query) throws Exception {
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        out.writeShort(query.length);
        out.write(query);
    }

    private static byte[] receive(Socket socket) throws Exception {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        return in.readNBytes(in.readUnsignedShort());
    }

    private byte[] tcp(byte[] query) throws Exception {
        try (Socket socket = connect()) {
            send(socket, query);
            return receive(socket);
        }
    }

    private static byte[] query(String name, int type) {
        return Messages.query(name, type);
    }

    private String metricsNow() {
        return new String(
                new MetricsPage(registry)
                        .reply(new HttpQuery("GET", "/metrics", Map.of(), EmptyHttpHeaders.INSTANCE))
                        .body(),
                StandardCharsets.UTF_8);
    }

    @Test
    void nameOfTheMesh_isAnsweredHere_byUdpAndByTcp() throws Exception {
        for (byte[] message : List.of(udp(query("cart", Messages.A)), tcp(query("cart", Messages.A)))) {
            Reply reply = Messages.read(message);
            assertThat(reply.id()).isEqualTo(4711);
            assertThat(reply.code()).isZero();
            assertThat(reply.authoritative()).isTrue();
            assertThat(reply.question()).isEqualTo("cart.");
            assertThat(reply.answers()).containsExactly(new Entry("cart.", Messages.A, 30, 1, "10.9.0.1"));
            assertThat(reply.others()).as("it does not speak EDNS").isEmpty();
        }
        assertThat(upstream.queries).isEmpty();
        assertThat(metricsNow())
                .contains("istio_dns_requests_total{request_protocol=\"udp\",request_query_type=\"A\","
                        + "source_canonical_revision=\"v2\",source_canonical_service=\"front\"} 1.0")
                .contains("request_protocol=\"tcp\"")
                .doesNotContain("istio_dns_upstream_requests_total{");
    }

    @Test
    void familyThatANameDoesNotHave_isAnEmptyAnswer_andNobodyElseIsAsked() throws Exception {
        Reply reply = Messages.read(udp(query("cart.shop", Messages.AAAA)));

        assertThat(reply.code()).isZero();
        assertThat(reply.authoritative()).isTrue();
        assertThat(reply.answers()).isEmpty();
        assertThat(upstream.queries).isEmpty();
    }

    @Test
    void nameWithASearchDomain_isAnsweredByAnAlias() throws Exception {
        Reply reply = Messages.read(udp(query("cart.shop.cluster.local", Messages.A)));

        assertThat(reply.answers())
                .containsExactly(
                        new Entry("cart.shop.cluster.local.", 5, 30, 1, "cart.shop."),
                        new Entry("cart.shop.", Messages.A, 30, 1, "10.9.0.1"));
    }

    @Test
    void moreThanAnAskerTakesByUdp_isCutAndSaid_andWholeByTcpOrWithEdns() throws Exception {
        Reply cut = Messages.read(udp(query("crowd", Messages.A)));
        assertThat(cut.truncated()).isTrue();
        assertThat(cut.addresses()).hasSizeBetween(20, 40);

        assertThat(Messages.read(tcp(query("crowd", Messages.A))).addresses()).hasSize(100);
        Reply extended = Messages.read(udp(Messages.query(1, "crowd", Messages.A, 4096)));
        assertThat(extended.truncated()).isFalse();
        assertThat(extended.addresses()).hasSize(100);
        assertThat(extended.others())
                .singleElement()
                .satisfies(opt -> assertThat(opt.type()).isEqualTo(41));
        assertThat(udp(query("crowd", Messages.A))).hasSizeLessThanOrEqualTo(512);
    }

    @Test
    void everythingElse_isPassedOnAsItCame_andSoIsTheReply() throws Exception {
        byte[] rest = {1, 2, 3, 4, 5};
        upstream.replies = (query, tcp) -> List.of(FakeNameServer.reply(query, 3, rest));
        for (int type : List.of(Messages.A, Messages.TXT)) {
            upstream.queries.clear();
            byte[] query = Messages.query(77, "Www.Example.com", type, 1232);

            byte[] reply = udp(query);

            assertThat(reply).isEqualTo(FakeNameServer.reply(query, 3, rest));
            byte[] passed = upstream.queries.get(0).clone();
            passed[0] = query[0];
            passed[1] = query[1];
            assertThat(passed).isEqualTo(query);
        }
        assertThat(metricsNow())
                .contains("istio_dns_upstream_requests_total{request_protocol=\"udp\",request_query_type=\"TXT\"")
                .contains("istio_dns_upstream_request_duration_seconds_bucket{")
                .doesNotContain("istio_dns_upstream_failures_total{");
    }

    @Test
    void othersQueriesOfTheMeshsNames_arePassedOn() throws Exception {
        Messages.read(udp(query("cart", Messages.TXT)));

        assertThat(upstream.queries).hasSize(1);
    }

    @Test
    void queryByTcp_isPassedOnByTcp_andByUdpWhereNobodyListens() throws Exception {
        List<Boolean> ways = new CopyOnWriteArrayList<>();
        upstream.replies = (query, tcp) -> {
            ways.add(tcp);
            return List.of(FakeNameServer.reply(query, 0));
        };

        assertThat(tcp(query("example.com", Messages.A))).isNotEmpty();

        assertThat(ways).containsExactly(true);
        try (DatagramSocket only = new DatagramSocket(0, LOOPBACK)) {
            listener = open(List.of((InetSocketAddress) only.getLocalSocketAddress()));
            CompletableFuture<byte[]> reply = CompletableFuture.supplyAsync(() -> {
                try {
                    return tcp(query("example.com", Messages.A));
                } catch (Exception e) {
                    throw new CompletionException(e);
                }
            });
            DatagramPacket packet = new DatagramPacket(new byte[512], 512);
            only.receive(packet);
            byte[] answer = FakeNameServer.reply(Arrays.copyOf(packet.getData(), packet.getLength()), 0);
            only.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
            assertThat(reply.get(10, TimeUnit.SECONDS)).isNotEmpty();
        }
    }

    @Test
    void ids_areNotTheAskers_andNotTheSameTwice() throws Exception {
        for (int i = 0; i < 20; i++) {
            udp(query("example.com", Messages.A));
        }

        assertThat(upstream.queries.stream()
                        .map(query -> (query[0] & 0xff) << 8 | query[1] & 0xff)
                        .distinct())
                .hasSizeGreaterThan(15);
    }

    /** Whoever guesses the port has to guess the id and the question, too. */
    @Test
    void forgedReplies_areNotTaken() throws Exception {
        upstream.replies = (query, tcp) -> {
            byte[] otherId = FakeNameServer.reply(query, 0, (byte) 6);
            otherId[0]++;
            byte[] otherName = FakeNameServer.reply(query, 0, (byte) 6);
            otherName[Query.HEAD + 1] = 'z';
            byte[] noReply = query.clone();
            return List.of(new byte[3], otherId, otherName, noReply, FakeNameServer.reply(query, 0, (byte) 7));
        };

        byte[] reply = udp(query("example.com", Messages.A));

        assertThat(reply[reply.length - 1]).isEqualTo((byte) 7);
    }

    @Test
    void serverThatIsNotThere_orCannotHelp_isFollowedByTheNext() throws Exception {
        try (FakeNameServer broken = new FakeNameServer((query, tcp) -> List.of(FakeNameServer.reply(query, 2)));
                DatagramSocket gone = new DatagramSocket(0, LOOPBACK)) {
            InetSocketAddress nobody = (InetSocketAddress) gone.getLocalSocketAddress();
            gone.close();
            listener = open(List.of(nobody, broken.address(), upstream.address()));

            assertThat(Messages.read(udp(query("example.com", Messages.A))).code())
                    .isZero();
            assertThat(broken.queries).hasSize(1);
        }
    }

    @Test
    void serverThatCannotHelp_isHeard_whenNoneCan() throws Exception {
        upstream.replies = (query, tcp) -> List.of(FakeNameServer.reply(query, 5));

        assertThat(Messages.read(udp(query("example.com", Messages.A))).code()).isEqualTo(5);
    }

    @Test
    void silence_endsWithServerFailure_andIsCounted() throws Exception {
        upstream.replies = (query, tcp) -> List.of();

        Reply reply = Messages.read(udp(query("example.com", Messages.A)));

        assertThat(reply.code()).isEqualTo(2);
        assertThat(reply.question()).isEqualTo("example.com.");
        assertThat(upstream.queries)
                .as("asked twice, in case that one was lost")
                .hasSize(2);
        assertThat(metricsNow()).contains("istio_dns_upstream_failures_total{");
    }

    @Test
    void noServer_isServerFailureAtOnce() throws Exception {
        listener = open(List.of());

        assertThat(Messages.read(udp(query("example.com", Messages.A))).code()).isEqualTo(2);
        assertThat(Messages.read(udp(query("cart", Messages.A))).addresses()).hasSize(1);
    }

    @Test
    void serversThatAreOthersNow_areAsked() throws Exception {
        try (FakeNameServer other = new FakeNameServer((query, tcp) -> List.of(FakeNameServer.reply(query, 0)))) {
            AtomicReference<List<InetSocketAddress>> now = new AtomicReference<>(List.of(upstream.address()));
            QueryService service = service(new NameServers(now::get, SOCKETS, SOCKETS));
            ask(service, query("example.com", Messages.A)).get(10, TimeUnit.SECONDS);
            assertThat(other.queries).isEmpty();

            now.set(List.of(other.address()));

            ask(service, query("example.com", Messages.A)).get(10, TimeUnit.SECONDS);
            assertThat(other.queries).hasSize(1);
            assertThat(upstream.queries).hasSize(1);
        }
    }

    /** As rules do that do not know the node's own packets. */
    @Test
    void queryThatIsLedBackToTheProxy_endsThere() throws Exception {
        NameServers servers = new NameServers(() -> List.of(upstream.address()), SOCKETS, SOCKETS);
        QueryService service = service(servers);
        // Redirected packets keep their source: the address of the socket that asks is the one that it comes from.
        upstream.replies = (query, tcp) -> {
            InetSocketAddress asking = servers.asking().iterator().next();
            return List.of(service.reply(group.next(), query, asking, false)
                    .toCompletableFuture()
                    .join());
        };

        byte[] reply = ask(service, query("example.com", Messages.A)).get(10, TimeUnit.SECONDS);

        assertThat(Messages.read(reply).code()).isEqualTo(2);
        assertThat(upstream.queries).as("nothing went round").hasSize(2);
    }

    @Test
    void whatIsNoQuestion_isRefusedOrNotHeard_andTheNextQueryIsServed() throws Exception {
        byte[] update = query("cart", Messages.A);
        update[2] = 5 << 3;
        assertThat(udp(update)[3] & 0xf).as("NOTIMP").isEqualTo(4);
        byte[] garbage = Arrays.copyOf(query("cart", Messages.A), 15);
        assertThat(udp(garbage)[3] & 0xf).as("FORMERR").isEqualTo(1);
        byte[] reply = query("cart", Messages.A);
        reply[2] |= (byte) 0x80;
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.setSoTimeout(300);
            for (byte[] unheard : List.of(reply, new byte[0], new byte[11])) {
                assertThatThrownBy(() -> udp(socket, unheard)).isInstanceOf(SocketTimeoutException.class);
            }
        }
        assertThat(Messages.read(udp(query("cart", Messages.A))).addresses()).hasSize(1);
    }

    @Test
    void manyQueriesOnOneConnection_areAllAnswered_alsoAfterItsEnd() throws Exception {
        try (Socket socket = connect()) {
            for (int i = 0; i < 200; i++) {
                send(socket, Messages.query(i, i % 2 == 0 ? "cart" : "example.com", Messages.A, 0));
            }
            socket.shutdownOutput();

            assertThat(IntStream.range(0, 200)
                            .mapToObj(i -> {
                                try {
                                    return Messages.read(receive(socket)).id();
                                } catch (Exception e) {
                                    throw new AssertionError(e);
                                }
                            })
                            .distinct())
                    .hasSize(200);
            assertThat(socket.getInputStream().read()).as("then it is closed").isNegative();
        }
    }

    /** More than the sockets that one workload may have at name servers. */
    @Test
    void flood_hurtsItselfAlone() throws Exception {
        upstream.replies = (query, tcp) -> List.of();
        QueryService service = service(new NameServers(() -> List.of(upstream.address()), SOCKETS, SOCKETS));
        List<CompletableFuture<byte[]>> waiting = new ArrayList<>();
        for (int i = 0; i < QueryService.MAX_FORWARDED; i++) {
            waiting.add(ask(service, query("example.com", Messages.A)));
        }

        byte[] one = ask(service, query("example.com", Messages.A)).get(10, TimeUnit.SECONDS);
        byte[] known = ask(service, query("cart", Messages.A)).get(10, TimeUnit.SECONDS);

        assertThat(Messages.read(one).code()).isEqualTo(2);
        assertThat(Messages.read(known).addresses()).hasSize(1);
        assertThat(waiting).noneMatch(CompletableFuture::isDone);
        assertThat(service.active()).isEqualTo(QueryService.MAX_FORWARDED);
        for (CompletableFuture<byte[]> reply : waiting) {
            assertThat(Messages.read(reply.get(20, TimeUnit.SECONDS)).code()).isEqualTo(2);
        }
        assertThat(service.active()).isZero();
    }

    @Test
    void drain_repliesToWhatWasAsked_andTakesNothingMore() throws Exception {
        CompletableFuture<Void> go = new CompletableFuture<>();
        upstream.replies = (query, tcp) -> {
            go.join();
            return List.of(FakeNameServer.reply(query, 0));
        };
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.setSoTimeout(10_000);
            CompletableFuture<byte[]> reply = CompletableFuture.supplyAsync(() -> {
                try {
                    return udp(socket, query("example.com", Messages.A));
                } catch (Exception e) {
                    throw new CompletionException(e);
                }
            });
            await().until(() -> !upstream.queries.isEmpty());

            CompletableFuture<Void> drained =
                    listener.drain(Duration.ofSeconds(30)).toCompletableFuture();
            go.complete(null);

            assertThat(Messages.read(reply.get(10, TimeUnit.SECONDS)).code()).isZero();
            drained.get(10, TimeUnit.SECONDS);
        }
        await().untilAsserted(() -> assertThatThrownBy(this::connect).isInstanceOf(ConnectException.class));
    }

    @Test
    void portThatIsTaken_isSaidWithWhatMovesIt_andNothingIsLeftOpen() throws Exception {
        int port = listener.tcpAddress().getPort();

        assertThatThrownBy(() -> proxy(settings(port), List.of())
                        .open(client(), SOCKETS, SOCKETS)
                        .toCompletableFuture()
                        .get(10, TimeUnit.SECONDS))
                .cause()
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("TCP port 127.0.0.1:" + port + " for dns: ")
                .hasMessageContaining("ISTIO_META_DNS_PROXY_ADDR moves this one");
        try (DatagramSocket free = new DatagramSocket(port, LOOPBACK)) {
            assertThat(free.isBound()).isTrue();
        }
    }
}
