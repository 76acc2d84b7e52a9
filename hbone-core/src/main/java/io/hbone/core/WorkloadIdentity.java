package io.hbone.core;

import java.util.Objects;

/**
 * One workload (pod) and the identity that it has. Certificates belong to workloads and not merely to identities: two pods of
 * one service account hold two certificates, and a pod that is gone must not lend its certificate to the next.
 *
 * @param uid names the workload for its lifetime; never empty; opaque to everybody but its source
 * @param spiffeId who the workload is
 */
public record WorkloadIdentity(String uid, SpiffeId spiffeId) {
    public WorkloadIdentity {
        Objects.requireNonNull(spiffeId, "spiffeId");
        if (uid.isEmpty()) {
            throw new IllegalArgumentException("uid: empty (expected: a workload's unique name)");
        }
    }

    @Override
    public String toString() {
        return spiffeId + " (" + uid + ")";
    }
}
