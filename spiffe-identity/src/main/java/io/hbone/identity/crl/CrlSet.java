package io.hbone.identity.crl;

import io.hbone.core.Revocations;
import io.hbone.identity.internal.Pem;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.CRLException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509CRLEntry;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/**
 * The lists of one file. A list says something only of certificates of the issuer that signed it; {@code nextUpdate} is not
 * enforced, as an old list is better than none.
 */
final class CrlSet implements Revocations {
    private static final String LABEL = "X509 CRL";
    private static final String DELTA = "2.5.29.27";
    private static final int DER_SEQUENCE = 0x30;

    private record Crl(X509CRL list, Set<BigInteger> serials, Map<PublicKey, Boolean> signers) {
        boolean isOf(X509Certificate issuer) {
            return signers.computeIfAbsent(issuer.getPublicKey(), key -> {
                try {
                    list.verify(key);
                    return true;
                } catch (GeneralSecurityException | RuntimeException e) {
                    return false;
                }
            });
        }
    }

    private final Map<X500Principal, List<Crl>> byIssuer;

    private CrlSet(Map<X500Principal, List<Crl>> byIssuer) {
        this.byIssuer = byIssuer;
    }

    /**
     * One list in DER, or any number in PEM; nothing, and PEM without a list, revoke nothing.
     *
     * @throws GeneralSecurityException with what is wrong
     */
    static CrlSet parse(byte[] content) throws GeneralSecurityException {
        Map<X500Principal, List<Crl>> byIssuer = new HashMap<>();
        for (byte[] der : lists(content)) {
            X509CRL list = read(der);
            byIssuer.computeIfAbsent(list.getIssuerX500Principal(), issuer -> new ArrayList<>())
                    .add(new Crl(list, serials(list), new ConcurrentHashMap<>()));
        }
        return new CrlSet(byIssuer);
    }

    private static List<byte[]> lists(byte[] content) throws CertificateException {
        return content.length > 0 && content[0] == DER_SEQUENCE
                ? List.of(content)
                : Pem.contents(new String(content, StandardCharsets.ISO_8859_1), LABEL);
    }

    private static X509CRL read(byte[] der) throws GeneralSecurityException {
        try {
            X509CRL list = (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(new ByteArrayInputStream(der));
            if (list.getExtensionValue(DELTA) != null) {
                throw new CRLException(
                        "a delta CRL of " + list.getIssuerX500Principal() + " (expected: a complete one)");
            }
            return list;
        } catch (RuntimeException e) {
            throw new CRLException("a list that cannot be read: " + e, e);
        }
    }

    private static Set<BigInteger> serials(X509CRL list) {
        Set<BigInteger> serials = new HashSet<>();
        Set<? extends X509CRLEntry> entries = list.getRevokedCertificates();
        if (entries != null) {
            for (X509CRLEntry entry : entries) {
                X500Principal issuer = entry.getCertificateIssuer();
                // An indirect list speaks of others' certificates, too.
                if (issuer == null || issuer.equals(list.getIssuerX500Principal())) {
                    serials.add(entry.getSerialNumber());
                }
            }
        }
        return serials;
    }

    @Override
    public boolean isRevoked(BigInteger serial, X509Certificate issuer) {
        @Nullable List<Crl> lists = byIssuer.get(issuer.getSubjectX500Principal());
        if (lists != null) {
            for (Crl list : lists) {
                if (list.serials.contains(serial) && list.isOf(issuer)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** How many lists, and how many certificates they revoke. */
    @Override
    public String toString() {
        int lists = 0;
        int serials = 0;
        for (List<Crl> ofOne : byIssuer.values()) {
            lists += ofOne.size();
            serials += ofOne.stream().mapToInt(list -> list.serials.size()).sum();
        }
        return lists + " lists, " + serials + " certificates revoked";
    }
}
