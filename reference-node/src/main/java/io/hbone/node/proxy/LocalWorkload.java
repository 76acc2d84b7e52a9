package io.hbone.node.proxy;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.core.WorkloadIdentity;
import io.hbone.core.WorkloadMetadata;
import io.hbone.node.config.WorkloadInfo;
import io.hbone.node.mesh.Mesh;
import io.hbone.xds.model.Workload;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A workload that this process serves, and what the mesh says of it at the moment. Who it is was said by whoever handed it over,
 * once and for ever; the mesh adds the trust domain, addresses and labels. So an address that was another workload's before never
 * decides who it is. Safe for use by any thread.
 */
public final class LocalWorkload {
    private final WorkloadIdentity self;
    private final WorkloadInfo info;
    private final Mesh mesh;
    private final Arrivals arrivals;
    private volatile @Nullable InMesh seen;

    /**
     * @param uid its own, which certificates are kept by
     * @param trustDomain its own as long as the mesh has not said another
     * @throws IllegalArgumentException when {@code info} makes no SPIFFE id
     */
    LocalWorkload(String uid, WorkloadInfo info, TrustDomain trustDomain, Mesh mesh, Arrivals arrivals) {
        this.self = new WorkloadIdentity(
                uid, SpiffeId.ofServiceAccount(trustDomain, info.namespace(), info.serviceAccount()));
        this.info = info;
        this.mesh = mesh;
        this.arrivals = arrivals;
    }

    /** What it is called in this process. Its trust domain may turn out to be another, see {@link InMesh#identity}. */
    public WorkloadIdentity self() {
        return self;
    }

    /** Its name, as whoever handed it over says. */
    public WorkloadInfo info() {
        return info;
    }

    /** What the mesh says now; null when it does not have the workload. */
    public @Nullable InMesh now() {
        Workload found = mesh.find(self.uid(), info);
        if (found == null) {
            return null;
        }
        InMesh known = seen;
        if (known == null || !known.workload.equals(found)) {
            known = new InMesh(self.uid(), found);
            seen = known;
        }
        return known;
    }

    /** The same as soon as the mesh has it; null when it still does not after {@link Arrivals#PATIENCE}. */
    CompletionStage<@Nullable InMesh> soon() {
        InMesh there = now();
        return there != null
                ? CompletableFuture.completedFuture(there)
                : arrivals.await(() -> now() != null).thenApply(any -> now());
    }

    /** What logs and metrics say of it; the same object until something changes. */
    WorkloadMetadata metadata() {
        InMesh there = now();
        return there == null ? WorkloadMetadata.UNKNOWN : there.metadata;
    }

    @Override
    public String toString() {
        return info.namespace() + '/' + info.name() + " (" + self.uid() + ')';
    }

    /** What the mesh says. */
    public static final class InMesh {
        private final Workload workload;
        private final WorkloadIdentity identity;
        private final WorkloadIdentity named;
        private final WorkloadMetadata metadata;

        private InMesh(String uid, Workload workload) {
            this.workload = workload;
            identity = new WorkloadIdentity(uid, workload.identity());
            named = uid.equals(workload.uid()) ? identity : new WorkloadIdentity(workload.uid(), workload.identity());
            metadata = workload.metadata(workload.identity());
        }

        /** All of it. */
        public Workload workload() {
            return workload;
        }

        /** Whom its certificates are for. */
        public WorkloadIdentity identity() {
            return identity;
        }

        /** Who it is to the mesh, which may call it by another uid. */
        WorkloadIdentity named() {
            return named;
        }
    }
}
