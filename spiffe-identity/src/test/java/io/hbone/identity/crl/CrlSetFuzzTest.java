package io.hbone.identity.crl;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.hbone.identity.testing.TestAuthority;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Instant;

/** Any bytes: either refused in words, or lists that say nothing of the certificates of an issuer that did not sign them. */
class CrlSetFuzzTest {
    /** The seeds are of another issuer of the same name. */
    private static final X509Certificate ISSUER =
            new TestAuthority("example.org", Instant.parse("2026-01-01T00:00:00Z")).root();

    @FuzzTest(maxDuration = "2m")
    void parse_anyBytes_isRefusedOrRevokesNothingOfAnotherIssuer(byte[] bytes) {
        CrlSet lists;
        try {
            lists = CrlSet.parse(bytes);
        } catch (GeneralSecurityException e) {
            assertThat(e.getMessage()).isNotEmpty();
            return;
        }
        assertThat(lists.toString()).endsWith(" certificates revoked");
        for (long serial : new long[] {1, 2, 4711}) {
            assertThat(lists.isRevoked(BigInteger.valueOf(serial), ISSUER)).isFalse();
        }
    }
}
