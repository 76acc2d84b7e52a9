package io.hbone.netty.tls;

import io.hbone.core.TrustBundle;
import java.security.MessageDigest;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/** The authorities of one trust domain, prepared for verifying. Equal when they are the same certificates. Immutable. */
final class Authorities {
    private final TrustBundle bundle;
    private final byte[] digest;

    Authorities(TrustBundle bundle) throws CertificateEncodingException {
        this.bundle = bundle;
        MessageDigest sha256 = Digests.sha256();
        for (X509Certificate authority : bundle.authorities()) {
            sha256.update(authority.getEncoded());
        }
        this.digest = sha256.digest();
    }

    TrustBundle bundle() {
        return bundle;
    }

    boolean isEmpty() {
        return bundle.authorities().isEmpty();
    }

    /** Those that could have issued {@code issuer}'s certificates, by name; expired ones as well. */
    List<X509Certificate> named(X500Principal issuer) {
        List<X509Certificate> named = new ArrayList<>(1);
        for (X509Certificate authority : bundle.authorities()) {
            if (authority.getSubjectX500Principal().equals(issuer)) {
                named.add(authority);
            }
        }
        return named;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Authorities that
                && bundle.trustDomain().equals(that.bundle.trustDomain())
                && Arrays.equals(digest, that.digest);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(digest);
    }

    @Override
    public String toString() {
        return bundle.toString();
    }
}
