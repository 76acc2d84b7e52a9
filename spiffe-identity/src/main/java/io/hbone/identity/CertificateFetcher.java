package io.hbone.identity;

import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import java.util.concurrent.CompletionStage;

/**
 * Obtains one certificate for one workload from an authority that has to be asked, such as a CA that signs requests. It keeps
 * nothing: who wants caching, refreshing and retries puts it behind an identity source.
 *
 * <p>All methods are safe for use by any thread and return at once.
 */
public interface CertificateFetcher extends AutoCloseable {

    /** What it is, for operators: {@code "istio-ca"}, for example. */
    String name();

    /**
     * Asks for a new certificate with a new key.
     *
     * @return completes with a certificate of exactly the workload's id, or exceptionally with a {@link TunnelException} of {@link
     *     TunnelError#CERTIFICATE_UNAVAILABLE} that says what to look at; always within the fetcher's deadline
     */
    CompletionStage<WorkloadCertificate> fetch(WorkloadIdentity workload);

    /** Fails what is under way. */
    @Override
    void close();
}
