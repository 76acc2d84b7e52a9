package io.hbone.zds;

import org.jspecify.annotations.Nullable;

/**
 * How one workload stands.
 *
 * @param attempts how often the present state was tried for in vain, since it was asked for or since the node connected
 * @param lastError why the last attempt failed; null when none did
 */
public record WorkloadStatus(
        ZdsWorkload workload,
        State state,
        int attempts,
        @Nullable String lastError) {

    /** Where it stands. */
    public enum State {
        /** It is asked for and not there yet: no node is connected, it is on its way, or it is being started. */
        PENDING,
        /** The node serves it. */
        ENROLLED,
        /** The last attempt failed; another one follows. */
        FAILED,
        /** It is to go, and the node has not confirmed it yet. */
        LEAVING
    }
}
