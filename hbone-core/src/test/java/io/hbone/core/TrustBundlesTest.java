package io.hbone.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class TrustBundlesTest {
    private static final TrustDomain EXAMPLE = TrustDomain.of("example.org");
    private static final TrustDomain PARTNER = TrustDomain.of("partner.example");
    private static final TrustBundle OURS = new TrustBundle(EXAMPLE, Certificates.chain("root"));
    private static final TrustBundle THEIRS = new TrustBundle(PARTNER, Certificates.chain("root-partner"));

    @Test
    void of_trustDomain_isItsOwnBundleAndNoOther() {
        TrustBundles bundles = TrustBundles.of(OURS, THEIRS);
        assertThat(bundles.of(EXAMPLE)).isSameAs(OURS);
        assertThat(bundles.of(PARTNER)).isSameAs(THEIRS);
        assertThat(bundles.trustDomains()).containsExactlyInAnyOrder(EXAMPLE, PARTNER);
        assertThat(bundles.all()).containsExactlyInAnyOrder(OURS, THEIRS);
    }

    @Test
    void allAndTrustDomains_changedByTheCaller_areRefused() {
        TrustBundles bundles = TrustBundles.of(OURS);
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> bundles.all().clear());
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> bundles.trustDomains().clear());
    }

    @Test
    void of_unknownTrustDomain_isNone() {
        assertThat(TrustBundles.of(OURS).of(PARTNER)).isNull();
        assertThat(TrustBundles.EMPTY.of(EXAMPLE)).isNull();
        assertThat(TrustBundles.of()).isEqualTo(TrustBundles.EMPTY);
    }

    @Test
    void of_emptyBundle_isKept() {
        TrustBundle revoked = new TrustBundle(EXAMPLE, List.of());
        assertThat(TrustBundles.of(revoked).of(EXAMPLE)).isSameAs(revoked);
    }

    @Test
    void of_twoBundlesOfOneTrustDomain_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TrustBundles.of(OURS, new TrustBundle(EXAMPLE, List.of())))
                .withMessage("bundles: two of example.org (expected: one of each trust domain)");
    }

    @Test
    void with_bundle_isAddedOrReplacedInACopy() {
        TrustBundles one = TrustBundles.of(OURS);
        TrustBundles two = one.with(THEIRS);
        assertThat(two).isEqualTo(TrustBundles.of(THEIRS, OURS)).hasSameHashCodeAs(TrustBundles.of(THEIRS, OURS));
        TrustBundle revoked = new TrustBundle(EXAMPLE, List.of());
        assertThat(two.with(revoked).of(EXAMPLE)).isSameAs(revoked);
        assertThat(one.trustDomains()).containsExactly(EXAMPLE);
        assertThat(one).isNotEqualTo(two).isNotEqualTo("example.org");
    }

    @Test
    void toString_bundles_saysWhoIsBelieved() {
        assertThat(TrustBundles.of(OURS)).hasToString("[example.org (authorities: 1)]");
    }
}
