package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Stock ztunnel beside the client, ours beside the server, and applications in both pods that talk to the other one: so each
 * node is once at either end of a tunnel.
 *
 * <p>With {@code FAKE_CA} ztunnel signs its own certificates, by a public test CA that is compiled into it. The test takes that CA
 * from the program itself and lets our node be known by a certificate of it.
 */
@InPods
@Tag("peer")
@SuppressWarnings("try") // servers are there to be talked to through the network
class ZtunnelPeerTest {
    private static final Pattern PEM =
            Pattern.compile("-----BEGIN (CERTIFICATE|PRIVATE KEY)-----[A-Za-z0-9+/=\\s]+-----END \\1-----");

    private static final String ISSUE = """
            umask 077; cd $0
            # which of the keys is the root's
            for k in key-*.pem; do
              [ "$(openssl pkey -in $k -pubout)" = "$(openssl x509 -in root.pem -noout -pubkey)" ] && ca=$k
            done
            openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj / -keyout node.key -out node.csr 2>/dev/null
            printf 'subjectAltName=critical,URI:%s\\nextendedKeyUsage=serverAuth,clientAuth\\nkeyUsage=critical,digitalSignature\\n' $1 > ext
            openssl x509 -req -in node.csr -CA root.pem -CAkey $ca -days 1 -extfile ext -out node.pem
            rm key-*.pem
            """;

    private static Mesh mesh;
    private static NodeProcess ours;

    @BeforeAll
    static void open() throws IOException {
        Path ztunnel = Ztunnel.program();
        Map<String, String> authority = authority(ztunnel);
        assumeTrue(
                !authority.isEmpty(), "a ztunnel without a test CA (expected: one built with its feature 'testing')");
        mesh = Mesh.withoutNodes("ztunnel", Map.of());
        Path directory = Files.createDirectory(mesh.pods().directory().resolve("ztunnel-ca"));
        for (Map.Entry<String, String> file : authority.entrySet()) {
            Files.writeString(directory.resolve(file.getKey()), file.getValue());
        }
        mesh.server().bash(ISSUE, directory, Mesh.SERVER_ID).success();
        ours = mesh.startNode(
                mesh.server(),
                Map.of(
                        "HBONE_CERT_CHAIN", directory.resolve("node.pem").toString(),
                        "HBONE_KEY", directory.resolve("node.key").toString(),
                        "HBONE_ROOT_CERTS", directory.resolve("root.pem").toString()));
        Map<String, String> variables = new HashMap<>(mesh.environment(mesh.client()));
        variables.put("FAKE_CA", "true");
        NodeProcess stock = NodeProcess.of(mesh.client(), mesh.client().start(variables, List.of(ztunnel.toString())));
        stock.awaitReady();
        ours.awaitReady();
        mesh.redirect(mesh.client());
        mesh.redirect(mesh.server());
    }

    @AfterAll
    static void close() {
        if (mesh != null) {
            mesh.close();
        }
    }

    static Path ztunnel() {
        return Ztunnel.find();
    }

    /** File names and contents: the root, and keys of which one is the root's. */
    private static Map<String, String> authority(Path ztunnel) throws IOException {
        String program = new String(Files.readAllBytes(ztunnel), StandardCharsets.ISO_8859_1);
        Map<String, String> found = new HashMap<>();
        Matcher pem = PEM.matcher(program);
        while (pem.find()) {
            boolean certificate = pem.group(1).equals("CERTIFICATE");
            found.putIfAbsent(certificate ? "root.pem" : "key-" + found.size() + ".pem", pem.group() + "\n");
        }
        return found.containsKey("root.pem") && found.size() > 1 ? found : Map.of();
    }

    @ParameterizedTest
    @CsvSource({"client, IPv4", "client, IPv6", "server, IPv4", "server, IPv6"})
    void bulkBothWays_betweenZtunnelAndOurs_arrivesUnchanged(String from, String family) {
        int port = mesh.freePort();
        try (Program echo = other(from).app("echo", port)) {
            assertThat(pod(from)
                            .client("neighbours", address(other(from), family), port, 8, 4 << 20)
                            .finish(Pod.PATIENCE)
                            .words())
                    .containsExactly("8");
        }
        assertTunnelled(from, port);
    }

    @ParameterizedTest
    @CsvSource({"client, IPv4", "client, IPv6", "server, IPv4", "server, IPv6"})
    void application_behindZtunnelAndOurs_seesTheClientsAddress(String from, String family) {
        int port = mesh.freePort();
        try (Program whoami = other(from).app("whoami", port)) {
            List<String> seen = pod(from)
                    .client("whoami", address(other(from), family), port)
                    .finish(Pod.PATIENCE)
                    .words();
            assertThat(seen.get(2)).isEqualTo(address(pod(from), family));
        }
        assertTunnelled(from, port);
    }

    @ParameterizedTest
    @CsvSource({"client, 1", "client, 8388608", "server, 1", "server, 8388608"})
    void halfClose_betweenZtunnelAndOurs_bringsTheAnswerThatFollowsIt(String from, int size) {
        int port = mesh.freePort();
        try (Program digest = other(from).app("digest", port)) {
            Program.Output answer = pod(from)
                    .bash(
                            "head -c $0 /dev/zero | nc -N $1 $2",
                            size,
                            other(from).v4(),
                            port);
            assertThat(answer.words()).hasSize(2).startsWith("" + size);
        }
    }

    @ParameterizedTest
    @CsvSource({"client", "server"})
    void refusedPort_betweenZtunnelAndOurs_endsTheConnection(String from) {
        assertThat(pod(from)
                        .client("fate", other(from).v4(), mesh.freePort(), "00")
                        .finish(Pod.PATIENCE)
                        .words()
                        .get(0))
                .isIn("EOF", "ECONNRESET");
    }

    private static Pod pod(String name) {
        return name.equals("client") ? mesh.client() : mesh.server();
    }

    private static Pod other(String name) {
        return name.equals("client") ? mesh.server() : mesh.client();
    }

    private static String address(Pod pod, String family) {
        return family.equals("IPv6") ? pod.v6() : pod.v4();
    }

    private static void assertTunnelled(String from, int port) {
        AccessLine line = ours.awaitConnectionTo(port);
        boolean inbound = from.equals("client");
        assertThat(line.level()).as(line.toString()).isEqualTo("info");
        assertThat(line.get("direction")).isEqualTo(inbound ? "inbound" : "outbound");
        assertThat(line.get("src.identity")).isEqualTo(inbound ? Mesh.CLIENT_ID : Mesh.SERVER_ID);
        assertThat(line.get("dst.identity")).isEqualTo(inbound ? Mesh.SERVER_ID : Mesh.CLIENT_ID);
    }
}
