package io.hbone.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrustBundleTest {
    private static final TrustDomain EXAMPLE = TrustDomain.of("example.org");

    @Test
    void constructor_listThatChangesLater_isCopied() {
        List<X509Certificate> authorities = new ArrayList<>(Certificates.chain("root"));
        TrustBundle bundle = new TrustBundle(EXAMPLE, authorities);
        authorities.clear();
        assertThat(bundle.authorities()).isUnmodifiable().containsExactly(Certificates.certificate("root"));
    }

    @Test
    void constructor_noAuthorities_isLegalAndMeansRevoked() {
        assertThat(new TrustBundle(EXAMPLE, List.of()).authorities()).isEmpty();
    }

    @Test
    void constructor_nullAuthority_isRefused() {
        List<X509Certificate> authorities = new ArrayList<>();
        authorities.add(null);
        assertThatNullPointerException().isThrownBy(() -> new TrustBundle(EXAMPLE, authorities));
    }

    @Test
    void toString_bundle_saysHowManyAndNoCertificate() {
        assertThat(new TrustBundle(EXAMPLE, Certificates.chain("root"))).hasToString("example.org (authorities: 1)");
    }
}
