package io.hbone.core;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.ProviderException;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.NamedParameterSpec;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An X509-SVID: the certificate chain and the private key that prove who a workload is, with the bundles by which it
 * judges others. It is complete and consistent or does not exist: everything that can be checked without a clock and
 * without the peer is checked when it is made (X509-SVID sections 2 to 5, spec/spire.md 4.2), so a certificate that
 * cannot work is reported where it was loaded and not by a failing handshake. Immutable.
 *
 * <p>Whether the signer is believed is not checked: that is the peer's to say.
 */
public final class WorkloadCertificate {
    /** The orders of the curves P-256 and P-384 (FIPS 186-4 appendix D.1.2): they tell the curves from all others. */
    private static final BigInteger P256_ORDER =
            new BigInteger("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16);

    private static final BigInteger P384_ORDER = new BigInteger(
            "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16);

    private static final int MIN_RSA_BITS = 2048;

    private static final int KEY_USAGE_DIGITAL_SIGNATURE = 0;
    private static final int KEY_USAGE_KEY_CERT_SIGN = 5;
    private static final int KEY_USAGE_CRL_SIGN = 6;

    private static final byte[] PROBE = "hbone-java: does this key fit".getBytes(StandardCharsets.US_ASCII);

    private final SpiffeId id;
    private final List<X509Certificate> chain;
    private final PrivateKey privateKey;
    private final TrustBundles bundles;
    private final String serial;
    private final Instant notBefore;
    private final Instant notAfter;

    private WorkloadCertificate(
            SpiffeId id,
            List<X509Certificate> chain,
            PrivateKey privateKey,
            TrustBundles bundles,
            Instant notBefore,
            Instant notAfter) {
        this.id = id;
        this.chain = chain;
        this.privateKey = privateKey;
        this.bundles = bundles;
        this.serial = chain.get(0).getSerialNumber().toString(16);
        this.notBefore = notBefore;
        this.notAfter = notAfter;
    }

    /**
     * Checks and joins the material. Costs a signature. An expired certificate is accepted, as there is no clock here:
     * see {@link #isValidAt}.
     *
     * @param chain the leaf first, then what a peer needs to get to a root; copied
     * @param key the leaf's key: ECDSA P-256 or P-384, Ed25519, or RSA of 2048 bits or more; it may live in a device
     * @param bundles by which peers are judged
     * @throws IllegalArgumentException when the chain is empty; when the leaf has not exactly one URI name that is a
     *     strict SPIFFE id with a path, is a CA, or may sign certificates or revocation lists, or may not sign
     *     handshakes; when there is no moment at which the whole chain is valid; when the key is of another kind or
     *     does not belong to the leaf
     */
    public static WorkloadCertificate of(List<X509Certificate> chain, PrivateKey key, TrustBundles bundles) {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(bundles, "bundles");
        List<X509Certificate> copy = List.copyOf(chain);
        if (copy.isEmpty()) {
            throw new IllegalArgumentException("chain: empty (expected: at least the leaf)");
        }
        X509Certificate leaf = copy.get(0);
        SpiffeId id = idOf(leaf);
        requireLeaf(leaf);
        requireKeyOf(leaf, key);
        Instant notBefore = Instant.MIN;
        Instant notAfter = Instant.MAX;
        for (X509Certificate certificate : copy) {
            Instant from = certificate.getNotBefore().toInstant();
            Instant to = certificate.getNotAfter().toInstant();
            notBefore = from.isAfter(notBefore) ? from : notBefore;
            notAfter = to.isBefore(notAfter) ? to : notAfter;
        }
        if (notBefore.isAfter(notAfter)) {
            throw new IllegalArgumentException(
                    "chain: valid from " + notBefore + " to " + notAfter + " (expected: the start before the end)");
        }
        return new WorkloadCertificate(id, copy, key, bundles, notBefore, notAfter);
    }

    /** Who it proves its holder to be. */
    public SpiffeId id() {
        return id;
    }

    /** The leaf first. Immutable, never empty. */
    public List<X509Certificate> chain() {
        return chain;
    }

    /** The first certificate of the chain. */
    public X509Certificate leaf() {
        return chain.get(0);
    }

    /** The leaf's key. */
    public PrivateKey privateKey() {
        return privateKey;
    }

    /** By which peers are judged. */
    public TrustBundles bundles() {
        return bundles;
    }

    /** The leaf's serial number, hexadecimal in lower case, without leading zeros. */
    public String serial() {
        return serial;
    }

    /** From when on the whole chain is valid: the latest start in it. */
    public Instant notBefore() {
        return notBefore;
    }

    /** Until when the whole chain is valid, inclusive: the earliest end in it, which need not be the leaf's. */
    public Instant notAfter() {
        return notAfter;
    }

    /** Whether the whole chain is valid at {@code time}, both ends inclusive (RFC 5280 section 4.1.2.5). */
    public boolean isValidAt(Instant time) {
        return !time.isBefore(notBefore) && !time.isAfter(notAfter);
    }

    /** The same certificate with other bundles, for when only trust changed. Costs nothing. */
    public WorkloadCertificate withBundles(TrustBundles bundles) {
        return new WorkloadCertificate(
                id, chain, privateKey, Objects.requireNonNull(bundles, "bundles"), notBefore, notAfter);
    }

    /** Equal when chain and bundles are; the key belongs to the chain. */
    @Override
    public boolean equals(@Nullable Object other) {
        if (other == this) {
            return true;
        }
        return other instanceof WorkloadCertificate that && chain.equals(that.chain) && bundles.equals(that.bundles);
    }

    @Override
    public int hashCode() {
        return 31 * chain.hashCode() + bundles.hashCode();
    }

    /** Identity, serial number and validity; never the key. */
    @Override
    public String toString() {
        return id + " (serial: " + serial + ", valid: " + notBefore + " to " + notAfter + ")";
    }

    private static SpiffeId idOf(X509Certificate leaf) {
        try {
            return SpiffeId.of(leaf);
        } catch (CertificateException e) {
            throw new IllegalArgumentException("chain: " + e.getMessage(), e);
        }
    }

    private static void requireLeaf(X509Certificate leaf) {
        if (leaf.getBasicConstraints() != -1) {
            throw new IllegalArgumentException("leaf: a CA (expected: basicConstraints without cA)");
        }
        boolean[] usage = leaf.getKeyUsage();
        if (usage == null) {
            return;
        }
        if (usage[KEY_USAGE_KEY_CERT_SIGN]) {
            throw new IllegalArgumentException("leaf: keyUsage with keyCertSign (expected: without)");
        }
        if (usage[KEY_USAGE_CRL_SIGN]) {
            throw new IllegalArgumentException("leaf: keyUsage with cRLSign (expected: without)");
        }
        if (!usage[KEY_USAGE_DIGITAL_SIGNATURE]) {
            throw new IllegalArgumentException("leaf: keyUsage without digitalSignature (expected: with)");
        }
    }

    private static void requireKeyOf(X509Certificate leaf, PrivateKey key) {
        String algorithm = probeAlgorithm(leaf.getPublicKey());
        boolean fits;
        try {
            Signature signer = Signature.getInstance(algorithm);
            signer.initSign(key);
            signer.update(PROBE);
            byte[] signature = signer.sign();
            Signature verifier = Signature.getInstance(algorithm);
            verifier.initVerify(leaf.getPublicKey());
            verifier.update(PROBE);
            fits = verifier.verify(signature);
        } catch (GeneralSecurityException | ProviderException e) {
            throw new IllegalArgumentException(
                    "key: " + key.getAlgorithm() + ", which cannot sign " + algorithm
                            + " (expected: the key of the leaf)",
                    e);
        }
        if (!fits) {
            throw new IllegalArgumentException(
                    "key: another " + key.getAlgorithm() + " key (expected: the key of the leaf)");
        }
    }

    private static String probeAlgorithm(PublicKey key) {
        if (key instanceof ECPublicKey ec) {
            BigInteger order = ec.getParams().getOrder();
            if (order.equals(P256_ORDER)) {
                return "SHA256withECDSA";
            }
            if (order.equals(P384_ORDER)) {
                return "SHA384withECDSA";
            }
        } else if (key instanceof EdECPublicKey ed) {
            if (NamedParameterSpec.ED25519.getName().equals(ed.getParams().getName())) {
                return "Ed25519";
            }
        } else if (key instanceof RSAPublicKey rsa) {
            if (rsa.getModulus().bitLength() >= MIN_RSA_BITS) {
                return "SHA256withRSA";
            }
        }
        throw new IllegalArgumentException("leaf: key " + key.getAlgorithm()
                + " (expected: ECDSA P-256 or P-384, Ed25519, or RSA of at least " + MIN_RSA_BITS + " bits)");
    }
}
