package io.hbone.core;

import java.math.BigInteger;
import java.security.cert.X509Certificate;

/** Which certificates were revoked, as known at one moment. Immutable; safe for use by any thread, also an event loop. */
public interface Revocations {
    /** None is known to be. */
    Revocations NONE = (serial, issuer) -> false;

    /**
     * Whether {@code issuer} has revoked its certificate with that serial number. An issuer of which nothing is known has revoked
     * none (spec/ztunnel.md 9.4).
     *
     * @param issuer whose signature is on the certificate in question
     */
    boolean isRevoked(BigInteger serial, X509Certificate issuer);
}
