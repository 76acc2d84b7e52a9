package io.hbone.identity.spire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.protobuf.ByteString;
import io.hbone.identity.testing.TestAuthority;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class DerCertificatesTest {
    private static final X509Certificate ROOT =
            new TestAuthority("example.org", Instant.parse("2026-01-01T00:00:00Z")).root();

    @Test
    void certificates_oneBehindTheOther_areRead() throws CertificateException {
        ByteString der = ByteString.copyFrom(ROOT.getEncoded());
        assertThat(DerCertificates.parse(der)).containsExactly(ROOT);
        assertThat(DerCertificates.parse(der.concat(der))).containsExactly(ROOT, ROOT);
        assertThat(DerCertificates.parse(ByteString.EMPTY)).isEmpty();
    }

    /** The JDK's reader takes garbage for no certificates, which would mean that a trust domain is revoked. */
    @Test
    void whatIsNotWhole_isRefused() throws CertificateEncodingException {
        ByteString der = ByteString.copyFrom(ROOT.getEncoded());
        for (ByteString bad : List.of(
                ByteString.copyFromUtf8("garbage"),
                ByteString.copyFromUtf8("0"),
                der.substring(0, der.size() - 1),
                der.concat(ByteString.copyFromUtf8("x")),
                ByteString.copyFrom(new byte[] {0x30, 0}),
                ByteString.copyFrom(new byte[] {0x30, (byte) 0x80, 0, 0}),
                ByteString.copyFrom(new byte[] {0x30, (byte) 0x84, 127, -1, -1, -1}))) {
            assertThatThrownBy(() -> DerCertificates.parse(bad)).isInstanceOf(CertificateException.class);
        }
    }

    @FuzzTest(maxDuration = "1m")
    void parse_anyBytes_isRefusedOrReadsBackEqual(byte[] bytes) throws IOException, CertificateEncodingException {
        List<X509Certificate> read;
        try {
            read = DerCertificates.parse(ByteString.copyFrom(bytes));
        } catch (CertificateException e) {
            return;
        }
        ByteArrayOutputStream again = new ByteArrayOutputStream();
        for (X509Certificate certificate : read) {
            again.write(certificate.getEncoded());
        }
        assertThat(again.toByteArray()).isEqualTo(bytes);
    }
}
