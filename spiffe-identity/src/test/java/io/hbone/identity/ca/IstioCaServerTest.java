package io.hbone.identity.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.internal.SigningCa;
import io.hbone.identity.istio.CaRoots;
import io.hbone.identity.istio.IstioCaFetcher;
import io.hbone.identity.istio.IstioCaFetcherBuilder;
import io.hbone.identity.testing.CapturedLog;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The server, asked by our own client over TLS. */
@Timeout(60)
class IstioCaServerTest {
    private static final TrustDomain TRUST_DOMAIN = TrustDomain.of("cluster.local");
    private static final SpiffeId ID = SpiffeId.ofServiceAccount(TRUST_DOMAIN, "shop", "buyer");
    private static final WorkloadIdentity WORKLOAD = new WorkloadIdentity("uid", ID);
    private static final WorkloadIdentity OTHER =
            new WorkloadIdentity("other", SpiffeId.ofServiceAccount(TRUST_DOMAIN, "store", "seller"));

    private static final String NODE_TOKEN = "token-of-a-node-0001";
    private static final String JOB_TOKEN = "token-of-a-job-00001";

    @TempDir
    private Path directory;

    private final List<AutoCloseable> open = new ArrayList<>();
    private CertificateAuthority authority;
    private Path tokens;
    private Path token;

    @BeforeEach
    void files() throws Exception {
        authority = CertificateAuthority.open(directory.resolve("ca"), TRUST_DOMAIN, Clock.systemUTC());
        tokens = directory.resolve("tokens");
        token = directory.resolve("token");
        writeTokens(NODE_TOKEN + " node-a impersonate spiffe://cluster.local/ns/*/sa/*\n" + JOB_TOKEN + " job " + ID
                + "\n");
        Files.writeString(token, NODE_TOKEN + "\n");
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
    }

