package io.hbone.netty.tls;

import io.hbone.core.RevocationSource;
import io.hbone.core.SpiffeId;
import io.hbone.core.TrustBundle;
import io.hbone.core.TrustBundles;
import io.hbone.core.TrustDomain;
import io.hbone.netty.tls.PeerRejectedException.Reason;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Tells whether a chain is a valid X509-SVID, and whose: the checklist of spec/spire.md 4.2, all but the last check, which is
 * whether it is somebody that the connection is meant for. The leaf's own trust domain says which bundle is used, and bundles
 * are never merged: an authority of one trust domain cannot vouch for another. Safe for use by any thread; a chain that was seen
 * before costs a digest.
 */
final class SvidVerifier {
    /** More is not a chain but an attempt to keep us busy. */
    private static final int MAX_CERTIFICATES = 10;

    private static final int KEY_USAGE_DIGITAL_SIGNATURE = 0;
    private static final int KEY_USAGE_KEY_CERT_SIGN = 5;
    private static final int KEY_USAGE_CRL_SIGN = 6;

    private final TrustBundles bundles;
    private final VerifiedChains verified;
    private final Clock clock;
    private final RevocationSource revocations;

    /** Prepared when a trust domain is first met: most bundles of a large federation are never used. */
    private final Map<TrustDomain, Authorities> prepared = new ConcurrentHashMap<>();

    SvidVerifier(TrustBundles bundles, VerifiedChains verified, Clock clock) {
        this(bundles, verified, clock, RevocationSource.NONE);
    }

    SvidVerifier(TrustBundles bundles, VerifiedChains verified, Clock clock, RevocationSource revocations) {
        this.bundles = bundles;
        this.verified = verified;
        this.clock = clock;
        this.revocations = revocations;
    }

    /**
     * @param chain as the peer sent it, the leaf first
     * @throws PeerRejectedException for whatever is wrong with it, also when reading it fails unexpectedly
     */
    VerifiedPeer verify(X509Certificate @Nullable [] chain, PeerRole role) throws PeerRejectedException {
        if (chain == null || chain.length == 0) {
            throw new PeerRejectedException(
                    Reason.BAD_CERTIFICATE, "peer presented no certificate (expected: an X509-SVID)");
        }
        if (chain.length > MAX_CERTIFICATES) {
            throw new PeerRejectedException(
                    Reason.BAD_CERTIFICATE,
                    "peer presented " + chain.length + " certificates (expected: <= " + MAX_CERTIFICATES + ")");
        }
        try {
            Instant now = clock.instant();
            ByteBuffer digest = digest(chain);
            VerifiedPeer known = verified.get(digest);
            if (known != null
                    && known.holdsAt(now)
                    && known.mayBe(role)
                    && known.authorities().equals(authoritiesOf(known.id().trustDomain()))) {
                return notRevoked(known);
            }
            VerifiedPeer peer = verifyAnew(chain, role, now);
            verified.put(digest, peer);
            return notRevoked(peer);
        } catch (PeerRejectedException e) {
            throw e;
        } catch (CertificateException | RuntimeException e) {
            // The JDK throws NullPointerException and others at certificates that it did not foresee (spec/spire.md
            // 4.2).
            throw new PeerRejectedException(
                    Reason.BAD_CERTIFICATE, "peer presented a certificate that cannot be read: " + e, e);
        }
    }

    /** Asked for known chains as well: what is remembered says nothing about lists that came since. */
    private VerifiedPeer notRevoked(VerifiedPeer peer) throws PeerRejectedException {
        if (peer.isRevoked(revocations.current())) {
            throw peer.revoked();
        }
        return peer;
    }

    private VerifiedPeer verifyAnew(X509Certificate[] chain, PeerRole role, Instant now) throws CertificateException {
        X509Certificate leaf = chain[0];
        SpiffeId id;
        try {
            id = SpiffeId.of(leaf);
        } catch (CertificateException e) {
            throw new PeerRejectedException(
                    Reason.BAD_CERTIFICATE, "peer presented no SPIFFE identity: " + e.getMessage(), e);
        }
        Authorities authorities = authoritiesOf(id.trustDomain());
        if (authorities == null || authorities.isEmpty()) {
            throw untrusted(id, authorities);
        }
        try {
            requireLeaf(leaf);
            List<String> purposes = leaf.getExtendedKeyUsage();
            requirePurpose(purposes, role);
            List<X509Certificate> path = new PathValidation(authorities, chain, now).validate();
            return verifiedPeer(id, path, purposes, authorities);
        } catch (PeerRejectedException e) {
            throw new PeerRejectedException(
                    e.reason(),
                    "peer presented " + id + " (serial: " + serial(leaf) + "): " + e.getMessage(),
                    e.getCause());
        }
    }

