package io.hbone.netty.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.hbone.core.TrustBundle;
import io.hbone.core.TrustBundles;
import io.hbone.core.TunnelError;
import io.hbone.netty.testing.TestPki;
import io.hbone.netty.tls.PeerRejectedException.Reason;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.CertificateBuilder.KeyUsage;
import io.netty.pkitesting.X509Bundle;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Date;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("spec/spire.md 4.2, row by row")
class SvidVerifierTest {
    /** Later than the tests run: certificates are valid from when they are made, and a busy machine takes its time. */
    private static final Instant NOW =
            Instant.now().truncatedTo(ChronoUnit.SECONDS).plus(Duration.ofMinutes(20));

    private static final String SAN = "2.5.29.17";
    private static final String NAME_CONSTRAINTS = "2.5.29.30";

    private final TestPki pki = TestPki.ca("cluster.local");
    private final TestPki foreign = TestPki.ca("foreign.test");
    private final VerifiedChains cache = new VerifiedChains(10);

    @Nested
    class Row1_chain {
        @Test
        void none_is_rejected() {
            assertRejected(pki.bundles(), Reason.BAD_CERTIFICATE, "presented no certificate");
        }

        @Test
        void null_is_rejected() {
            assertThatThrownBy(() -> verifier(pki.bundles(), NOW).verify(null, PeerRole.CLIENT))
                    .isInstanceOf(PeerRejectedException.class);
        }

        @Test
        void the_leaf_is_the_first() {
            X509Bundle leaf = pki.intermediate().svid("default", "client").issueRaw();
            X509Certificate[] chain = leaf.getCertificatePath();

            assertRejected(pki.bundles(), Reason.BAD_CERTIFICATE, "no SPIFFE identity", chain[1], chain[0]);
        }

        @Test
        void more_than_ten_certificates_are_rejected() {
            X509Certificate[] chain = Collections.nCopies(11, leaf()).toArray(new X509Certificate[0]);

            assertRejected(pki.bundles(), Reason.BAD_CERTIFICATE, "11 certificates", chain);
        }
    }

    @Nested
    class Row2_one_uri_name {
        @Test
        void none_is_rejected() {
            X509Bundle leaf = pki.sign(bare().addSanDnsName("client.default.svc"));

            assertRejected(pki.bundles(), Reason.BAD_CERTIFICATE, "0 (expected: exactly one)", leaf.getCertificate());
        }

        @ParameterizedTest
        @ValueSource(strings = {"spiffe://cluster.local/ns/a/sa/b", "https://example.org/"})
        void two_are_rejected(String second) {
            X509Bundle leaf = svid(builder -> builder.addSanUriName(URI.create(second)));

            assertRejected(pki.bundles(), Reason.BAD_CERTIFICATE, "2 (expected: exactly one)", leaf.getCertificate());
        }

        @Test
        void other_kinds_of_names_do_not_count() throws Exception {
            X509Bundle leaf =
                    svid(builder -> builder.addSanDnsName("client.default.svc").addSanRfc822Name("client@example.org"));

            assertThat(verify(pki.bundles(), leaf.getCertificate()).id()).isEqualTo(pki.id("default", "client"));
        }

        @Test
        void one_that_cannot_be_read_counts_as_none() {
            byte[] names =
                    der(0x30, der(0x86, "spiffe://cluster.local/ns/a b/sa/c".getBytes(StandardCharsets.US_ASCII)));
            X509Bundle leaf = pki.sign(bare().addExtensionOctetString(SAN, false, names));

            assertRejected(pki.bundles(), Reason.BAD_CERTIFICATE, "no SPIFFE identity", leaf.getCertificate());
        }
    }

    @Nested
    class Row3_spiffe_id {
        @ParameterizedTest
        @ValueSource(
                strings = {
                    "https://cluster.local/ns/default/sa/client",
                    "SPIFFE://cluster.local/ns/default/sa/client",
                    "spiffe://Cluster.local/ns/default/sa/client",
                    "spiffe://cluster.local",
                    "spiffe://cluster.local/",
                    "spiffe://cluster.local/ns/default/",
                    "spiffe://cluster.local:443/ns/default/sa/client",
                    "spiffe://cluster.local/ns/../sa/client",
                    "spiffe://cluster.local/ns/default/sa/cl%69ent",
                    "spiffe://cluster.local/ns/default/sa/client?x",
                })
        void others_are_rejected(String uri) throws Exception {
            X509Bundle leaf = pki.sign(bare().addSanUriName(uri));

            assertRejected(pki.bundles(), Reason.BAD_CERTIFICATE, "no SPIFFE identity", leaf.getCertificate());
        }

