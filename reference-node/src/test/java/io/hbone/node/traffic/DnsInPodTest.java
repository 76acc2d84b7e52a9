package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.hbone.enrollment.rules.Convention;
import io.hbone.enrollment.rules.RedirectSettings;
import io.hbone.enrollment.rules.Redirection;
import io.hbone.node.Node;
import io.hbone.node.dns.FakeNameServer;
import io.hbone.zds.NetworkNamespace;
import java.io.IOException;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The resolver of the C library in a pod whose rules capture DNS: what it asks a name server is answered by the node, or by the name
 * server that the node asks on the pod's behalf.
 */
@InPods
@Timeout(120)
class DnsInPodTest {
    private static final String SERVICE = "10.81.9.1";
    private static final String OUTSIDE = "192.0.2.7";
    private static final String NAMES = "10.81.0.53";
    private static final String NAMES6 = "fd00:81::53";

    private InPodMesh mesh;
    private Pod client;
    private Pod other;
    private FakeNameServer names;
    private Node node;

    /** Where {@code ip netns exec} finds what programs in the pod are to see as /etc/resolv.conf. */
    private Path resolvers;

    @BeforeEach
    void open() throws Exception {
        mesh = new InPodMesh("dns");
        client = mesh.pods().pod("client", "10.81.0.1", "fd00:81::1");
        other = mesh.pods().pod("other", "10.81.0.2");
        Pod server = mesh.pods().pod("names", NAMES, NAMES6);
        names = InPodMesh.in(
                server, () -> new FakeNameServer(new InetSocketAddress("::", 53), (query, tcp) -> reply(query)));
        resolvers = Path.of("/etc/netns", client.namespace());
        Files.createDirectories(resolvers);
        Path file = mesh.pods().directory().resolve("names.yaml");
        Files.writeString(file, """
            workloads:
            - {uid: c, name: client, namespace: shop, serviceAccount: buyer, protocol: HBONE, workloadIps: ["10.81.0.1"],
               services: {}, canonicalName: front, canonicalRevision: v3}
            - {uid: s, name: server, namespace: shop, serviceAccount: seller, protocol: HBONE, workloadIps: ["10.81.0.2"],
               services: {shop/cart.shop.svc.cluster.local: {80: 8080}}}
            services:
            - {name: cart, namespace: shop, hostname: cart.shop.svc.cluster.local, ports: {80: 8080},
               vips: ["/10.81.9.1", "/fd00:81::9:1"]}
            """);
        Path nodes = mesh.pods().directory().resolve("resolv.conf");
        Files.writeString(nodes, "nameserver " + NAMES + "\n");
        node = mesh.node(Map.of("LOCAL_XDS_PATH", file.toString(), "HBONE_RESOLV_CONF", nodes.toString()));
        mesh.agent().seeded();
        mesh.enroll("c", "client", "buyer", client);
        mesh.enroll("s", "server", "seller", other);
    }

