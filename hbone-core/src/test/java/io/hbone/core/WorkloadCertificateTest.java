package io.hbone.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The checks of spec/spire.md 4.2 that need no peer, each from both sides. */
class WorkloadCertificateTest {
    private static final TrustBundles BUNDLES =
            TrustBundles.of(new TrustBundle(TrustDomain.of("example.org"), Certificates.chain("root")));

    @Test
    void of_validMaterial_givesItBack() {
        PrivateKey key = Certificates.key("p256");
        WorkloadCertificate certificate = WorkloadCertificate.of(Certificates.chain("leaf"), key, BUNDLES);
        assertThat(certificate.id()).hasToString("spiffe://example.org/ns/shop/sa/cart");
        assertThat(certificate.chain()).isUnmodifiable().isEqualTo(Certificates.chain("leaf"));
        assertThat(certificate.leaf()).isEqualTo(Certificates.certificate("leaf"));
        assertThat(certificate.privateKey()).isSameAs(key);
        assertThat(certificate.bundles()).isSameAs(BUNDLES);
        assertThat(certificate.serial()).isEqualTo("1f2e3d4c5b6a79880a");
        assertThat(certificate.notBefore()).isEqualTo("2026-01-01T00:00:00Z");
        assertThat(certificate.notAfter()).isEqualTo("2036-01-01T00:00:00Z");
    }

    @ParameterizedTest
    @ValueSource(strings = {"p384", "rsa2048", "ed25519"})
    void of_everyKindOfKey_isAccepted(String kind) {
        assertThat(of(kind, kind).id()).hasToString("spiffe://example.org/ns/shop/sa/cart");
    }

    @Test
    void of_noBasicConstraintsAndNoKeyUsage_isAccepted() {
        assertThat(of("no-basic-constraints-no-usage", "p256").serial()).isEqualTo("16");
    }

    @Test
    void of_trustDomainThatIsNoDnsName_isAccepted() {
        assertThat(of("no-dns-trust-domain", "p256").id().trustDomain()).isEqualTo(TrustDomain.of("my_td"));
    }

    @Test
    void of_expiredLeaf_isAcceptedAndNotValidNow() {
        WorkloadCertificate certificate = of("expired", "p256");
        assertThat(certificate.isValidAt(Instant.parse("2020-01-01T12:00:00Z"))).isTrue();
        assertThat(certificate.isValidAt(Instant.parse("2026-01-01T00:00:00Z"))).isFalse();
    }

