package io.hbone.netty.tls;

import io.hbone.core.SpiffeId;
import java.time.Instant;

/**
 * What a verified chain says, so that the same chain need not be verified again.
 *
 * @param id who the leaf belongs to
 * @param serial the leaf's serial number, hexadecimal in lower case
 * @param notBefore from when on the whole path holds, its authority included
 * @param notAfter until when, inclusive
 * @param asServer whether the leaf may be a server's
 * @param asClient whether the leaf may be a client's
 * @param authorities by which it was verified
 */
record VerifiedPeer(
        SpiffeId id,
        String serial,
        Instant notBefore,
        Instant notAfter,
        boolean asServer,
        boolean asClient,
        Authorities authorities) {

    boolean holdsAt(Instant time) {
        return !time.isBefore(notBefore) && !time.isAfter(notAfter);
    }

    boolean mayBe(PeerRole role) {
        return role == PeerRole.SERVER ? asServer : asClient;
    }
}
