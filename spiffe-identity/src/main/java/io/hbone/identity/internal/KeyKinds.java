package io.hbone.identity.internal;

import java.math.BigInteger;
import java.security.InvalidKeyException;
import java.security.Key;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.interfaces.ECKey;
import java.security.interfaces.EdECKey;
import java.security.interfaces.RSAKey;
import java.security.spec.NamedParameterSpec;

/** Which keys are good enough, and how they sign. The kinds are those that a workload's certificate may have. */
public final class KeyKinds {
    private static final String EXPECTED = "ECDSA P-256 or P-384, Ed25519, or RSA of 2048 bits to 8192 bits";
    private static final int MIN_RSA_BITS = 2048;

    /** More makes every verification slow, and helps nobody. */
    private static final int MAX_RSA_BITS = 8192;

    /** FIPS 186-4 appendix D.1.2: orders tell the curves from all others. */
    private static final BigInteger P256_ORDER =
            new BigInteger("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16);

    private static final BigInteger P384_ORDER = new BigInteger(
            "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16);

    private KeyKinds() {}

    /** @throws InvalidKeyException when it is of a kind that we do not support, or too short */
    public static void require(PublicKey key) throws InvalidKeyException {
        nameOf(key);
    }

    /** The algorithm by which {@code key} signs certificates and requests, in the JDK's spelling. */
    static String signature(PrivateKey key) throws InvalidKeyException {
        return nameOf(key);
    }

    private static String nameOf(Key key) throws InvalidKeyException {
        if (key instanceof ECKey ec) {
            BigInteger order = ec.getParams().getOrder();
            if (order.equals(P256_ORDER)) {
                return "SHA256withECDSA";
            }
            if (order.equals(P384_ORDER)) {
                return "SHA384withECDSA";
            }
        } else if (key instanceof EdECKey ed) {
            if (NamedParameterSpec.ED25519.getName().equals(ed.getParams().getName())) {
                return "Ed25519";
            }
        } else if (key instanceof RSAKey rsa) {
            int bits = rsa.getModulus().bitLength();
            if (bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS) {
                return "SHA256withRSA";
            }
        }
        throw new InvalidKeyException("key " + key.getAlgorithm() + " (expected: " + EXPECTED + ")");
    }
}
