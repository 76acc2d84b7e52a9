package io.hbone.identity.ca;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.identity.internal.OwnerOnlyFiles;
import io.hbone.identity.internal.Pem;
import io.hbone.identity.internal.SigningCa;
import io.hbone.identity.internal.StoredCa;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Signs the certificates of one trust domain: by a root of its own that it keeps on disk, or by an intermediate that somebody gave
 * it. Immutable; safe for use by any thread.
 */
public final class CertificateAuthority {
    private static final String NAME = "ca";

    private final TrustDomain trustDomain;
    private final SigningCa ca;
    private final List<X509Certificate> intermediates;
    private final List<X509Certificate> roots;
    private final Clock clock;

    private CertificateAuthority(
            TrustDomain trustDomain,
            SigningCa ca,
            List<X509Certificate> intermediates,
            List<X509Certificate> roots,
            Clock clock) {
        this.trustDomain = trustDomain;
        this.ca = ca;
        this.intermediates = List.copyOf(intermediates);
        this.roots = List.copyOf(roots);
        this.clock = clock;
    }

    /**
     * The root of {@code trustDomain} in {@code directory}, which is made when there is none: {@code ca-<trust domain>.pem} with the
     * key, readable by its owner alone, and {@link #rootFile} for those who verify.
     *
     * @throws IOException when it cannot be read or made, or somebody else could have read or changed it; the message says why
     */
    public static CertificateAuthority open(Path directory, TrustDomain trustDomain, Clock clock) throws IOException {
        try {
            SigningCa ca = StoredCa.open(directory, NAME, "hbone CA", trustDomain, clock);
            return new CertificateAuthority(trustDomain, ca, List.of(), List.of(ca.certificate()), clock);
        } catch (IOException e) {
            throw new IOException("CA in " + directory + ": " + e.getMessage(), e);
        }
    }

    /** Where {@link #open} leaves the root's certificate. */
    public static Path rootFile(Path directory, TrustDomain trustDomain) {
        return StoredCa.certificateFile(directory, NAME, trustDomain);
    }

    /**
     * An intermediate that somebody else issued and keeps.
     *
     * @param chain PEM: the signing certificate first, then those between it and the root; a root at the end is taken for one
     * @param key PEM, of the signing certificate; may be readable by its owner alone
     * @param roots PEM; null when {@code chain} ends with the root
     * @throws IOException when they cannot be read or do not fit together; the message says what is wrong
     */
    public static CertificateAuthority intermediate(
            Path chain, Path key, @Nullable Path roots, TrustDomain trustDomain, Clock clock) throws IOException {
        List<X509Certificate> certificates = certificates(chain);
        X509Certificate signing = certificates.get(0);
        X509Certificate last = certificates.get(certificates.size() - 1);
        boolean endsWithRoot = last.getSubjectX500Principal().equals(last.getIssuerX500Principal());
        if (roots == null && !endsWithRoot) {
            throw new IOException(
                    chain + ": does not end with a root (expected: the root at its end, or a file with roots)");
        }
        List<X509Certificate> anchors = roots == null ? List.of(last) : certificates(roots);
        List<X509Certificate> between = certificates.subList(0, certificates.size() - (endsWithRoot ? 1 : 0));
        try {
            OwnerOnlyFiles.requireSecret(key);
            String text = Files.readString(key, StandardCharsets.ISO_8859_1);
            PrivateKey privateKey = Pem.privateKey(text, signing.getPublicKey());
            SigningCa ca = SigningCa.of(signing, privateKey, clock.instant());
            requireLinked(certificates, anchors);
            return new CertificateAuthority(trustDomain, ca, between, anchors, clock);
        } catch (NoSuchFileException e) {
            throw new IOException(e.getFile() + ": no such file", e);
        } catch (GeneralSecurityException e) {
            throw new IOException(chain + ", " + key + ": " + e.getMessage(), e);
        }
    }

    private static void requireLinked(List<X509Certificate> chain, List<X509Certificate> roots)
            throws GeneralSecurityException {
        for (int i = 0; i < chain.size(); i++) {
            X509Certificate certificate = chain.get(i);
            if (roots.contains(certificate)) {
                return;
            }
            List<X509Certificate> issuers = i + 1 < chain.size() ? List.of(chain.get(i + 1)) : roots;
            boolean signed = false;
            for (X509Certificate issuer : issuers) {
                signed |= isSignedBy(certificate, issuer);
            }
            if (!signed) {
                throw new GeneralSecurityException(certificate.getSubjectX500Principal()
                        + " is not signed by what follows it (expected: each by the next, the last by a root)");
            }
        }
    }

    private static boolean isSignedBy(X509Certificate certificate, X509Certificate issuer) {
        try {
            certificate.verify(issuer.getPublicKey());
            return certificate.getIssuerX500Principal().equals(issuer.getSubjectX500Principal());
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static List<X509Certificate> certificates(Path file) throws IOException {
        try {
            return Pem.certificates(Files.readString(file, StandardCharsets.ISO_8859_1));
        } catch (NoSuchFileException e) {
            throw new IOException(file + ": no such file", e);
        } catch (GeneralSecurityException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    /** Whose members' certificates it signs. */
    public TrustDomain trustDomain() {
        return trustDomain;
    }

    /** By which its certificates are verified. Immutable. */
    public List<X509Certificate> roots() {
        return roots;
    }

    /** What a peer needs besides a leaf to get to a root; empty when the root itself signs. Immutable. */
    public List<X509Certificate> intermediates() {
        return intermediates;
    }

    /** When it can sign no more. */
    public Instant notAfter() {
        return ca.certificate().getNotAfter().toInstant();
    }

    /**
     * A certificate, valid from a minute ago for {@code lifetime} from now on, or until the CA itself ends if that is sooner.
     *
     * @throws GeneralSecurityException when the id is of another trust domain, the key of an unsupported kind, or the CA has ended
     */
    public X509Certificate issue(SpiffeId id, PublicKey key, Duration lifetime) throws GeneralSecurityException {
        if (!id.trustDomain().equals(trustDomain)) {
            throw new GeneralSecurityException("trust domain of " + id + " (expected: " + trustDomain + ", the CA's)");
        }
        Instant now = clock.instant();
        return ca.svid(id, key, now, end(now, lifetime));
    }

    /** The certificate of a server, with no identity of a workload. */
    X509Certificate issueServing(List<String> dnsNames, PublicKey key, Duration lifetime)
            throws GeneralSecurityException {
        Instant now = clock.instant();
        return ca.server(dnsNames, key, now, end(now, lifetime));
    }

    private Instant end(Instant now, Duration lifetime) throws GeneralSecurityException {
        Instant own = notAfter();
        if (!now.isBefore(own)) {
            throw new GeneralSecurityException("the CA ended " + own);
        }
        Instant asked = now.truncatedTo(ChronoUnit.SECONDS).plus(lifetime);
        return asked.isAfter(own) ? own : asked;
    }
}
