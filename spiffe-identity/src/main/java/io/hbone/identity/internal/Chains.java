package io.hbone.identity.internal;

import io.hbone.core.TrustBundle;
import io.hbone.core.WorkloadCertificate;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXCertPathBuilderResult;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Whether a certificate is signed by the trust domain that it claims (spec/spire.md 4.2 check 9). */
public final class Chains {
    private Chains() {}

    /**
     * Looks at a certificate of ours: a peer that shares the bundle would refuse it otherwise, one connection after another.
     *
     * @return the authority that the chain leads to
     * @throws GeneralSecurityException saying why it leads to none
     */
    static X509Certificate verify(WorkloadCertificate certificate, Instant now) throws GeneralSecurityException {
        TrustBundle own = certificate.bundles().of(certificate.id().trustDomain());
        if (own == null || own.authorities().isEmpty()) {
            throw new GeneralSecurityException("no authorities of "
                    + certificate.id().trustDomain() + " (expected: the bundle of the certificate's own trust domain)");
        }
        return verify(certificate.chain(), own, now);
    }

    /**
     * Builds a path to an authority of {@code bundle}.
     *
     * @param chain the leaf first, the others in any order; not empty
     * @return the authority that the chain leads to
     * @throws GeneralSecurityException saying why it leads to none
     */
    public static X509Certificate verify(List<X509Certificate> chain, TrustBundle bundle, Instant now)
            throws GeneralSecurityException {
        Set<TrustAnchor> anchors = new HashSet<>();
        for (X509Certificate authority : bundle.authorities()) {
            anchors.add(new TrustAnchor(authority, null));
        }
        X509CertSelector leaf = new X509CertSelector();
        leaf.setCertificate(chain.get(0));
        try {
            PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, leaf);
            parameters.setRevocationEnabled(false);
            parameters.setDate(Date.from(now));
            parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(chain)));
            PKIXCertPathBuilderResult result = (PKIXCertPathBuilderResult)
                    CertPathBuilder.getInstance("PKIX").build(parameters);
            return result.getTrustAnchor().getTrustedCert();
        } catch (GeneralSecurityException | RuntimeException e) {
            // Runtime: the JDK's name constraints do so for a trust domain that is not a DNS name (spec/spire.md 4.2).
            throw new GeneralSecurityException(
                    "its chain does not lead to an authority of " + bundle.trustDomain()
                            + " (expected: signed by one of its own bundle): " + e.getMessage(),
                    e);
        }
    }
}