    @Test
    void of_emptyChain_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> WorkloadCertificate.of(List.of(), Certificates.key("p256"), BUNDLES))
                .withMessage("chain: empty (expected: at least the leaf)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "no-san",
                "dns-san-only",
                "unreadable-uri",
                "two-uris",
                "same-uri-twice",
                "spiffe-and-https-uri",
                "https-uri",
                "upper-case-trust-domain",
                "upper-case-scheme",
                "trust-domain-only",
                "percent-encoded",
                "query",
                "port"
            })
    void of_leafWithoutExactlyOneSpiffeId_isRefused(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> of(name, "p256"))
                .withMessageStartingWith("chain: URI name")
                .withMessageContaining("(expected: ");
    }

    @ParameterizedTest
    @CsvSource({
        "ca-as-leaf, leaf: a CA (expected: basicConstraints without cA)",
        "key-cert-sign, leaf: keyUsage with keyCertSign (expected: without)",
        "crl-sign, leaf: keyUsage with cRLSign (expected: without)",
        "no-digital-signature, leaf: keyUsage without digitalSignature (expected: with)"
    })
    void of_leafThatMayDoTooMuchOrTooLittle_isRefused(String name, String message) {
        assertThatIllegalArgumentException().isThrownBy(() -> of(name, "p256")).withMessage(message);
    }

    @ParameterizedTest
    @CsvSource({
        "leaf, p256-other",
        "leaf, p384",
        "leaf, rsa2048",
        "leaf, ed25519",
        "p384, p256",
        "rsa2048, rsa1024",
        "rsa2048, p256",
        "ed25519, ed448",
        "ed25519, p256"
    })
    void of_anotherKey_isRefusedWhenLoadedAndNotByAHandshake(String name, String key) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> of(name, key))
                .withMessageStartingWith("key: ")
                .withMessageContaining("(expected: the key of the leaf)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"p521", "rsa1024", "ed448"})
    void of_keyOfAnotherKind_isRefused(String kind) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> of(kind, kind))
                .withMessageContaining("(expected: ECDSA P-256 or P-384, Ed25519, or RSA of at least 2048 bits)");
    }

    @Test
    void of_chainThatIsNeverValidAsAWhole_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> of("never-valid-chain", "p256"))
                .withMessage("chain: valid from 2025-06-01T00:00:00Z to 2020-01-02T00:00:00Z"
                        + " (expected: the start before the end)");
    }

    @Test
    void of_null_isRefused() {
        PrivateKey key = Certificates.key("p256");
        List<X509Certificate> chain = Certificates.chain("leaf");
        assertThatNullPointerException().isThrownBy(() -> WorkloadCertificate.of(null, key, BUNDLES));
        assertThatNullPointerException().isThrownBy(() -> WorkloadCertificate.of(chain, null, BUNDLES));
        assertThatNullPointerException().isThrownBy(() -> WorkloadCertificate.of(chain, key, null));
        assertThatNullPointerException().isThrownBy(() -> of("leaf", "p256").withBundles(null));
    }

    @Test
    void of_listThatChangesLater_isCopied() {
        List<X509Certificate> chain = new ArrayList<>(Certificates.chain("by-intermediate"));
        WorkloadCertificate certificate = WorkloadCertificate.of(chain, Certificates.key("p256"), BUNDLES);
        chain.clear();
        assertThat(certificate.chain()).hasSize(2);
    }

    @Test
    void notAfter_intermediateThatEndsBeforeTheLeaf_isTheIntermediates() {
        WorkloadCertificate certificate = of("by-intermediate", "p256");
        assertThat(certificate.leaf().getNotAfter().toInstant()).isEqualTo("2036-01-01T00:00:00Z");
        assertThat(certificate.notAfter()).isEqualTo("2030-01-01T00:00:00Z");
        assertThat(certificate.notBefore()).isEqualTo("2026-01-01T00:00:00Z");
        assertThat(certificate.isValidAt(Instant.parse("2031-01-01T00:00:00Z"))).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "2025-12-31T23:59:59.999999999Z, false",
        "2026-01-01T00:00:00Z, true",
        "2036-01-01T00:00:00Z, true",
        "2036-01-01T00:00:00.000000001Z, false"
    })
    void isValidAt_bothEnds_areInclusive(Instant time, boolean valid) {
        assertThat(of("leaf", "p256").isValidAt(time)).isEqualTo(valid);
    }

    @Test
    void withBundles_others_changesOnlyThem() {
        WorkloadCertificate before = of("leaf", "p256");
        WorkloadCertificate after = before.withBundles(TrustBundles.EMPTY);
        assertThat(after.bundles()).isSameAs(TrustBundles.EMPTY);
        assertThat(after.chain()).isEqualTo(before.chain());
        assertThat(after.privateKey()).isSameAs(before.privateKey());
        assertThat(after.notAfter()).isEqualTo(before.notAfter());
        assertThat(before.bundles()).isSameAs(BUNDLES);
        assertThat(after).isNotEqualTo(before);
    }

    @Test
    void equals_sameChainAndBundles_isEqual() {
        WorkloadCertificate one = of("leaf", "p256");
        assertThat(one)
                .isEqualTo(of("leaf", "p256"))
                .hasSameHashCodeAs(of("leaf", "p256"))
                .isNotEqualTo(of("leaf-renewed", "p256"))
                .isNotEqualTo(null);
    }

    @Test
    void toString_certificate_saysWhoAndUntilWhenAndNotTheKey() {
        PrivateKey key = Certificates.key("p256");
        assertThat(of("leaf", "p256").toString())
                .isEqualTo("spiffe://example.org/ns/shop/sa/cart"
                        + " (serial: 1f2e3d4c5b6a79880a, valid: 2026-01-01T00:00:00Z to 2036-01-01T00:00:00Z)")
                .doesNotContain(Base64.getEncoder().encodeToString(key.getEncoded()));
    }

    private static WorkloadCertificate of(String chain, String key) {
        return WorkloadCertificate.of(Certificates.chain(chain), Certificates.key(key), BUNDLES);
    }
}
