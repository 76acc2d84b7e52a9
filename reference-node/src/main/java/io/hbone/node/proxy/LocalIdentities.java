package io.hbone.node.proxy;

import io.hbone.core.IdentitySource;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.node.proxy.LocalWorkload.InMesh;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The certificates of one local workload, whose trust domain the mesh may tell late: who asks waits for it. Knows no other
 * workload, so that nobody can be given another one's certificate by a slip. Closing it closes nothing.
 */
final class LocalIdentities implements IdentitySource {
    private final LocalWorkload workload;
    private final IdentitySource source;

    LocalIdentities(LocalWorkload workload, IdentitySource source) {
        this.workload = workload;
        this.source = source;
    }

    @Override
    public CompletionStage<WorkloadCertificate> certificate(WorkloadIdentity asked) {
        InMesh now = workload.now();
        return now != null
                ? source.certificate(now.identity())
                : workload.soon()
                        .thenCompose(later -> later != null ? source.certificate(later.identity()) : unknown());
    }

    private CompletionStage<WorkloadCertificate> unknown() {
        return CompletableFuture.failedFuture(new TunnelException(
                TunnelError.CERTIFICATE_UNAVAILABLE,
                "no certificate for " + workload + ", as the mesh does not know it after "
                        + Arrivals.PATIENCE.toSeconds()
                        + "s (expected: a workload of that name and service account from the xDS server)"));
    }

    @Override
    public @Nullable WorkloadCertificate current(WorkloadIdentity asked) {
        InMesh now = workload.now();
        return now == null ? null : source.current(now.identity());
    }

    @Override
    public Subscription subscribe(WorkloadIdentity asked, Listener listener) {
        return source.subscribe(identity(), listener);
    }

    @Override
    public void forget(WorkloadIdentity asked) {
        source.forget(identity());
    }

    private WorkloadIdentity identity() {
        InMesh now = workload.now();
        return now == null ? workload.self() : now.identity();
    }

    @Override
    public void close() {
        // the process's
    }
}
