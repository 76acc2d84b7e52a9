package io.hbone.identity.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.core.TrustBundles;
import io.hbone.core.WorkloadCertificate;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PemTest {

    static String resource(String name) throws Exception {
        try (InputStream in = PemTest.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "sec1.crt, sec1.key",
        "sec1.crt, sec1-with-parameters.key",
        "pkcs1.crt, pkcs1.key",
        "ed25519.crt, ed25519.key"
    })
    void privateKey_inEveryFormOfOpenssl_fitsItsCertificate(String certificate, String key) throws Exception {
        List<X509Certificate> chain = Pem.certificates(resource(certificate));

        PrivateKey read = Pem.privateKey(resource(key), chain.get(0).getPublicKey());

        // Checks with a signature that the two belong together.
        assertThat(WorkloadCertificate.of(chain, read, TrustBundles.EMPTY).id())
                .hasToString("spiffe://cluster.local/ns/default/sa/test");
    }

    @Test
    void write_keyAndCertificates_areReadBack() throws Exception {
        List<X509Certificate> chain = List.of(
                Pem.certificates(resource("sec1.crt")).get(0),
                Pem.certificates(resource("pkcs1.crt")).get(0));
        PrivateKey key = Pem.privateKey(resource("sec1.key"), chain.get(0).getPublicKey());

        assertThat(Pem.certificates("anything\n" + Pem.write(chain) + "\r\nmore\r\n"))
                .isEqualTo(chain);
        assertThat(Pem.privateKey(Pem.write(key), chain.get(0).getPublicKey())).isEqualTo(key);
    }

    @Test
    void certificates_wrongText_saysWhatIsWrong() throws Exception {
        String good = resource("sec1.crt");

        assertThatThrownBy(() -> Pem.certificates(""))
                .hasMessage("no certificate in it (expected: -----BEGIN CERTIFICATE-----)");
        assertThatThrownBy(() -> Pem.certificates(good.substring(0, good.length() / 2)))
                .hasMessage("CERTIFICATE without an end (expected: -----END CERTIFICATE-----)");
        assertThatThrownBy(() -> Pem.certificates("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"))
                .hasMessage("CERTIFICATE that is not base64");
        assertThatThrownBy(() -> Pem.certificates("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
                .isInstanceOf(GeneralSecurityException.class);
    }

    @Test
    void privateKey_wrongText_saysWhatIsWrongAndNothingOfTheKey() throws Exception {
        X509Certificate certificate = Pem.certificates(resource("sec1.crt")).get(0);
        String key = resource("sec1.key");

        assertThatThrownBy(() -> Pem.privateKey("", certificate.getPublicKey()))
                .hasMessage("no private key in it (expected: -----BEGIN PRIVATE KEY-----)");
        assertThatThrownBy(() -> Pem.privateKey(key + key, certificate.getPublicKey()))
                .hasMessage("two private keys in it (expected: one)");
        assertThatThrownBy(() -> Pem.privateKey(resource("encrypted.key"), certificate.getPublicKey()))
                .hasMessage("ENCRYPTED PRIVATE KEY in it (expected: PRIVATE KEY, not encrypted)");
        assertThatThrownBy(() -> Pem.privateKey(resource("pkcs1.key"), certificate.getPublicKey()))
                .isInstanceOf(GeneralSecurityException.class);
    }
}