    @AfterEach
    void close() throws Exception {
        names.close();
        mesh.close();
        try (Stream<Path> all = Files.walk(resolvers)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    private static List<byte[]> reply(byte[] query) {
        boolean outside = new String(query, StandardCharsets.ISO_8859_1).contains("outside");
        boolean ipv4 = query[query.length - 3] == 1;
        try {
            return List.of(
                    outside && ipv4
                            ? FakeNameServer.answer(query, InetAddress.getByName(OUTSIDE))
                            : FakeNameServer.reply(query, outside ? 0 : 3));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void capture(Convention convention) throws Exception {
        RedirectSettings settings =
                RedirectSettings.builder(convention).captureDns(true).build();
        try (NetworkNamespace namespace = NetworkNamespace.named(client.namespace())) {
            Redirection.of(settings).install(namespace);
        }
    }

    private void resolver(String server, String options) throws Exception {
        Files.writeString(
                resolvers.resolve("resolv.conf"),
                "nameserver " + server
                        + "\nsearch shop.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5 " + options
                        + "\n");
    }

    /** What the C library says: the addresses, none for a name that there is not. */
    private List<String> resolve(String database, String name) {
        Program.Output output = client.run("getent", database, name);
        return output.out()
                .lines()
                .map(line -> line.split("\\s+")[0])
                .distinct()
                .toList();
    }

    @ParameterizedTest
    @EnumSource(Convention.class)
    void podsResolver_isAnsweredByTheMesh_andForTheRestByTheNameServer(Convention convention) throws Exception {
        capture(convention);
        for (String options : List.of("", "use-vc")) {
            for (String server : List.of(NAMES, NAMES6)) {
                resolver(server, options);

                assertThat(resolve("ahostsv4", "cart.shop.svc.cluster.local")).containsExactly(SERVICE);
                assertThat(resolve("ahostsv4", "cart")).containsExactly(SERVICE);
                assertThat(resolve("ahostsv6", "cart.shop")).containsExactly("fd00:81::9:1");
                assertThat(resolve("ahostsv4", "outside.example.")).containsExactly(OUTSIDE);
                assertThat(resolve("ahostsv4", "nobody.example.")).isEmpty();
            }
        }

        assertThat(names.queries).noneMatch(query -> new String(query, StandardCharsets.ISO_8859_1).contains("cart"));
        assertThat(names.clients)
                .as("from the pod's own network")
                .isNotEmpty()
                .allMatch(from -> from.getHostAddress().endsWith("10.81.0.1"));
        assertThat(InPodMesh.get(node.metricsAddress(), "/metrics").body())
                .contains("istio_dns_requests_total{request_protocol=\"tcp\",request_query_type=\"AAAA\","
                        + "source_canonical_revision=\"v3\",source_canonical_service=\"front\"}")
                .contains("istio_dns_upstream_requests_total{request_protocol=\"udp\",request_query_type=\"A\"");
    }

    @Test
    void names_areForTheirPodAlone() throws Exception {
        byte[] query = new byte[12];
        try (DatagramSocket socket = InPodMesh.in(other, () -> new DatagramSocket())) {
            socket.setSoTimeout(5_000);
            socket.connect(InetAddress.getByName(client.v4()), 15053);
            socket.send(new DatagramPacket(query, query.length));
            assertThatThrownBy(() -> socket.receive(new DatagramPacket(new byte[512], 512)))
                    .isInstanceOf(PortUnreachableException.class);
        }
        assertThatThrownBy(() -> InPodMesh.connect(other, client.v4(), 15053)).isInstanceOf(ConnectException.class);
        InPodMesh.connect(client, "127.0.0.1", 15053).close();
        InPodMesh.connect(client, "::1", 15053).close();
    }

    @Test
    void podThatLeaves_isNotServedNames_andTheOtherIs() throws Exception {
        mesh.withdraw("c");

        assertThatThrownBy(() -> InPodMesh.connect(client, "127.0.0.1", 15053)).isInstanceOf(ConnectException.class);
        InPodMesh.connect(other, "127.0.0.1", 15053).close();
    }

    /** Both listen at once, as in an upgrade. */
    @Test
    void secondNode_sharesThePorts() throws Exception {
        capture(Convention.ISTIO);
        resolver(NAMES, "");
        Node second = mesh.node(Map.of(
                "LOCAL_XDS_PATH", mesh.pods().directory().resolve("names.yaml").toString(),
                "HBONE_RESOLV_CONF",
                        mesh.pods().directory().resolve("resolv.conf").toString()));
        await().atMost(Pod.PATIENCE)
                .until(() -> InPodMesh.get(second.readinessAddress(), "/healthz/ready")
                                .statusCode()
                        == 200);

        node.drain();

        assertThat(resolve("ahostsv4", "cart")).containsExactly(SERVICE);
        assertThat(resolve("ahostsv4", "outside.example.")).containsExactly(OUTSIDE);
    }
}
