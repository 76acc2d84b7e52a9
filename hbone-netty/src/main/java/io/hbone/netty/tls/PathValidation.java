package io.hbone.netty.tls;

import io.hbone.netty.tls.PeerRejectedException.Reason;
import java.security.GeneralSecurityException;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Looks for a path from a leaf to an authority and validates it as RFC 5280 section 6 says. For one use by one thread.
 *
 * <p>What the peer sent after its leaf is a heap of certificates and not an ordered path: an unrelated one, the root, or a second
 * version of an intermediate does no harm. The search is bounded, because an unauthenticated peer decides how much there is to
 * search; the JDK's CertPathBuilder is not.
 */
final class PathValidation {
    /** Intermediates between leaf and authority. */
    private static final int MAX_INTERMEDIATES = 5;

    /** Paths that are tried: each costs a signature check for each certificate. */
    private static final int MAX_ATTEMPTS = 16;

    private static final String SCHEME = "spiffe://";

    /** The type of a uniformResourceIdentifier among subject alternative names (RFC 5280 section 4.2.1.6). */
    private static final Integer URI_NAME = 6;

    private final Authorities authorities;
    private final X509Certificate[] sent;
    private final Instant now;
    private final List<X509Certificate> path = new ArrayList<>();
    private int attempts;
    private @Nullable PeerRejectedException failure;

    /** @param sent the leaf first */
    PathValidation(Authorities authorities, X509Certificate[] sent, Instant now) {
        this.authorities = authorities;
        this.sent = sent;
        this.now = now;
    }

    /**
     * Returns the path: the leaf, the intermediates in use, the authority.
     *
     * @throws PeerRejectedException when there is none that is valid now, with what was wrong with the best one
     */
    List<X509Certificate> validate() throws PeerRejectedException {
        X509Certificate leaf = sent[0];
        path.add(leaf);
        X509Certificate authority = search(leaf);
        if (authority != null) {
            path.add(authority);
            return path;
        }
        if (failure != null) {
            throw failure;
        }
        throw new PeerRejectedException(
                Reason.UNKNOWN_AUTHORITY,
                "not issued by an authority of its trust domain: issuer is " + leaf.getIssuerX500Principal()
                        + " (expected: to end at one of the authorities of " + authorities + ")");
    }

    /** Extends {@link #path}, which ends with {@code last}, until an authority issued its end. */
    private @Nullable X509Certificate search(X509Certificate last) {
        for (X509Certificate authority : authorities.named(last.getIssuerX500Principal())) {
            if (attempts++ < MAX_ATTEMPTS && isValid(authority)) {
                return authority;
            }
        }
        if (path.size() > MAX_INTERMEDIATES) {
            return null;
        }
        for (int i = 1; i < sent.length && attempts < MAX_ATTEMPTS; i++) {
            X509Certificate next = sent[i];
            if (next.getSubjectX500Principal().equals(last.getIssuerX500Principal()) && !path.contains(next)) {
                // Counts as well, or a heap of look-alikes that lead nowhere would be searched for ever.
                attempts++;
                path.add(next);
                X509Certificate authority = search(next);
                if (authority != null) {
                    return authority;
                }
                path.remove(path.size() - 1);
            }
        }
        return null;
    }

    private boolean isValid(X509Certificate authority) {
        // RFC 5280 leaves the anchor's own validity open, and the JDK does not look at it.
        if (now.isAfter(authority.getNotAfter().toInstant())) {
            failed(new PeerRejectedException(
                    Reason.EXPIRED,
                    "its authority " + authority.getSubjectX500Principal() + " expired at "
                            + authority.getNotAfter().toInstant() + " (now: " + now + ")"));
            return false;
        }
        if (now.isBefore(authority.getNotBefore().toInstant())) {
            failed(new PeerRejectedException(
                    Reason.NOT_YET_VALID,
                    "its authority " + authority.getSubjectX500Principal() + " is not valid before "
                            + authority.getNotBefore().toInstant() + " (now: " + now + ")"));
            return false;
        }
        try {
            for (X509Certificate certificate : path) {
                requireStrongSignature(certificate);
            }
            for (X509Certificate intermediate : path.subList(1, path.size())) {
                requireNoWorkload(intermediate);
            }
            pkix(authority);
            return true;
        } catch (PeerRejectedException e) {
            failed(e);
            return false;
        }
    }

