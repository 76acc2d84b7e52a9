package io.hbone.core;

import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A tunnelled connection, or the tunnel under it, failed. The message says what happened and to whom; {@link #error()} says
 * which entry of the taxonomy it is and what to look at.
 *
 * <p>It carries no stack trace: it reports what a peer, a network or an application did, and is created per connection.
 */
public final class TunnelException extends IOException {
    private static final long serialVersionUID = 1L;

    /** {@link #status()} when the failure has no HTTP status. */
    public static final int NO_STATUS = 0;

    private final TunnelError error;
    private final int status;

    /**
     * @param error the entry of the taxonomy
     * @param message what happened and to whom, without the hint
     */
    public TunnelException(TunnelError error, String message) {
        this(error, message, NO_STATUS, null);
    }

    /**
     * @param error the entry of the taxonomy
     * @param message what happened and to whom, without the hint
     * @param cause what was caught, if anything was
     */
    public TunnelException(TunnelError error, String message, @Nullable Throwable cause) {
        this(error, message, NO_STATUS, cause);
    }

    private TunnelException(TunnelError error, String message, int status, @Nullable Throwable cause) {
        super(message, cause);
        this.error = Objects.requireNonNull(error, "error");
        this.status = status;
    }

    /** The peer answered CONNECT with {@code status} instead of 200. */
    public static TunnelException rejected(int status, String to) {
        return new TunnelException(
                TunnelError.CONNECT_REJECTED, "http status: " + status + " (CONNECT to " + to + ")", status, null);
    }

    /** The entry of the taxonomy. */
    public TunnelError error() {
        return error;
    }

    /** The flag that logs and metrics show. */
    public ResponseFlag flag() {
        return error.flag();
    }

    /** The status that the peer answered CONNECT with, 100 to 999, or {@link #NO_STATUS}. */
    public int status() {
        return status;
    }

    /** The message and what to look at, in one line for an operator; a message that says so itself is not repeated. */
    public String explain() {
        String message = String.valueOf(getMessage());
        return message.contains(error.hint()) ? message : message + ": " + error.hint();
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
