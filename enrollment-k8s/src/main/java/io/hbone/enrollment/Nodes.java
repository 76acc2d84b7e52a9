package io.hbone.enrollment;

import io.hbone.zds.NetworkNamespace;
import io.hbone.zds.WorkloadStatus;
import io.hbone.zds.ZdsWorkload;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The node of the machine, or two during an upgrade, as the agent sees them. Methods may be called by any thread. */
interface Nodes extends AutoCloseable {
    /**
     * Wants a workload to be served.
     *
     * @param namespace is taken over
     * @param served is run when a node serves it for the first time; not at all when it is withdrawn or handed over again before
     */
    void hand(ZdsWorkload workload, NetworkNamespace namespace, Runnable served);

    /** Wants it not to be served any more; completes when that is so, on any thread. */
    CompletionStage<Void> withdraw(String uid);

    /** All workloads that were there before are handed over. */
    void seeded();

    /** How many nodes are connected. */
    int connected();

    /** What was heard last of a workload; null for nothing. */
    @Nullable WorkloadStatus status(String uid);

    @Override
    void close();

    /** Hears of changes, on any thread; must not block. */
    interface Listener {
        void workloadChanged(String uid);

        void nodesChanged(int connected);
    }
}
