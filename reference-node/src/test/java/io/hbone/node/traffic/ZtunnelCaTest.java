package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.TrustDomain;
import io.hbone.identity.ca.CertificateAuthority;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Stock ztunnel beside the client and a node of ours beside the server, both with certificates from {@code hbone ca}. */
@InPods
@Tag("peer")
@SuppressWarnings("try") // servers are there to be talked to through the network
class ZtunnelCaTest {
    private static final TrustDomain TRUST_DOMAIN = TrustDomain.of("cluster.local");
    private static final String TOKEN = "token-of-the-clients-node";
    private static final String OUR_TOKEN = "token-of-the-servers-node";

    private static Mesh mesh;
    private static NodeProcess ours;
    private static Program ca;
    private static Program ourCa;

    @BeforeAll
    static void open() throws Exception {
        Path ztunnel = Ztunnel.program();
        mesh = Mesh.withoutNodes("ztunnel-ca", Map.of());
        Path folder = mesh.pods().directory();
        Files.writeString(
                Files.createFile(
                        folder.resolve("tokens"),
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))),
                TOKEN + " ztunnel-of-the-client " + Mesh.CLIENT_ID + "\n" + OUR_TOKEN + " node-of-the-server "
                        + Mesh.SERVER_ID + "\n");
        // One key, and a server of it in each pod: neither can reach the other's loopback.
        ca = startCa(mesh.client(), folder);
        ourCa = startCa(mesh.server(), folder);

        Map<String, String> variables = new HashMap<>(mesh.environment(mesh.client()));
        variables.putAll(fromTheCa(folder, "ztunnel-token", TOKEN));
        NodeProcess stock = NodeProcess.of(mesh.client(), mesh.client().start(variables, List.of(ztunnel.toString())));
        ours = mesh.startNode(mesh.server(), fromTheCa(folder, "our-token", OUR_TOKEN));
        stock.awaitReady();
        ours.awaitReady();
        mesh.redirect(mesh.client());
        mesh.redirect(mesh.server());
    }

    static Program startCa(Pod pod, Path folder) {
        return startCa(pod, folder, "127.0.0.1", 15012);
    }

    static Program startCa(Pod pod, Path folder, String address, int port) {
        return NodeProcess.hbone(
                        pod,
                        Map.of(),
                        List.of(
                                "ca",
                                "--dir",
                                folder.resolve("ca").toString(),
                                "--tokens",
                                folder.resolve("tokens").toString(),
                                "--listen",
                                address + ":" + port,
                                "--max-ttl",
                                "PT1H"))
                .until("serves certificates of cluster.local on port " + port, Duration.ofSeconds(60));
    }

    static Map<String, String> fromTheCa(Path folder, String file, String token) throws IOException {
        return Map.of(
                "CA_ADDRESS",
                "https://localhost:15012",
                "CA_ROOT_CA",
                CertificateAuthority.rootFile(folder.resolve("ca"), TRUST_DOMAIN)
                        .toString(),
                "AUTH_TOKEN",
                Files.writeString(folder.resolve(file), token).toString());
    }

    @AfterAll
    static void close() {
        if (mesh != null) {
            mesh.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"client", "server"})
    void traffic_betweenZtunnelWithACertificateOfOurs_andOurNode_flows(String from) {
        Pod here = from.equals("client") ? mesh.client() : mesh.server();
        Pod there = from.equals("client") ? mesh.server() : mesh.client();
        int port = mesh.freePort();
        try (Program echo = there.app("echo", port)) {
            assertThat(here.client("neighbours", there.v4(), port, 4, 1 << 20)
                            .finish(Pod.PATIENCE)
                            .words())
                    .containsExactly("4");
        }
        AccessLine line = ours.awaitConnectionTo(port);
        boolean inbound = from.equals("client");
        assertThat(line.get("src.identity")).isEqualTo(inbound ? Mesh.CLIENT_ID : Mesh.SERVER_ID);
        assertThat(line.get("dst.identity")).isEqualTo(inbound ? Mesh.SERVER_ID : Mesh.CLIENT_ID);
        assertIssued(ca, Mesh.CLIENT_ID, "ztunnel-of-the-client");
        assertIssued(ourCa, Mesh.SERVER_ID, "node-of-the-server");
    }

    private static void assertIssued(Program ca, String id, String caller) {
        Matcher issued = Pattern.compile("certificate issued: id=" + id
                        + " serial=[0-9a-f]+ not_after=\\S+ key=EC caller=" + caller + " impersonated=false")
                .matcher(ca.out());
        assertThat(issued.find()).as(ca.out()).isTrue();
    }
}
