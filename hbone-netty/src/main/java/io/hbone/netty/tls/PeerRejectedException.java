package io.hbone.netty.tls;

import io.hbone.core.TunnelError;
import java.security.cert.CertificateException;
import org.jspecify.annotations.Nullable;

/**
 * A peer's certificate was not accepted. The message says what was presented and what was expected. Without a stack trace: it
 * tells of the peer and is created per connection.
 */
final class PeerRejectedException extends CertificateException {
    private static final long serialVersionUID = 1L;

    /** What was wrong, as coarsely as a TLS alert can tell the peer. */
    enum Reason {
        /** Not an X509-SVID, or not one for this side of a connection. */
        BAD_CERTIFICATE,
        /** Nobody that is believed vouches for it. */
        UNKNOWN_AUTHORITY,
        EXPIRED,
        NOT_YET_VALID,
        /** It, or a certificate of its path, is on a revocation list. */
        REVOKED,
        /** Genuine, but somebody else. */
        OTHER_IDENTITY
    }

    private final Reason reason;

    PeerRejectedException(Reason reason, String message) {
        this(reason, message, null);
    }

    PeerRejectedException(Reason reason, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    Reason reason() {
        return reason;
    }

    TunnelError error() {
        return switch (reason) {
            case OTHER_IDENTITY -> TunnelError.PEER_IDENTITY_MISMATCH;
            case REVOKED -> TunnelError.PEER_CERTIFICATE_REVOKED;
            default -> TunnelError.TLS_HANDSHAKE_FAILED;
        };
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
