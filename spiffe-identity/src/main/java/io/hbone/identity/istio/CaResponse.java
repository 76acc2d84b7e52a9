package io.hbone.identity.istio;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustBundle;
import io.hbone.core.TrustBundles;
import io.hbone.core.WorkloadCertificate;
import io.hbone.identity.internal.Pem;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a CA answers, judged: leaf, intermediates, and in the last entry the roots (spec/ztunnel.md 9.2). */
final class CaResponse {
    private static final int MIN_ENTRIES = 2;

    /** More entries are no chain. */
    private static final int MAX_ENTRIES = 16;

    private CaResponse() {}

    /**
     * @param entries as they came
     * @param asked whose certificate it must be
     * @param key that it must be for
     * @throws GeneralSecurityException with what is wrong with the answer
     */
    static WorkloadCertificate read(List<String> entries, SpiffeId asked, KeyPair key, Instant now)
            throws GeneralSecurityException {
        if (entries.size() < MIN_ENTRIES || entries.size() > MAX_ENTRIES) {
            throw new GeneralSecurityException("cert_chain of " + entries.size() + " entries (expected: " + MIN_ENTRIES
                    + " to " + MAX_ENTRIES + ", the leaf first and the roots last)");
        }
        List<X509Certificate> chain = new ArrayList<>();
        for (String entry : entries.subList(0, entries.size() - 1)) {
            chain.addAll(Pem.certificates(entry));
        }
        List<X509Certificate> roots = Pem.certificates(entries.get(entries.size() - 1));
        X509Certificate leaf = chain.get(0);
        SpiffeId id = SpiffeId.of(leaf);
        if (!id.equals(asked)) {
            throw new GeneralSecurityException("a certificate of " + id + " (expected: of " + asked + ")");
        }
        if (!leaf.getPublicKey().equals(key.getPublic())) {
            throw new GeneralSecurityException("a certificate for another key (expected: for the key of the request)");
        }
        // Some CAs send the root along: peers have it.
        chain.subList(1, chain.size()).removeIf(certificate -> new HashSet<>(roots).contains(certificate));
        WorkloadCertificate certificate;
        try {
            TrustBundles bundles = TrustBundles.of(new TrustBundle(asked.trustDomain(), roots));
            certificate = WorkloadCertificate.of(chain, key.getPrivate(), bundles);
        } catch (IllegalArgumentException e) {
            throw new GeneralSecurityException(e.getMessage(), e);
        }
        if (!certificate.isValidAt(now)) {
            throw new GeneralSecurityException("a certificate valid from " + certificate.notBefore() + " to "
                    + certificate.notAfter() + " (now: " + now + "): look at the clocks of both");
        }
        requirePath(chain, roots, now);
        return certificate;
    }

    private static void requirePath(List<X509Certificate> chain, List<X509Certificate> roots, Instant now)
            throws GeneralSecurityException {
        Set<TrustAnchor> anchors = new HashSet<>();
        roots.forEach(root -> anchors.add(new TrustAnchor(root, null)));
        try {
            PKIXParameters parameters = new PKIXParameters(anchors);
            parameters.setRevocationEnabled(false);
            parameters.setDate(Date.from(now));
            CertPath path = CertificateFactory.getInstance("X.509").generateCertPath(chain);
            CertPathValidator.getInstance("PKIX").validate(path, parameters);
        } catch (GeneralSecurityException | RuntimeException e) {
            // NullPointerException at name constraints that the JDK did not foresee (spec/spire.md 4.2).
            throw new GeneralSecurityException(
                    "a chain that does not lead to the roots that came with it: " + e.getMessage(), e);
        }
    }
}