    private void pkix(X509Certificate authority) throws PeerRejectedException {
        try {
            PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(authority, null)));
            parameters.setRevocationEnabled(false);
            parameters.setDate(Date.from(now));
            CertPath certPath = CertificateFactory.getInstance("X.509").generateCertPath(path);
            CertPathValidator.getInstance("PKIX").validate(certPath, parameters);
        } catch (CertPathValidatorException e) {
            throw explain(e);
        } catch (GeneralSecurityException e) {
            throw new PeerRejectedException(Reason.BAD_CERTIFICATE, "its chain cannot be validated: " + e, e);
        }
    }

    private PeerRejectedException explain(CertPathValidatorException e) {
        int index = e.getIndex();
        X509Certificate at = path.get(index < 0 || index >= path.size() ? 0 : index);
        String which = at.equals(path.get(0)) ? "it" : "its intermediate " + at.getSubjectX500Principal();
        CertPathValidatorException.Reason reason = e.getReason();
        if (reason == BasicReason.EXPIRED) {
            return new PeerRejectedException(
                    Reason.EXPIRED, which + " expired at " + at.getNotAfter().toInstant() + " (now: " + now + ")", e);
        }
        if (reason == BasicReason.NOT_YET_VALID) {
            return new PeerRejectedException(
                    Reason.NOT_YET_VALID,
                    which + " is not valid before " + at.getNotBefore().toInstant() + " (now: " + now + ")",
                    e);
        }
        if (reason == BasicReason.INVALID_SIGNATURE) {
            return new PeerRejectedException(
                    Reason.UNKNOWN_AUTHORITY,
                    which + " is not signed by " + at.getIssuerX500Principal()
                            + " as this node knows it (expected: a signature of the authorities of " + authorities
                            + ")",
                    e);
        }
        return new PeerRejectedException(Reason.BAD_CERTIFICATE, which + " is not valid: " + e.getMessage(), e);
    }

    /** The first failure is of the path that the peer meant. */
    private void failed(PeerRejectedException e) {
        if (failure == null) {
            failure = e;
        }
    }

    /** Which algorithms the JDK disables is a matter of configuration; these are broken everywhere. */
    private static void requireStrongSignature(X509Certificate certificate) throws PeerRejectedException {
        String algorithm = certificate.getSigAlgName().toUpperCase(Locale.ROOT);
        if (algorithm.startsWith("SHA1") || algorithm.startsWith("MD")) {
            throw new PeerRejectedException(
                    Reason.BAD_CERTIFICATE, "signed with " + algorithm + " (expected: SHA-256 or better)");
        }
    }

    /** A signing certificate names a trust domain and no workload (X509-SVID section 2). */
    private static void requireNoWorkload(X509Certificate intermediate) throws PeerRejectedException {
        Collection<List<?>> names;
        try {
            names = intermediate.getSubjectAlternativeNames();
        } catch (CertificateParsingException e) {
            throw new PeerRejectedException(Reason.BAD_CERTIFICATE, "the names of an intermediate cannot be read", e);
        }
        if (names == null) {
            return;
        }
        for (List<?> name : names) {
            if (URI_NAME.equals(name.get(0)) && isWorkload((String) name.get(1))) {
                throw new PeerRejectedException(
                        Reason.BAD_CERTIFICATE,
                        "an intermediate carries a workload's identity " + name.get(1)
                                + " (expected: none with a path)");
            }
        }
    }

    private static boolean isWorkload(String uri) {
        return uri.regionMatches(true, 0, SCHEME, 0, SCHEME.length()) && uri.indexOf('/', SCHEME.length()) >= 0;
    }
}
