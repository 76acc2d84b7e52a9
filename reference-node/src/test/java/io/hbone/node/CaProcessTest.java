package io.hbone.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.ca.CertificateAuthority;
import io.hbone.identity.istio.CaRoots;
import io.hbone.identity.istio.IstioCaFetcher;
import io.hbone.node.traffic.ClassArchive;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code hbone ca} as a process: its exit codes, its signals, and what it leaves on the disk. */
@Timeout(120)
class CaProcessTest {
    private static final TrustDomain TRUST_DOMAIN = TrustDomain.of("cluster.local");
    private static final String TOKEN = "token-of-a-node-0001";

    @TempDir
    private Path directory;

    private final List<String> lines = new ArrayList<>();
    private Path ca;
    private Path tokens;
    private Process process;
    private BufferedReader output;

    @BeforeEach
    void files() throws Exception {
        ca = directory.resolve("ca");
        tokens = Files.createFile(directory.resolve("tokens"), mode("rw-------"));
        Files.writeString(tokens, TOKEN + " node-a impersonate spiffe://cluster.local/ns/*/sa/*\n");
    }

    @AfterEach
    void kill() {
        if (process != null) {
            process.destroyForcibly();
        }
    }

    private static FileAttribute<?> mode(String mode) {
        return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode));
    }

    private void start(String... arguments) throws Exception {
        List<String> command = ClassArchive.java("-XX:TieredStopAtLevel=1");
        command.addAll(List.of(Hbone.class.getName(), "ca"));
        command.addAll(List.of(arguments));
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** @return its port */
    private int serve() throws Exception {
        start("--dir", ca.toString(), "--tokens", tokens.toString(), "--listen", "127.0.0.1:0");
        String line = lineWith("serves certificates of cluster.local on port ");
        return Integer.parseInt(line.substring(line.lastIndexOf(' ') + 1).strip());
    }

    private String lineWith(String text) throws Exception {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            lines.add(line);
            if (line.contains(text)) {
                return line;
            }
        }
        throw new AssertionError("no line with " + text + " in " + lines);
    }

    private void assertEnds(int code, String message) throws Exception {
        assertThat(output.lines()).anySatisfy(line -> assertThat(line).contains(message));
        assertThat(process.waitFor()).isEqualTo(code);
    }

    @Test
    void serving_issuesCertificatesAndSaysSo_andTerminatedEndsWithZero() throws Exception {
        int port = serve();
        WorkloadIdentity workload =
                new WorkloadIdentity("uid", SpiffeId.ofServiceAccount(TRUST_DOMAIN, "shop", "buyer"));
        try (IstioCaFetcher client = IstioCaFetcher.builder("https://localhost:" + port)
                .roots(CaRoots.file(CertificateAuthority.rootFile(ca, TRUST_DOMAIN)))
                .tokenFile(Files.writeString(directory.resolve("token"), TOKEN))
                .impersonate(true)
                .build()) {
            assertThat(client.fetch(workload)
                            .toCompletableFuture()
                            .get(60, TimeUnit.SECONDS)
                            .id())
                    .isEqualTo(workload.spiffeId());
        }
        assertThat(lineWith("certificate issued"))
                .contains("id=" + workload.spiffeId())
                .contains("caller=node-a");

        // Unlike Process.destroy() this leaves its output open.
        process.toHandle().destroy();

        assertThat(lineWith("starting shutdown")).contains("received signal SIGTERM, starting shutdown");
        assertThat(process.waitFor()).isZero();
    }

    @Test
    void keyOnTheDisk_isItsOwnersAlone_andIsKeptByTheNextStart() throws Exception {
        serve();
        Path key = ca.resolve("ca-cluster.local.pem");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
                .isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(ca)))
                .isEqualTo("rwx------");
        byte[] first = Files.readAllBytes(key);
        process.destroyForcibly().waitFor();

        serve();
        assertThat(Files.readAllBytes(key)).isEqualTo(first);
    }

    @Test
    void keyThatOthersMayRead_isOneSentenceAndOne() throws Exception {
        CertificateAuthority.open(ca, TRUST_DOMAIN, Clock.systemUTC());
        Files.setPosixFilePermissions(ca.resolve("ca-cluster.local.pem"), PosixFilePermissions.fromString("rw-r-----"));
        start("--dir", ca.toString(), "--tokens", tokens.toString(), "--listen", "127.0.0.1:0");

        assertEnds(1, "ca-cluster.local.pem: mode rw-r-----, so others may have its key (expected: rw-------)");
    }

    @Test
    void tokensThatAreNotThere_isOneSentenceAndOne() throws Exception {
        Path missing = directory.resolve("missing");
        start("--dir", ca.toString(), "--tokens", missing.toString(), "--listen", "127.0.0.1:0");

        assertEnds(1, "hbone ca: " + missing + ": no such file");
    }

    @Test
    void addressThatIsNone_isOneSentenceAndOne() throws Exception {
        start("--dir", ca.toString(), "--tokens", tokens.toString(), "--listen", "here");

        assertEnds(1, "hbone ca: --listen: \"here\" (expected: address:port)");
    }

    @Test
    void noOption_isToldWhatIsMissing_andOne() throws Exception {
        start();

        assertEnds(1, "Missing required");
    }

    @Test
    void directoryAndIntermediate_excludeEachOther_andOne() throws Exception {
        start("--dir", ca.toString(), "--chain", "c.pem", "--key", "k.pem", "--tokens", tokens.toString());

        assertEnds(1, "mutually exclusive");
    }
}