        @Test
        void a_path_that_is_not_istios_is_accepted() throws Exception {
            X509Bundle leaf = pki.sign(bare().addSanUriName("spiffe://cluster.local/web"));

            assertThat(verify(pki.bundles(), leaf.getCertificate()).id()).hasToString("spiffe://cluster.local/web");
        }
    }

    @Nested
    class Rows4_to_7_leaf {
        @Test
        void a_ca_is_rejected() {
            X509Bundle leaf = svid(builder -> builder.setIsCertificateAuthority(true));

            assertRejected(pki.bundles(), Reason.BAD_CERTIFICATE, "is a CA", leaf.getCertificate());
        }

        @ParameterizedTest
        @EnumSource(
                value = KeyUsage.class,
                names = {"keyCertSign", "cRLSign"})
        void one_that_may_sign_is_rejected(KeyUsage usage) {
            X509Bundle leaf = svid(builder -> builder.setKeyUsage(true, KeyUsage.digitalSignature, usage));

            assertRejected(pki.bundles(), Reason.BAD_CERTIFICATE, "may sign certificates", leaf.getCertificate());
        }

        @Test
        void one_that_may_not_sign_handshakes_is_rejected() {
            X509Bundle leaf = svid(builder -> builder.setKeyUsage(true, KeyUsage.keyAgreement));

            assertRejected(pki.bundles(), Reason.BAD_CERTIFICATE, "may not sign handshakes", leaf.getCertificate());
        }

        @Test
        void key_usage_may_be_missing() throws Exception {
            X509Bundle leaf = pki.sign(bare().addSanUriName("spiffe://cluster.local/ns/default/sa/client"));

            assertThat(leaf.getCertificate().getKeyUsage()).isNull();
            assertThat(verify(pki.bundles(), leaf.getCertificate()).id()).isEqualTo(pki.id("default", "client"));
        }

        @Test
        void key_usage_need_not_be_critical() throws Exception {
            X509Bundle leaf = svid(builder -> builder.setKeyUsage(false, KeyUsage.digitalSignature));

            assertThat(verify(pki.bundles(), leaf.getCertificate()).id()).isEqualTo(pki.id("default", "client"));
        }

        @Test
        void the_purpose_when_given_must_be_that_of_its_side() throws Exception {
            X509Certificate serverOnly = pki.sign(bare().addSanUriName("spiffe://cluster.local/ns/default/sa/client")
                            .addExtendedKeyUsageServerAuth())
                    .getCertificate();
            SvidVerifier verifier = verifier(pki.bundles(), NOW);

            assertThat(verifier.verify(chain(serverOnly), PeerRole.SERVER).id()).isEqualTo(pki.id("default", "client"));
            // The second time it is known, and still no client's.
            assertThatThrownBy(() -> verifier.verify(chain(serverOnly), PeerRole.CLIENT))
                    .hasMessageContaining("expected: none, or one with clientAuth");
        }

        @Test
        void a_purpose_that_is_neither_is_rejected() throws Exception {
            X509Certificate codeSigning = pki.sign(bare().addSanUriName("spiffe://cluster.local/ns/default/sa/client")
                            .addExtendedKeyUsageCodeSigning())
                    .getCertificate();

            assertRejected(pki.bundles(), Reason.BAD_CERTIFICATE, "extended key usage", codeSigning);
        }
    }

    @Nested
    class Row8_bundle {
        @Test
        void a_trust_domain_without_one_is_rejected_in_ztunnels_words() {
            X509Certificate leaf = foreign.svid("default", "client").issueRaw().getCertificate();

            assertRejected(
                    pki.bundles(),
                    Reason.UNKNOWN_AUTHORITY,
                    "identity verification error: peer did not present the expected trustdomain (cluster.local), "
                            + "got spiffe://foreign.test/ns/default/sa/client (no bundle)",
                    leaf);
        }

