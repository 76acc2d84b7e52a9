package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.identity.ca.CertificateAuthority;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
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

/** Stock ztunnel beside the client gets its certificate from {@code hbone ca}, and talks with a node of ours in both directions. */
@InPods
@Tag("peer")
@SuppressWarnings("try") // servers are there to be talked to through the network
class ZtunnelCaTest {
    private static final TrustDomain TRUST_DOMAIN = TrustDomain.of("cluster.local");
    private static final String TOKEN = "token-of-the-clients-node";

    private static Mesh mesh;
    private static NodeProcess ours;
    private static Program ca;

    @BeforeAll
    static void open() throws Exception {
        Path ztunnel = ZtunnelPeerTest.ztunnel();
        assumeTrue(ztunnel != null, "missing: ztunnel (expected: ZTUNNEL_BIN, or ztunnel on PATH)");
        mesh = Mesh.withoutNodes("ztunnel-ca", Map.of());
        Path folder = mesh.pods().directory();
        Path keys = folder.resolve("ca");
        CertificateAuthority authority = CertificateAuthority.open(keys, TRUST_DOMAIN, Clock.systemUTC());
        Path tokens = Files.createFile(
                folder.resolve("tokens"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(tokens, TOKEN + " ztunnel-of-the-client " + Mesh.CLIENT_ID + "\n");
        ca = NodeProcess.hbone(
                        mesh.client(),
                        Map.of(),
                        List.of(
                                "ca",
                                "--dir",
                                keys.toString(),
                                "--tokens",
                                tokens.toString(),
                                "--listen",
                                "127.0.0.1:15012",
                                "--max-ttl",
                                "PT1H"))
                .until("serves certificates of cluster.local on port 15012", Duration.ofSeconds(30));

        Map<String, String> variables = new HashMap<>(mesh.environment(mesh.client()));
        variables.put("CA_ADDRESS", "https://localhost:15012");
        variables.put(
                "CA_ROOT_CA", CertificateAuthority.rootFile(keys, TRUST_DOMAIN).toString());
        variables.put(
                "AUTH_TOKEN",
                Files.writeString(folder.resolve("istio-token"), TOKEN).toString());
        NodeProcess stock = NodeProcess.of(mesh.client(), mesh.client().start(variables, List.of(ztunnel.toString())));
        ours = mesh.startNode(mesh.server(), pem(authority, folder));
        stock.awaitReady();
        ours.awaitReady();
        mesh.redirect(mesh.client());
        mesh.redirect(mesh.server());
    }

    /** A certificate of the same CA for our node. */
    private static Map<String, String> pem(CertificateAuthority authority, Path folder) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        KeyPair key = generator.generateKeyPair();
        byte[] leaf = authority
                .issue(SpiffeId.parse(Mesh.SERVER_ID), key.getPublic(), Duration.ofHours(1))
                .getEncoded();
        return Map.of(
                "HBONE_CERT_CHAIN", write(folder.resolve("node.pem"), "CERTIFICATE", leaf),
                "HBONE_KEY",
                        write(
                                folder.resolve("node.key"),
                                "PRIVATE KEY",
                                key.getPrivate().getEncoded()),
                "HBONE_ROOT_CERTS",
                        CertificateAuthority.rootFile(folder.resolve("ca"), TRUST_DOMAIN)
                                .toString());
    }

    private static String write(Path file, String label, byte[] content) throws Exception {
        String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        Files.writeString(file, "-----BEGIN " + label + "-----\n" + base64 + "\n-----END " + label + "-----\n");
        return file.toString();
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
        Matcher issued = Pattern.compile("certificate issued: id=" + Mesh.CLIENT_ID
                        + " serial=[0-9a-f]+ not_after=\\S+ key=EC caller=ztunnel-of-the-client impersonated=false")
                .matcher(ca.out());
        assertThat(issued.find()).as(ca.out()).isTrue();
    }
}
