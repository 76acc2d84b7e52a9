package io.hbone.identity.internal;

import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadIdentity;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** Makes the exceptions of this module: all are {@link TunnelError#CERTIFICATE_UNAVAILABLE}. */
public final class Errors {
    private Errors() {}

    /** About one workload. */
    public static TunnelException of(WorkloadIdentity workload, String what, @Nullable Throwable cause) {
        return of(workload + ": " + what, cause);
    }

    /** About everybody. */
    public static TunnelException of(String what, @Nullable Throwable cause) {
        return new TunnelException(TunnelError.CERTIFICATE_UNAVAILABLE, "identity error: " + what, cause);
    }

    /** {@code thrown} itself when it is one already. */
    public static TunnelException of(WorkloadIdentity workload, Throwable thrown) {
        Throwable cause = thrown;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof TunnelException tunnel && tunnel.error() == TunnelError.CERTIFICATE_UNAVAILABLE) {
            return tunnel;
        }
        String message = cause.getMessage();
        return of(workload, message == null ? cause.getClass().getSimpleName() : message, cause);
    }
}