        @Test
        void an_empty_one_means_that_trust_is_revoked() {
            TrustBundles bundles = pki.bundles().with(new TrustBundle(foreign.trustDomain(), List.of()));
            X509Certificate leaf = foreign.svid("default", "client").issueRaw().getCertificate();

            assertRejected(
                    bundles,
                    Reason.UNKNOWN_AUTHORITY,
                    "expected trustdomain (cluster.local), got spiffe://foreign.test/ns/default/sa/client (an empty bundle",
                    leaf);
        }

        @Test
        void a_federated_one_is_used() throws Exception {
            X509Certificate leaf = foreign.svid("default", "client").issueRaw().getCertificate();

            assertThat(verify(pki.federatedWith(foreign).bundles(), leaf).id())
                    .isEqualTo(foreign.id("default", "client"));
        }

        @Test
        void bundles_are_never_merged() throws Exception {
            TrustBundles both = pki.federatedWith(foreign).bundles();
            X509Certificate forged = foreign.sign(bare().addSanUriName("spiffe://cluster.local/ns/default/sa/client"))
                    .getCertificate();

            assertRejected(both, Reason.UNKNOWN_AUTHORITY, "not issued by an authority of its trust domain", forged);
        }

        @Test
        void a_replaced_one_counts_at_once_for_chains_that_are_known() throws Exception {
            X509Certificate leaf = leaf();
            assertThat(verify(pki.bundles(), leaf)).isNotNull();
            TestPki successor = TestPki.ca("cluster.local");

            assertRejected(successor.bundles(), Reason.UNKNOWN_AUTHORITY, "not issued by an authority", leaf);
        }
    }

    @Nested
    class Row9_path {
        @Test
        void self_signed_is_rejected() throws Exception {
            KeyPair own = foreign.signer().getKeyPair();
            X509Certificate leaf = sign(new X500Name("CN=me"), own, "SHA256withECDSA");

            assertRejected(pki.bundles(), Reason.UNKNOWN_AUTHORITY, "not issued by an authority", leaf);
        }

        @Test
        void another_ca_of_the_same_name_is_rejected() {
            UnaryOperator<CertificateBuilder> named = builder -> builder.subject("O=cluster.local");
            TestPki ours = TestPki.ca("cluster.local", named);
            TestPki theirs = TestPki.ca("cluster.local", named);

            assertRejected(
                    ours.bundles(),
                    Reason.UNKNOWN_AUTHORITY,
                    "is not signed by O=cluster.local as this node knows it",
                    theirs.svid("default", "client").issueRaw().getCertificate());
        }

        @Test
        void of_two_roots_of_the_same_name_the_right_one_is_found() throws Exception {
            UnaryOperator<CertificateBuilder> named = builder -> builder.subject("O=cluster.local");
            TestPki old = TestPki.ca("cluster.local", named);
            TestPki successor = TestPki.ca("cluster.local", named);
            List<X509Certificate> roots = new ArrayList<>(old.bundle().authorities());
            roots.addAll(successor.bundle().authorities());
            TrustBundles both = TrustBundles.of(new TrustBundle(old.trustDomain(), roots));

            for (TestPki issuer : List.of(old, successor)) {
                X509Certificate leaf =
                        issuer.svid("default", "client").issueRaw().getCertificate();
                assertThat(verify(both, leaf).id()).isEqualTo(issuer.id("default", "client"));
            }
        }

        @Test
        void validity_is_inclusive_at_both_ends_and_ends() throws Exception {
            Instant from = NOW.plusSeconds(100);
            Instant to = NOW.plusSeconds(200);
            X509Certificate leaf =
                    pki.svid("default", "client").valid(from, to).issueRaw().getCertificate();

            assertThat(verifier(pki.bundles(), from).verify(chain(leaf), PeerRole.CLIENT))
                    .isNotNull();
            assertThat(verifier(pki.bundles(), to).verify(chain(leaf), PeerRole.CLIENT))
                    .isNotNull();
            PeerRejectedException early = rejection(verifier(pki.bundles(), from.minusSeconds(1)), leaf);
            assertThat(early.reason()).isEqualTo(Reason.NOT_YET_VALID);
            assertThat(early).hasMessageContaining("it is not valid before " + from);
            PeerRejectedException late = rejection(verifier(pki.bundles(), to.plusSeconds(1)), leaf);
            assertThat(late.reason()).isEqualTo(Reason.EXPIRED);
            assertThat(late)
                    .hasMessageContaining("it expired at " + to + " (now: " + to.plusSeconds(1) + ")")
                    .hasMessageContaining("peer presented spiffe://cluster.local/ns/default/sa/client (serial: "
                            + leaf.getSerialNumber().toString(16));
        }

