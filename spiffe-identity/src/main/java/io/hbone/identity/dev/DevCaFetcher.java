package io.hbone.identity.dev;

import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.CertificateFetcher;
import io.hbone.identity.internal.Errors;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Issues at once, on the thread that asks, which is the source's own: a millisecond each. */
final class DevCaFetcher implements CertificateFetcher {
    private final DevCa ca;
    private final Duration lifetime;

    DevCaFetcher(DevCa ca, Duration lifetime) {
        this.ca = ca;
        this.lifetime = lifetime;
    }

    @Override
    public String name() {
        return "dev-ca";
    }

    @Override
    public CompletionStage<WorkloadCertificate> fetch(WorkloadIdentity workload) {
        try {
            return CompletableFuture.completedStage(ca.issue(workload.spiffeId(), lifetime));
        } catch (GeneralSecurityException | RuntimeException e) {
            return CompletableFuture.failedStage(Errors.of(workload, e));
        }
    }

    @Override
    public void close() {}
}