    private @Nullable Authorities authoritiesOf(TrustDomain trustDomain) throws CertificateEncodingException {
        Authorities known = prepared.get(trustDomain);
        if (known != null) {
            return known;
        }
        TrustBundle bundle = bundles.of(trustDomain);
        if (bundle == null) {
            // Not remembered: strangers make up as many names as they like.
            return null;
        }
        Authorities authorities = new Authorities(bundle);
        prepared.put(trustDomain, authorities);
        return authorities;
    }

    /** In the words of ztunnel (spec/ztunnel.md 2.7). */
    private PeerRejectedException untrusted(SpiffeId id, @Nullable Authorities authorities) {
        Set<String> trusted = new TreeSet<>();
        for (TrustBundle bundle : bundles.all()) {
            if (!bundle.authorities().isEmpty()) {
                trusted.add(bundle.trustDomain().name());
            }
        }
        return new PeerRejectedException(
                Reason.UNKNOWN_AUTHORITY,
                "identity verification error: peer did not present the expected trustdomain ("
                        + Listing.of(trusted) + "), got " + id
                        + (authorities == null ? " (no bundle)" : " (an empty bundle: its trust is revoked)"));
    }

    private static void requireLeaf(X509Certificate leaf) throws PeerRejectedException {
        if (leaf.getBasicConstraints() != -1) {
            throw new PeerRejectedException(
                    Reason.BAD_CERTIFICATE, "its leaf is a CA (expected: basicConstraints without cA)");
        }
        boolean[] usage = leaf.getKeyUsage();
        if (usage == null) {
            return;
        }
        if (usage[KEY_USAGE_KEY_CERT_SIGN] || usage[KEY_USAGE_CRL_SIGN]) {
            throw new PeerRejectedException(
                    Reason.BAD_CERTIFICATE,
                    "its leaf may sign certificates or revocation lists (expected: keyUsage without keyCertSign and cRLSign)");
        }
        if (!usage[KEY_USAGE_DIGITAL_SIGNATURE]) {
            throw new PeerRejectedException(
                    Reason.BAD_CERTIFICATE,
                    "its leaf may not sign handshakes (expected: keyUsage with digitalSignature)");
        }
    }

    private static void requirePurpose(@Nullable List<String> purposes, PeerRole role) throws PeerRejectedException {
        if (!isFor(purposes, role)) {
            throw new PeerRejectedException(
                    Reason.BAD_CERTIFICATE,
                    "its leaf has the extended key usage " + purposes + " (expected: none, or one with "
                            + role.purposeName() + ")");
        }
    }

    private static boolean isFor(@Nullable List<String> purposes, PeerRole role) {
        return purposes == null || purposes.contains(role.keyPurpose());
    }

    private static VerifiedPeer verifiedPeer(
            SpiffeId id, List<X509Certificate> path, @Nullable List<String> purposes, Authorities authorities)
            throws CertificateParsingException {
        Instant notBefore = Instant.MIN;
        Instant notAfter = Instant.MAX;
        for (X509Certificate certificate : path) {
            Instant from = certificate.getNotBefore().toInstant();
            Instant to = certificate.getNotAfter().toInstant();
            notBefore = from.isAfter(notBefore) ? from : notBefore;
            notAfter = to.isBefore(notAfter) ? to : notAfter;
        }
        return new VerifiedPeer(
                id,
                path.get(0).getSerialNumber(),
                path.subList(1, path.size()),
                notBefore,
                notAfter,
                isFor(purposes, PeerRole.SERVER),
                isFor(purposes, PeerRole.CLIENT),
                authorities);
    }

    /** Lengths are part of it, or one certificate's end could pass for another's beginning. */
    private static ByteBuffer digest(X509Certificate[] chain) throws CertificateEncodingException {
        MessageDigest sha256 = Digests.sha256();
        for (X509Certificate certificate : chain) {
            byte[] der = certificate.getEncoded();
            sha256.update((byte) (der.length >>> 16));
            sha256.update((byte) (der.length >>> 8));
            sha256.update((byte) der.length);
            sha256.update(der);
        }
        return ByteBuffer.wrap(sha256.digest());
    }

    private static String serial(X509Certificate certificate) {
        return certificate.getSerialNumber().toString(16);
    }
}
