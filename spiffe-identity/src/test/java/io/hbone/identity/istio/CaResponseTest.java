package io.hbone.identity.istio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.core.WorkloadCertificate;
import io.hbone.identity.internal.Pem;
import io.hbone.identity.testing.TestAuthority;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;

class CaResponseTest {
    private static final Instant NOW = Instant.parse("2026-03-01T00:00:00Z");
    private static final Instant FROM = NOW.minus(Duration.ofHours(1));
    private static final Instant TO = NOW.plus(Duration.ofHours(1));
    private static final String DOMAIN = "cluster.local";
    private static final SpiffeId ID = SpiffeId.ofServiceAccount(TrustDomain.of(DOMAIN), "shop", "buyer");

    private final TestAuthority authority = new TestAuthority(DOMAIN, NOW);
    private final KeyPair key = TestAuthority.keyPair();
    private final X509Certificate leaf = authority.sign(key.getPublic(), ID, FROM, TO);
    private final X509Certificate root = authority.root();

    private WorkloadCertificate read(String... entries) throws GeneralSecurityException {
        return CaResponse.read(List.of(entries), ID, key, NOW);
    }

    private AbstractThrowableAssert<?, ? extends Throwable> assertRefused(String... entries) {
        return assertThatThrownBy(() -> read(entries)).isInstanceOf(GeneralSecurityException.class);
    }

    @Test
    void leafAndRoot_areACertificateWithItsKeyAndBundle() throws Exception {
        WorkloadCertificate certificate = read(pem(leaf), pem(root));
        assertThat(certificate.id()).isEqualTo(ID);
        assertThat(certificate.chain()).containsExactly(leaf);
        assertThat(certificate.privateKey()).isEqualTo(key.getPrivate());
        assertThat(certificate.bundles().of(TrustDomain.of(DOMAIN)).authorities())
                .containsExactly(root);
    }

    /** Without the roots nothing can be verified: stock ztunnel takes such an answer, with its only entry for both. */
    @Test
    void oneEntry_isRefused() {
        assertRefused(pem(leaf))
                .hasMessage("cert_chain of 1 entries (expected: 2 to 16, the leaf first and the roots last)");
        assertRefused(pem(leaf) + pem(root)).hasMessageContaining("1 entries");
    }

    @Test
    void noEntryAndSeventeen_areRefused() {
        assertRefused().hasMessageContaining("0 entries");
        assertRefused(Collections.nCopies(17, pem(leaf)).toArray(String[]::new)).hasMessageContaining("17 entries");
    }

    @Test
    void wrongId_isRefusedWithBoth() {
        SpiffeId other = SpiffeId.ofServiceAccount(TrustDomain.of(DOMAIN), "shop", "seller");
        assertRefused(pem(authority.sign(key.getPublic(), other, FROM, TO)), pem(root))
                .hasMessage("a certificate of " + other + " (expected: of " + ID + ")");
    }

    @Test
    void wrongKey_isRefused() {
        X509Certificate others = authority.sign(TestAuthority.keyPair().getPublic(), ID, FROM, TO);
        assertRefused(pem(others), pem(root)).hasMessageContaining("for another key");
    }

    @Test
    void chainThatDoesNotVerify_isRefused() {
        // Of the same name, so that only the signature tells them apart.
        TestAuthority impostor = new TestAuthority(DOMAIN, NOW);
        assertRefused(pem(leaf), pem(impostor.root()))
                .hasMessageStartingWith("a chain that does not lead to the roots that came with it: ");
        assertRefused(pem(leaf), pem(impostor.root()), pem(root))
                .hasMessageStartingWith("a chain that does not lead to the roots that came with it: ");
    }

    @Test
    void certificateThatIsNotValidNow_isRefusedWithTheClocks() {
        X509Certificate over = authority.sign(key.getPublic(), ID, FROM, NOW.minusSeconds(1));
        assertRefused(pem(over), pem(root)).hasMessageContaining("look at the clocks of both");
        X509Certificate early = authority.sign(key.getPublic(), ID, NOW.plusSeconds(1), TO);
        assertRefused(pem(early), pem(root)).hasMessageContaining("look at the clocks of both");
    }

    /** A root rotation: istiod puts the old and the new root into the last entry. */
    @Test
    void severalBlocksInTheLastEntry_areAllRoots() throws Exception {
        X509Certificate next = new TestAuthority(DOMAIN, NOW).root();
        for (String roots : List.of(pem(root) + pem(next), pem(next) + pem(root))) {
            WorkloadCertificate certificate = read(pem(leaf), roots);
            assertThat(certificate.chain()).containsExactly(leaf);
            assertThat(certificate.bundles().of(TrustDomain.of(DOMAIN)).authorities())
                    .containsExactlyInAnyOrder(root, next);
        }
    }

    @Test
    void rootThatIsSentAlongInTheChain_isLeftOut() throws Exception {
        assertThat(read(pem(leaf), pem(root), pem(root)).chain()).containsExactly(leaf);
        assertThat(read(pem(leaf) + pem(root), pem(root)).chain()).containsExactly(leaf);
    }

    @Test
    void entryThatIsNoCertificate_isRefused() {
        assertRefused("", pem(root));
        assertRefused(pem(leaf), "");
        assertRefused(pem(leaf), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    }

    private static String pem(X509Certificate certificate) {
        return Pem.write(List.of(certificate));
    }
}
