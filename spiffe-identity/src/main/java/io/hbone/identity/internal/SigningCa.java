package io.hbone.identity.internal;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * A key that signs certificates, and its own certificate. Every authority of this module issues by it. Immutable; safe for use
 * by any thread.
 */
public final class SigningCa {
    /** How far certificates start in the past, so that clocks may differ. */
    public static final Duration BACKDATE = Duration.ofMinutes(1);

    private static final int KEY_USAGE_KEY_CERT_SIGN = 5;

    private static final byte[] PROBE = {'f', 'i', 't', 's', '?'};

    private final X509Certificate certificate;
    private final PrivateKey key;

    private SigningCa(X509Certificate certificate, PrivateKey key) {
        this.certificate = certificate;
        this.key = key;
    }

    /** A new key on P-256, for whoever wants a certificate. */
    public static KeyPair newKey() throws GeneralSecurityException {
        return X509Issuer.newKey();
    }

    /** @throws GeneralSecurityException when the certificate is no CA's, the key is another's, or it has ended by {@code now} */
    public static SigningCa of(X509Certificate certificate, PrivateKey key, Instant now)
            throws GeneralSecurityException {
        if (certificate.getBasicConstraints() < 0) {
            throw new GeneralSecurityException("not a CA's certificate");
        }
        boolean[] usage = certificate.getKeyUsage();
        if (usage != null && !usage[KEY_USAGE_KEY_CERT_SIGN]) {
            throw new GeneralSecurityException("keyUsage without keyCertSign (expected: with)");
        }
        Instant end = certificate.getNotAfter().toInstant();
        if (!now.isBefore(end)) {
            throw new GeneralSecurityException("ended " + end);
        }
        requireKeyOf(certificate, key);
        return new SigningCa(certificate, key);
    }

    /** A new root that is its own issuer. */
    static SigningCa create(String commonName, TrustDomain trustDomain, Instant now, Duration lifetime)
            throws GeneralSecurityException {
        Instant start = now.truncatedTo(ChronoUnit.SECONDS);
        KeyPair pair = X509Issuer.newKey();
        X509Certificate root =
                X509Issuer.root(pair, commonName, trustDomain, start.minus(BACKDATE), start.plus(lifetime));
        return new SigningCa(root, pair.getPrivate());
    }

    /** Whose signature is on what it issues. */
    public X509Certificate certificate() {
        return certificate;
    }

    PrivateKey key() {
        return key;
    }

    /**
     * A workload's certificate, valid from a minute ago to {@code notAfter}.
     *
     * @throws GeneralSecurityException when the key is of an unsupported kind or the CA itself ends before
     */
    public X509Certificate svid(SpiffeId id, PublicKey subject, Instant now, Instant notAfter)
            throws GeneralSecurityException {
        requireUntil(notAfter);
        KeyKinds.require(subject);
        return X509Issuer.svid(id, subject, certificate, key, start(now), notAfter);
    }

    /** A server's certificate, likewise. */
    public X509Certificate server(List<String> dnsNames, PublicKey subject, Instant now, Instant notAfter)
            throws GeneralSecurityException {
        requireUntil(notAfter);
        return X509Issuer.server(dnsNames, subject, certificate, key, start(now), notAfter);
    }

    private static Instant start(Instant now) {
        return now.truncatedTo(ChronoUnit.SECONDS).minus(BACKDATE);
    }

    private void requireUntil(Instant notAfter) throws GeneralSecurityException {
        Instant end = certificate.getNotAfter().toInstant();
        if (notAfter.isAfter(end)) {
            throw new GeneralSecurityException("ends " + end + ", before what it would issue (" + notAfter + ")");
        }
    }

    private static void requireKeyOf(X509Certificate certificate, PrivateKey key) throws GeneralSecurityException {
        String algorithm = KeyKinds.signature(key);
        Signature signature = Signature.getInstance(algorithm);
        signature.initSign(key);
        signature.update(PROBE);
        byte[] signed = signature.sign();
        Signature verifier = Signature.getInstance(algorithm);
        verifier.initVerify(certificate.getPublicKey());
        verifier.update(PROBE);
        if (!verifier.verify(signed)) {
            throw new GeneralSecurityException("another key (expected: the one of its certificate)");
        }
    }
}
