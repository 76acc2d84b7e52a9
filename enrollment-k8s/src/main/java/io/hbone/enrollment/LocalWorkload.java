package io.hbone.enrollment;

import io.hbone.xds.model.Workload;
import io.hbone.zds.ZdsWorkload;
import java.util.Objects;

/**
 * A workload of this machine, as it should be.
 *
 * @param workload what the mesh is told of it: its uid, name, namespace, service account and identity, its node, addresses and
 *     canonical names. {@link Workload#enrolled} says whether it shall be enrolled
 * @param network where it lives; a network namespace of its own
 */
public record LocalWorkload(Workload workload, NetworkReference network) {
    public LocalWorkload {
        Objects.requireNonNull(workload, "workload");
        Objects.requireNonNull(network, "network");
    }

    /** Its own, for ever; the same in xDS and in ZDS. */
    public String uid() {
        return workload.uid();
    }

    /** Whether its traffic shall be led through the node. Who serves HBONE itself is reached by it, and has no use for a node. */
    public boolean wantsEnrollment() {
        return workload.enrolled() && !workload.hostNetwork() && !workload.nativeTunnel();
    }

    /**
     * Whether {@code other} is the same pod, perhaps with other addresses, labels or another wish. When it is not, nodes must give
     * the one up before they take the other: stock ztunnel takes an Add of a uid in the namespace that it serves for a repetition
     * (spec/ztunnel.md 8.3).
     */
    boolean isSamePod(LocalWorkload other) {
        return network.equals(other.network)
                && zds().equals(other.zds())
                && workload.identity().equals(other.workload.identity());
    }

    ZdsWorkload zds() {
        return new ZdsWorkload(workload.uid(), workload.name(), workload.namespace(), workload.serviceAccount());
    }

    @Override
    public String toString() {
        return workload.namespace() + '/' + workload.name() + " (" + workload.uid() + ", " + network + ')';
    }
}
