package io.hbone.identity.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;

/** Any bytes, as PEM or within it: either refused in words, or a request with a key that we support and few names. */
class CertificateRequestsFuzzTest {
    @FuzzTest(maxDuration = "2m")
    void read_anyBytes_isRefusedOrHasASupportedKey(byte[] bytes) throws GeneralSecurityException {
        boolean pem = bytes.length == 0 || bytes[0] == '-';
        String text = pem ? new String(bytes, StandardCharsets.ISO_8859_1) : Pem.write("CERTIFICATE REQUEST", bytes);
        CertificateRequests.Request request;
        try {
            request = CertificateRequests.read(text);
        } catch (GeneralSecurityException e) {
            assertThat(e.getMessage()).isNotEmpty();
            return;
        }
        KeyKinds.require(request.key());
        assertThat(request.uris()).hasSizeLessThanOrEqualTo(16).doesNotContainNull();
    }
}
