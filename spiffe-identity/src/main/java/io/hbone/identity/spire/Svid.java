package io.hbone.identity.spire;

import com.google.protobuf.ByteString;
import io.hbone.core.TrustBundles;
import io.hbone.core.WorkloadCertificate;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.List;

/**
 * An X509-SVID as an agent sends it, not looked at yet. Equal when every byte is, so that one that is sent again is known.
 *
 * @param spiffeId whose it is said to be
 * @param chain DER certificates, the leaf first; each element may hold several, one behind the other
 * @param key PKCS #8 in DER, not encrypted
 * @param bundle of its own trust domain, DER certificates one behind the other; empty when bundles come by another way
 */
record Svid(String spiffeId, List<ByteString> chain, ByteString key, ByteString bundle) {

    /**
     * @throws GeneralSecurityException saying what cannot be read
     * @throws IllegalArgumentException saying what does not fit together
     */
    WorkloadCertificate toCertificate(TrustBundles bundles) throws GeneralSecurityException {
        List<X509Certificate> certificates = new ArrayList<>();
        for (ByteString part : chain) {
            certificates.addAll(DerCertificates.parse(part));
        }
        if (certificates.isEmpty()) {
            throw new GeneralSecurityException("no certificate (expected: at least the leaf)");
        }
        return WorkloadCertificate.of(certificates, privateKey(certificates.get(0)), bundles);
    }

    private PrivateKey privateKey(X509Certificate leaf) throws GeneralSecurityException {
        String algorithm = leaf.getPublicKey().getAlgorithm();
        KeyFactory factory;
        try {
            factory = KeyFactory.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new GeneralSecurityException("key of kind " + algorithm + " (expected: EC, Ed25519 or RSA)", e);
        }
        byte[] der = key.toByteArray();
        try {
            return factory.generatePrivate(new PKCS8EncodedKeySpec(der));
        } catch (GeneralSecurityException e) {
            throw new GeneralSecurityException(
                    "private key of " + der.length + " bytes (expected: " + algorithm
                            + " as the leaf's, PKCS #8 in DER, not encrypted)",
                    e);
        }
    }

    /** Never the key. */
    @Override
    public String toString() {
        return spiffeId;
    }
}
