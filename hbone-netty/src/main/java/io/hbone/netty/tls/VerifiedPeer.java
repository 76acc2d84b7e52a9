package io.hbone.netty.tls;

import io.hbone.core.Revocations;
import io.hbone.core.SpiffeId;
import io.hbone.netty.tls.PeerRejectedException.Reason;
import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/**
 * What a verified chain says, so that the same chain need not be verified again.
 *
 * @param id who the leaf belongs to
 * @param leafSerial the leaf's serial number
 * @param issuers the rest of the path: intermediates, then the authority
 * @param notBefore from when on the whole path holds, its authority included
 * @param notAfter until when, inclusive
 * @param asServer whether the leaf may be a server's
 * @param asClient whether the leaf may be a client's
 * @param authorities by which it was verified
 */
record VerifiedPeer(
        SpiffeId id,
        BigInteger leafSerial,
        List<X509Certificate> issuers,
        Instant notBefore,
        Instant notAfter,
        boolean asServer,
        boolean asClient,
        Authorities authorities) {

    VerifiedPeer {
        issuers = List.copyOf(issuers);
    }

    /** The leaf's serial number, hexadecimal in lower case. */
    String serial() {
        return leafSerial.toString(16);
    }

    boolean holdsAt(Instant time) {
        return !time.isBefore(notBefore) && !time.isAfter(notAfter);
    }

    boolean mayBe(PeerRole role) {
        return role == PeerRole.SERVER ? asServer : asClient;
    }

    /** Whether any certificate of the path was revoked; the authority is believed for being in the bundle. */
    boolean isRevoked(Revocations revocations) {
        BigInteger serial = leafSerial;
        for (X509Certificate issuer : issuers) {
            if (revocations.isRevoked(serial, issuer)) {
                return true;
            }
            serial = issuer.getSerialNumber();
        }
        return false;
    }

    PeerRejectedException revoked() {
        return new PeerRejectedException(
                Reason.REVOKED,
                "peer presented " + id + " (serial: " + serial()
                        + "): its certificate, or one of its path, is on a revocation list");
    }
}