        @Test
        void an_expired_authority_is_rejected_although_the_JDK_would_not() throws Exception {
            TestPki brief = TestPki.ca("cluster.local", builder -> builder.notAfter(NOW.plusSeconds(60)));
            X509Certificate leaf = brief.svid("default", "client").issueRaw().getCertificate();

            assertThat(verify(brief.bundles(), leaf)).isNotNull();
            PeerRejectedException late = rejection(verifier(brief.bundles(), NOW.plusSeconds(61)), leaf);
            assertThat(late.reason()).isEqualTo(Reason.EXPIRED);
            assertThat(late).hasMessageContaining("its authority CN=ca-");
        }

        @Test
        void an_authority_that_is_not_valid_yet_is_rejected() {
            TestPki future = TestPki.ca("cluster.local", builder -> builder.notBefore(NOW.plusSeconds(60)));
            X509Certificate leaf = future.svid("default", "client").issueRaw().getCertificate();

            assertRejected(future.bundles(), Reason.NOT_YET_VALID, "is not valid before", leaf);
        }

        @Test
        void intermediates_are_followed() throws Exception {
            X509Certificate[] chain = pki.intermediate()
                    .intermediate()
                    .svid("default", "client")
                    .issueRaw()
                    .getCertificatePath();

            assertThat(chain).hasSize(3);
            assertThat(verify(pki.bundles(), chain).id()).isEqualTo(pki.id("default", "client"));
        }

        @Test
        void an_expired_intermediate_is_named() {
            X509Certificate[] chain = pki.intermediate(
                            builder -> builder.notBefore(NOW.minusSeconds(9)).notAfter(NOW.minusSeconds(5)))
                    .svid("default", "client")
                    .issueRaw()
                    .getCertificatePath();

            assertRejected(pki.bundles(), Reason.EXPIRED, "its intermediate CN=ca-", chain);
        }

        @Test
        void a_missing_intermediate_is_rejected() {
            X509Certificate leaf =
                    pki.intermediate().svid("default", "client").issueRaw().getCertificate();

            assertRejected(pki.bundles(), Reason.UNKNOWN_AUTHORITY, "issuer is CN=ca-", leaf);
        }

        @Test
        void more_than_five_intermediates_are_rejected() throws Exception {
            TestPki ca = pki;
            for (int i = 0; i < 5; i++) {
                ca = ca.intermediate();
            }
            assertThat(verify(
                            pki.bundles(),
                            ca.svid("default", "client").issueRaw().getCertificatePath()))
                    .isNotNull();
            X509Certificate[] longer =
                    ca.intermediate().svid("default", "client").issueRaw().getCertificatePath();

            assertRejected(pki.bundles(), Reason.UNKNOWN_AUTHORITY, "not issued by an authority", longer);
        }

        @Test
        void unrelated_certificates_the_root_and_disorder_do_no_harm() throws Exception {
            X509Certificate[] path = pki.intermediate()
                    .intermediate()
                    .svid("default", "client")
                    .issueRaw()
                    .getCertificatePath();

            assertThat(verify(
                            pki.bundles(),
                            path[0],
                            foreign.signer().getCertificate(),
                            path[2],
                            pki.signer().getCertificate(),
                            path[1],
                            path[1]))
                    .isNotNull();
        }

        @Test
        void a_heap_of_look_alikes_ends_soon() {
            UnaryOperator<CertificateBuilder> named = builder -> builder.subject("O=loop");
            TestPki loop = TestPki.ca("cluster.local", named);
            List<X509Certificate> heap = new ArrayList<>();
            heap.add(loop.svid("default", "client").issueRaw().getCertificate());
            for (int i = 0; i < 9; i++) {
                heap.add(loop.intermediate(named).signer().getCertificate());
            }

            assertTimeoutPreemptively(
                    Duration.ofSeconds(10),
                    () -> assertRejected(
                            pki.bundles(),
                            Reason.UNKNOWN_AUTHORITY,
                            "not issued by an authority",
                            heap.toArray(new X509Certificate[0])));
        }

