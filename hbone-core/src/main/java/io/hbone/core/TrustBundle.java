package io.hbone.core;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;

/**
 * Who may sign identities of one trust domain (SPIFFE Trust Domain and Bundle section 4, spec/spire.md 4.3).
 *
 * @param trustDomain whose bundle it is
 * @param authorities the roots; none means that the trust domain is revoked and nobody from it is believed
 */
public record TrustBundle(TrustDomain trustDomain, List<X509Certificate> authorities) {

    /** Copies {@code authorities}. */
    public TrustBundle {
        Objects.requireNonNull(trustDomain, "trustDomain");
        authorities = List.copyOf(authorities);
    }

    /** The name and how many authorities there are. */
    @Override
    public String toString() {
        return trustDomain + " (authorities: " + authorities.size() + ")";
    }
}