    private void writeTokens(String content) throws Exception {
        Path aside = Files.createFile(
                directory.resolve("aside"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(aside, content);
        Files.move(aside, tokens, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    private IstioCaServer.Builder server() throws Exception {
        return IstioCaServer.builder(authority, TokenFile.open(tokens))
                .address(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    private IstioCaServer start(IstioCaServer.Builder builder) throws Exception {
        IstioCaServer server = builder.start();
        open.add(server);
        return server;
    }

    private IstioCaFetcherBuilder client(IstioCaServer server) {
        return IstioCaFetcher.builder("https://localhost:" + server.port())
                .roots(CaRoots.file(CertificateAuthority.rootFile(directory.resolve("ca"), TRUST_DOMAIN)))
                .tokenFile(token)
                .clusterId("Kubernetes")
                .header("x-test", "1")
                .lifetime(Duration.ofHours(1))
                .impersonate(true);
    }

    private IstioCaFetcher fetcher(IstioCaFetcherBuilder builder) {
        IstioCaFetcher fetcher = builder.build();
        open.add(fetcher);
        return fetcher;
    }

    private static WorkloadCertificate get(IstioCaFetcher fetcher, WorkloadIdentity workload) {
        return fetcher.fetch(workload).toCompletableFuture().join();
    }

    private static String failure(IstioCaFetcher fetcher, WorkloadIdentity workload) {
        try {
            throw new AssertionError("issued: " + get(fetcher, workload));
        } catch (CompletionException e) {
            assertThat(e.getCause()).isInstanceOf(TunnelException.class);
            assertThat(((TunnelException) e.getCause()).error()).isEqualTo(TunnelError.CERTIFICATE_UNAVAILABLE);
            return e.getCause().getMessage();
        }
    }

    @Test
    void fetch_byANode_hasTheWorkloadsCertificate() throws Exception {
        IstioCaFetcher fetcher = fetcher(client(start(server())));

        WorkloadCertificate certificate = get(fetcher, WORKLOAD);
        WorkloadCertificate other = get(fetcher, OTHER);

        assertThat(certificate.id()).isEqualTo(ID);
        assertThat(other.id()).isEqualTo(OTHER.spiffeId());
        assertThat(certificate.chain()).hasSize(1);
        assertThat(certificate.bundles().of(TRUST_DOMAIN).authorities()).isEqualTo(authority.roots());
        assertThat(Duration.between(Instant.now(), certificate.notAfter()))
                .isBetween(Duration.ofMinutes(58), Duration.ofHours(1));
        assertThat(certificate.leaf().getPublicKey()).isNotEqualTo(other.leaf().getPublicKey());
    }

    @Test
    void audit_hasALineForEachCertificate_andForEachRefusal_andNoToken() throws Exception {
        try (CapturedLog log = CapturedLog.of(Audit.class)) {
            IstioCaFetcher fetcher = fetcher(client(start(server())));
            WorkloadCertificate certificate = get(fetcher, WORKLOAD);
            Files.writeString(token, JOB_TOKEN);
            failure(fetcher, WORKLOAD);

            assertThat(log.lines()).hasSize(2);
            assertThat(log.lines().get(0))
                    .startsWith("certificate issued: id=" + ID + " serial=" + certificate.serial())
                    .contains(" caller=node-a impersonated=true peer=/127.0.0.1:");
            assertThat(log.lines().get(1))
                    .startsWith("certificate refused: caller=job ")
                    .contains("the token does not allow " + ID + " by impersonation");
            assertThat(log.lines()).noneMatch(line -> line.contains(JOB_TOKEN) || line.contains(NODE_TOKEN));
        }
    }

    @Test
    void fetch_tokenThatMayNotImpersonate_getsItsOwnCertificateOnly() throws Exception {
        Files.writeString(token, JOB_TOKEN);
        IstioCaFetcher fetcher = fetcher(client(start(server())).impersonate(false));

        assertThat(get(fetcher, WORKLOAD).id()).isEqualTo(ID);
        assertThat(failure(fetcher, OTHER))
                .contains("does not let us have this identity: the token does not allow " + OTHER.spiffeId());
    }

    @Test
    void fetch_wrongToken_saysWhichFileToLookAt() throws Exception {
        Files.writeString(token, "somebody-elses-token");

        assertThat(failure(fetcher(client(start(server()))), WORKLOAD))
                .startsWith("identity error: " + WORKLOAD + ": CA localhost:")
                .contains("does not accept our token")
                .contains("look at " + token)
                .doesNotContain("somebody");
    }

    @Test
    void tokens_changed_areReadAgain_onBothSides() throws Exception {
        IstioCaFetcher fetcher = fetcher(client(start(server())));
        get(fetcher, WORKLOAD);

        writeTokens("token-of-a-node-0002 node-a impersonate spiffe://cluster.local/ns/shop/sa/*\n");
        assertThat(failure(fetcher, WORKLOAD)).contains("does not accept our token");
        Files.writeString(token, "token-of-a-node-0002");

        assertThat(get(fetcher, WORKLOAD).id()).isEqualTo(ID);
        assertThat(failure(fetcher, OTHER)).contains("does not let us have this identity");
    }

    @Test
    void tokens_brokenWhileRunning_keepTheLastGoodOnes() throws Exception {
        IstioCaFetcher fetcher = fetcher(client(start(server())));

        writeTokens("short x y\n");

        assertThat(get(fetcher, WORKLOAD).id()).isEqualTo(ID);
    }

    @Test
    void policy_namespacesAndLifetime_bindEverybody() throws Exception {
        IssuancePolicy policy =
                new IssuancePolicy(TRUST_DOMAIN, Set.of("shop"), Duration.ofMinutes(10), Duration.ofMinutes(10));
        IstioCaFetcher fetcher = fetcher(client(start(server().policy(policy))));

        Instant notAfter = get(fetcher, WORKLOAD).notAfter();
        assertThat(notAfter).isBeforeOrEqualTo(Instant.now().plus(Duration.ofMinutes(10)));
        assertThat(failure(fetcher, OTHER)).contains("namespace of " + OTHER.spiffeId());
        WorkloadIdentity foreign = new WorkloadIdentity("f", SpiffeId.parse("spiffe://other/ns/shop/sa/buyer"));
        assertThat(failure(fetcher, foreign)).contains("trust domain of " + foreign.spiffeId());
    }

    @Test
    void server_ofForeignRoots_isNotBelieved_untilTheFileChanges() throws Exception {
        CertificateAuthority stranger =
                CertificateAuthority.open(directory.resolve("stranger"), TRUST_DOMAIN, Clock.systemUTC());
        assertThat(stranger.roots()).isNotEqualTo(authority.roots());
        Path roots = directory.resolve("roots.pem");
        Files.copy(CertificateAuthority.rootFile(directory.resolve("stranger"), TRUST_DOMAIN), roots);
        IstioCaFetcher fetcher = fetcher(client(start(server())).roots(CaRoots.file(roots)));
        assertThat(failure(fetcher, WORKLOAD))
                .contains("its TLS certificate is not accepted")
                .contains("look at the roots (" + roots + ")");

        Files.copy(
                CertificateAuthority.rootFile(directory.resolve("ca"), TRUST_DOMAIN),
                roots,
                StandardCopyOption.REPLACE_EXISTING);

        assertThat(get(fetcher, WORKLOAD).id()).isEqualTo(ID);
    }

    /** The old channel is kept when the new one cannot be made (spec/ztunnel.md 9.2). */
    @Test
    void roots_brokenWhileRunning_keepTheOldChannel() throws Exception {
        Path roots = directory.resolve("roots.pem");
        Files.copy(CertificateAuthority.rootFile(directory.resolve("ca"), TRUST_DOMAIN), roots);
        IstioCaFetcher fetcher = fetcher(client(start(server())).roots(CaRoots.file(roots)));
        get(fetcher, WORKLOAD);

        Files.writeString(roots, "nonsense");
        assertThat(get(fetcher, WORKLOAD).id()).isEqualTo(ID);
        Files.delete(roots);

        assertThat(get(fetcher, WORKLOAD).id()).isEqualTo(ID);
    }

    @Test
    void server_ofAnotherName_isBelievedByItsAlternativeName() throws Exception {
        IstioCaServer server = start(server().dnsNames(List.of("ca.example.org")));

        assertThat(failure(fetcher(client(server)), WORKLOAD))
                .contains("is for [ca.example.org] (expected: one of [localhost])");
        assertThat(get(fetcher(client(server).alternativeHostname("ca.example.org")), WORKLOAD)
                        .id())
                .isEqualTo(ID);
    }

    @Test
    void servingCertificate_isRotated_andConnectionsGoOn() throws Exception {
        try (CapturedLog log = CapturedLog.of(ServingCertificate.class)) {
            IstioCaServer server = start(server().servingLifetime(Duration.ofSeconds(4)));
            IstioCaFetcher first = fetcher(client(server));
            get(first, WORKLOAD);
            await().atMost(Duration.ofSeconds(20)).until(() -> log.lines().size() >= 3);

            get(first, WORKLOAD);
            assertThat(get(fetcher(client(server)), WORKLOAD).id()).isEqualTo(ID);
            assertThat(log.lines()).doesNotHaveDuplicates();
        }
    }

    @Test
    void intermediate_givenByTheUser_isInTheChain() throws Exception {
        TestIntermediate files = TestIntermediate.make(directory);
        authority = CertificateAuthority.intermediate(
                files.chain(), files.key(), files.root(), TRUST_DOMAIN, Clock.systemUTC());
        IstioCaServer server = start(server());

        WorkloadCertificate certificate = get(fetcher(client(server).roots(CaRoots.file(files.root()))), WORKLOAD);

        assertThat(certificate.chain()).hasSize(2);
        assertThat(certificate.chain().get(1).getSubjectX500Principal().getName())
                .contains("intermediate");
        assertThat(certificate.bundles().of(TRUST_DOMAIN).authorities()).hasSize(1);
    }

    @Test
    void intermediate_keyThatOthersMayRead_isRefused() throws Exception {
        TestIntermediate files = TestIntermediate.make(directory);
        Files.setPosixFilePermissions(files.key(), PosixFilePermissions.fromString("rw-r--r--"));

        assertThatThrownBy(() -> CertificateAuthority.intermediate(
                        files.chain(), files.key(), files.root(), TRUST_DOMAIN, Clock.systemUTC()))
                .hasMessageContaining("mode rw-r--r--, so others may have its key (expected: rw-------)");
    }

    @Test
    void fetch_nobodyThere_saysSo() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        IstioCaFetcher fetcher =
                fetcher(IstioCaFetcher.builder("localhost:" + port).tokenFile(token));

        assertThat(failure(fetcher, WORKLOAD)).contains("CA localhost:" + port + " cannot be reached:");
    }

    @Test
    void fetch_whoNeverAnswers_endsWithinTheDeadline() throws Exception {
        try (ServerSocket silent = new ServerSocket(0)) {
            IstioCaFetcher fetcher = fetcher(
                    IstioCaFetcher.builder("localhost:" + silent.getLocalPort()).deadline(Duration.ofMillis(300)));

            assertThat(failure(fetcher, WORKLOAD)).contains("did not answer in time");
        }
    }

    @Test
    void fetch_noTokenFile_saysWhich() throws Exception {
        Files.delete(token);

        assertThat(failure(fetcher(client(start(server()))), WORKLOAD))
                .contains("not asked: token file " + token + ": no such file");
    }

    @Test
    void close_failsWhatIsUnderWay() throws Exception {
        try (ServerSocket silent = new ServerSocket(0)) {
            IstioCaFetcher fetcher = fetcher(IstioCaFetcher.builder("localhost:" + silent.getLocalPort()));
            CompletableFuture<WorkloadCertificate> pending =
                    fetcher.fetch(WORKLOAD).toCompletableFuture();

            fetcher.close();

            assertThatThrownBy(pending::join).hasCauseInstanceOf(TunnelException.class);
            assertThat(failure(fetcher, WORKLOAD)).contains("closed");
        }
    }

    @Test
    void serials_areRandom() throws Exception {
        X509Certificate first = authority.issue(ID, SigningCa.newKey().getPublic(), Duration.ofHours(1));
        X509Certificate second = authority.issue(ID, SigningCa.newKey().getPublic(), Duration.ofHours(1));

        assertThat(first.getSerialNumber()).isNotEqualTo(second.getSerialNumber());
        assertThat(first.getSerialNumber().bitLength()).isBetween(64, 159);
    }
}