        @Test
        void a_signature_with_SHA1_is_rejected() throws Exception {
            X500Name root = X500Name.getInstance(
                    pki.signer().getCertificate().getSubjectX500Principal().getEncoded());
            X509Certificate leaf = sign(root, pki.signer().getKeyPair(), "SHA1withECDSA");

            assertRejected(pki.bundles(), Reason.BAD_CERTIFICATE, "signed with SHA1WITHECDSA", leaf);
        }
    }

    @Nested
    class Row10_intermediates {
        static Stream<Arguments> bad() {
            return Stream.of(
                    Arguments.of(
                            "not a CA", (UnaryOperator<CertificateBuilder>) b -> b.setIsCertificateAuthority(false)),
                    Arguments.of("no keyCertSign", (UnaryOperator<CertificateBuilder>)
                            b -> b.setKeyUsage(true, KeyUsage.cRLSign)),
                    Arguments.of("for other names", (UnaryOperator<CertificateBuilder>)
                            b -> b.addExtensionOctetString(NAME_CONSTRAINTS, true, permittedUri("elsewhere.example"))));
        }

        @ParameterizedTest(name = "{0}")
        @MethodSource
        void bad(String what, UnaryOperator<CertificateBuilder> change) {
            X509Certificate[] chain = pki.intermediate(change)
                    .svid("default", "client")
                    .issueRaw()
                    .getCertificatePath();

            assertRejected(pki.bundles(), Reason.BAD_CERTIFICATE, "spiffe://cluster.local/ns/default/sa/client", chain);
        }

        @Test
        void a_longer_path_than_it_may_have_is_rejected() {
            X509Certificate[] chain = pki.intermediate(b -> b.setPathLengthConstraint(OptionalInt.of(0)))
                    .intermediate()
                    .svid("default", "client")
                    .issueRaw()
                    .getCertificatePath();

            assertRejected(pki.bundles(), Reason.BAD_CERTIFICATE, "its intermediate CN=ca-", chain);
        }

        @Test
        void with_a_workloads_identity_is_rejected() {
            X509Certificate[] chain = pki.intermediate(
                            builder -> builder.addSanUriName(URI.create("spiffe://cluster.local/ns/a/sa/b")))
                    .svid("default", "client")
                    .issueRaw()
                    .getCertificatePath();

            assertRejected(
                    pki.bundles(), Reason.BAD_CERTIFICATE, "an intermediate carries a workload's identity", chain);
        }

        @Test
        void a_name_constraint_that_fits_is_accepted() throws Exception {
            X509Certificate[] chain = pki.intermediate(builder ->
                            builder.addExtensionOctetString(NAME_CONSTRAINTS, true, permittedUri("cluster.local")))
                    .svid("default", "client")
                    .issueRaw()
                    .getCertificatePath();

            assertThat(verify(pki.bundles(), chain)).isNotNull();
        }

        @Test
        void the_JDKs_NullPointerException_is_a_rejection() {
            TestPki odd = TestPki.ca("under_score");
            X509Certificate[] chain = odd.intermediate(builder ->
                            builder.addExtensionOctetString(NAME_CONSTRAINTS, true, permittedUri("example.org")))
                    .svid("default", "client")
                    .issueRaw()
                    .getCertificatePath();

            assertRejected(odd.bundles(), Reason.BAD_CERTIFICATE, "", chain);
        }

        private static byte[] permittedUri(String host) {
            return der(0x30, der(0xa0, der(0x30, der(0x86, host.getBytes(StandardCharsets.US_ASCII)))));
        }
    }

    @Nested
    class Cache {
        @Test
        void a_known_chain_is_not_verified_again() throws Exception {
            X509Certificate leaf = leaf();
            VerifiedPeer first = verify(pki.bundles(), leaf);

            assertThat(verify(pki.bundles(), leaf)).isSameAs(first);
            assertThat(cache.size()).isOne();
        }

        @Test
        void is_shared_by_equal_bundles_and_by_no_others() throws Exception {
            X509Certificate leaf = leaf();
            VerifiedPeer first = verify(pki.bundles(), leaf);

            assertThat(verify(pki.federatedWith(foreign).bundles(), leaf)).isSameAs(first);
            assertThat(rejection(verifier(foreign.bundles(), NOW), leaf).reason())
                    .isEqualTo(Reason.UNKNOWN_AUTHORITY);
        }

