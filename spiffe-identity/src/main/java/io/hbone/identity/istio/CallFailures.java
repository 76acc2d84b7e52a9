package io.hbone.identity.istio;

import io.grpc.Status;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Says in an operator's words why a CA did not answer, and what to look at. */
final class CallFailures {
    private static final int MAX_DEPTH = 16;

    private CallFailures() {}

    static String explain(Throwable failure, Object address, CaRoots roots, @Nullable Path tokenFile) {
        Status status = Status.fromThrowable(failure);
        String description = status.getDescription() == null ? "" : ": " + status.getDescription();
        String of = "CA " + address;
        return switch (status.getCode()) {
            case UNAVAILABLE -> unavailable(of, status, roots);
            case DEADLINE_EXCEEDED ->
                of + " did not answer in time: look whether it is overloaded, or a NetworkPolicy drops packets to it";
            case UNAUTHENTICATED ->
                of + " does not accept our token" + description + ": look at "
                        + (tokenFile == null ? "why no token file is configured" : tokenFile + " and its audience");
            case PERMISSION_DENIED ->
                of + " does not let us have this identity" + description
                        + ": look whether the workload runs on this node, and the CA's list of trusted node accounts";
            case UNIMPLEMENTED -> of + " does not serve istio.v1.auth.IstioCertificateService: look at its port";
            case INVALID_ARGUMENT, FAILED_PRECONDITION -> of + " refused the request" + description;
            default -> of + " failed with " + status.getCode() + description + ": look at its log";
        };
    }

    private static String unavailable(String of, Status status, CaRoots roots) {
        Throwable cause = status.getCause();
        for (int depth = 0; cause != null && depth < MAX_DEPTH; depth++) {
            if (cause instanceof CertificateException) {
                return of + ": its TLS certificate is not accepted: " + cause.getMessage() + ": look at the roots ("
                        + roots + ") and the alternative host name";
            }
            if (cause.getCause() == null) {
                break;
            }
            cause = cause.getCause();
        }
        if (cause instanceof SSLException) {
            return of + ": TLS failed: " + cause.getMessage() + ": look at what listens there";
        }
        return of + " cannot be reached: " + (cause == null ? status.getDescription() : cause.getMessage())
                + ": look at the address, DNS and network policies";
    }
}
