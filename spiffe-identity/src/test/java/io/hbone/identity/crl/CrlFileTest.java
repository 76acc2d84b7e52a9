package io.hbone.identity.crl;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.identity.testing.FakeClock;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CrlFileTest {
    private static final Duration LOOK = CrlFile.INTERVAL;

    /** An issuer, and lists of it. */
    private record Issuer(X509Certificate certificate, KeyPair key) {
        static Issuer make(String name) throws Exception {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(256);
            KeyPair key = generator.generateKeyPair();
            X500Name subject = new X500Name("CN=" + name);
            byte[] der = new JcaX509v3CertificateBuilder(
                            subject,
                            BigInteger.ONE,
                            Date.from(Instant.EPOCH),
                            Date.from(Instant.parse("2100-01-01T00:00:00Z")),
                            subject,
                            key.getPublic())
                    .build(signer(key))
                    .getEncoded();
            return new Issuer(
                    (X509Certificate)
                            CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der)),
                    key);
        }

        private static ContentSigner signer(KeyPair key) throws Exception {
            return new JcaContentSignerBuilder("SHA256withECDSA").build(key.getPrivate());
        }

        /** Its {@code nextUpdate} is long over. */
        byte[] list(long... serials) throws Exception {
            X500Name name =
                    X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
            X509v2CRLBuilder builder = new X509v2CRLBuilder(name, Date.from(Instant.EPOCH));
            builder.setNextUpdate(Date.from(Instant.EPOCH.plusSeconds(60)));
            for (long serial : serials) {
                builder.addCRLEntry(BigInteger.valueOf(serial), Date.from(Instant.EPOCH), 1);
            }
            return builder.build(signer(key)).getEncoded();
        }

        boolean revoked(CrlFile file, long serial) {
            return file.current().isRevoked(BigInteger.valueOf(serial), certificate);
        }
    }

    @TempDir
    private Path directory;

    private final FakeClock clock = FakeClock.create();
    private final List<String> changes = new ArrayList<>();
    private Path path;
    private Issuer issuer;

    @BeforeEach
    void issuer() throws Exception {
        path = directory.resolve("ca-crl.pem");
        issuer = Issuer.make("root");
    }

    private CrlFile open() {
        CrlFile file = CrlFile.open(path, LOOK, clock.executor());
        file.subscribe(() -> changes.add(file.current().toString()));
        return file;
    }

    private static String pem(byte[]... lists) {
        StringBuilder out = new StringBuilder();
        for (byte[] list : lists) {
            out.append("-----BEGIN X509 CRL-----\n")
                    .append(Base64.getMimeEncoder().encodeToString(list))
                    .append("\n-----END X509 CRL-----\n");
        }
        return out.toString();
    }

    private void replace(String content) throws Exception {
        Path aside = Files.writeString(directory.resolve("aside"), content);
        Files.move(aside, path, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    /** One look to see it, one to see that it stays. */
    private void settle() {
        clock.advance(LOOK.multipliedBy(2));
    }

    @Test
    void open_pem_revokesWhatIsListed_althoughTheListIsOld() throws Exception {
        Issuer other = Issuer.make("other");
        Files.writeString(path, pem(issuer.list(7, 8), other.list(9)));

        CrlFile file = open();

        assertThat(issuer.revoked(file, 7)).isTrue();
        assertThat(issuer.revoked(file, 8)).isTrue();
        assertThat(issuer.revoked(file, 9)).isFalse();
        assertThat(other.revoked(file, 9)).isTrue();
        assertThat(file.problem()).isNull();
    }

    @Test
    void open_der_revokesWhatIsListed() throws Exception {
        Files.write(path, issuer.list(7));

        assertThat(issuer.revoked(open(), 7)).isTrue();
    }

    @Test
    void list_ofAnotherKeyWithTheSameName_saysNothing() throws Exception {
        Files.writeString(path, pem(Issuer.make("root").list(7)));

        assertThat(issuer.revoked(open(), 7)).isFalse();
    }

    @Test
    void open_missing_revokesNothingAndWaitsForIt() throws Exception {
        CrlFile file = open();
        assertThat(issuer.revoked(file, 7)).isFalse();
        assertThat(file.problem()).isEqualTo(path + ": no such file");

        replace(pem(issuer.list(7)));
        settle();

        assertThat(issuer.revoked(file, 7)).isTrue();
        assertThat(changes).containsExactly("1 lists, 1 certificates revoked");
        assertThat(file.problem()).isNull();
    }

    @Test
    void look_empty_revokesNothingAnyMore() throws Exception {
        Files.writeString(path, pem(issuer.list(7)));
        CrlFile file = open();

        replace("");
        settle();

        assertThat(issuer.revoked(file, 7)).isFalse();
        assertThat(file.problem()).isNull();
    }

    @Test
    void look_emptyOnlyWhileItIsWritten_revokesAllTheTime() throws Exception {
        Files.writeString(path, pem(issuer.list(7)));
        CrlFile file = open();

        replace("");
        clock.advance(LOOK);
        assertThat(issuer.revoked(file, 7)).isTrue();
        replace(pem(issuer.list(7, 8)));
        settle();

        assertThat(issuer.revoked(file, 8)).isTrue();
        assertThat(changes).hasSize(1);
    }

    @Test
    void look_unparsableOrGone_keepsThePreviousOnes() throws Exception {
        Files.writeString(path, pem(issuer.list(7)));
        CrlFile file = open();

        for (String broken : new String[] {
            "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "-----BEGIN X509 CRL-----\nMII", "0garbage"
        }) {
            replace(broken);
            settle();
            assertThat(issuer.revoked(file, 7)).as(broken).isTrue();
            assertThat(file.problem()).as(broken).startsWith(path + ": ");
        }
        Files.delete(path);
        settle();

        assertThat(issuer.revoked(file, 7)).isTrue();
        assertThat(changes).isEmpty();
    }

    @Test
    void close_stopsLookingAndKeepsWhatIsKnown() throws Exception {
        Files.write(path, issuer.list(7));
        CrlFile file = open();

        file.close();

        assertThat(clock.pending()).isZero();
        assertThat(issuer.revoked(file, 7)).isTrue();
    }
}