        @Test
        void does_not_outlive_any_part_of_the_path() throws Exception {
            TestPki issuer = pki.intermediate(builder -> builder.notAfter(NOW.plusSeconds(60)));
            X509Certificate[] chain =
                    issuer.svid("default", "client").issueRaw().getCertificatePath();
            assertThat(verify(pki.bundles(), chain).notAfter()).isEqualTo(NOW.plusSeconds(60));

            assertThat(rejection(verifier(pki.bundles(), NOW.plusSeconds(61)), chain)
                            .reason())
                    .isEqualTo(Reason.EXPIRED);
        }

        @Test
        void forgets_the_least_recently_used() throws Exception {
            VerifiedPeer first = verify(pki.bundles(), leaf());
            for (int i = 0; i < 20; i++) {
                verify(pki.bundles(), pki.svid("default", "c" + i).issueRaw().getCertificate());
            }

            assertThat(cache.size()).isEqualTo(10);
            assertThat(first).isNotNull();
        }

        @Test
        void rejections_are_not_kept() {
            rejection(verifier(pki.bundles(), NOW), foreign.signer().getCertificate());

            assertThat(cache.size()).isZero();
        }
    }

    @Test
    void a_rejection_is_a_failed_handshake_and_carries_no_stack_trace() {
        PeerRejectedException rejection =
                rejection(verifier(pki.bundles(), NOW), foreign.signer().getCertificate());

        assertThat(rejection.error()).isEqualTo(TunnelError.TLS_HANDSHAKE_FAILED);
        assertThat(rejection.getStackTrace()).isEmpty();
    }

    private X509Certificate leaf() {
        return pki.svid("default", "client").issueRaw().getCertificate();
    }

    private X509Bundle svid(UnaryOperator<CertificateBuilder> change) {
        return pki.svid("default", "client").change(change).issueRaw();
    }

    /** What the certificate builder refuses to make: the leaf has the issuer's key, which does not matter here. */
    private static X509Certificate sign(X500Name issuer, KeyPair key, String algorithm) throws Exception {
        X509v3CertificateBuilder builder = new X509v3CertificateBuilder(
                issuer,
                BigInteger.ONE,
                Date.from(NOW.minusSeconds(10)),
                Date.from(NOW.plusSeconds(100)),
                new X500Name("CN=me"),
                SubjectPublicKeyInfo.getInstance(key.getPublic().getEncoded()));
        builder.addExtension(
                Extension.subjectAlternativeName,
                false,
                new GeneralNames(new GeneralName(
                        GeneralName.uniformResourceIdentifier, "spiffe://cluster.local/ns/default/sa/client")));
        return new JcaX509CertificateConverter()
                .getCertificate(builder.build(new JcaContentSignerBuilder(algorithm).build(key.getPrivate())));
    }

    /** Neither names nor usages. */
    private static CertificateBuilder bare() {
        return new CertificateBuilder()
                .ecp256()
                .subject("O=cluster.local")
                .notBefore(NOW.minusSeconds(10))
                .notAfter(NOW.plusSeconds(3600));
    }

    private VerifiedPeer verify(TrustBundles bundles, X509Certificate... chain) throws PeerRejectedException {
        return verifier(bundles, NOW).verify(chain, PeerRole.CLIENT);
    }

    private SvidVerifier verifier(TrustBundles bundles, Instant now) {
        return new SvidVerifier(bundles, cache, Clock.fixed(now, ZoneOffset.UTC));
    }

    private void assertRejected(TrustBundles bundles, Reason reason, String message, X509Certificate... chain) {
        PeerRejectedException rejection = rejection(verifier(bundles, NOW), chain);
        assertThat(rejection).hasMessageContaining(message);
        assertThat(rejection.reason()).isEqualTo(reason);
    }

    private static PeerRejectedException rejection(SvidVerifier verifier, X509Certificate... chain) {
        PeerRejectedException rejection =
                catchThrowableOfType(PeerRejectedException.class, () -> verifier.verify(chain, PeerRole.CLIENT));
        assertThat(rejection).as("rejection").isNotNull();
        return rejection;
    }

    private static X509Certificate[] chain(X509Certificate... chain) {
        return chain;
    }

    private static byte[] der(int tag, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        out.write(content.length);
        out.writeBytes(content);
        return out.toByteArray();
    }
}
