package io.hbone.enrollment;

import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How a workload of this machine stands.
 *
 * @param since when it came to this state
 * @param doing what is being done or waited for; a few words
 * @param attempts how often the present step has failed in a row
 * @param lastError what went wrong last, also when it has been mended since; null when nothing ever did
 * @param lastErrorAt null with {@code lastError}
 */
public record EnrollmentStatus(
        LocalWorkload workload,
        State state,
        Instant since,
        String doing,
        int attempts,
        @Nullable String lastError,
        @Nullable Instant lastErrorAt) {

    /** Where it stands. {@code toString} as operators write it. */
    public enum State {
        /** It is not wanted in the mesh, and is not in it. */
        NOT_ENROLLED,
        /** It is known, but it has no network namespace (yet, or any more). */
        WAITING_FOR_NETWORK,
        /** It is on its way into the mesh. */
        ENROLLING,
        /** No node serves it: none is connected, or it has not taken it yet. When it was enrolled before, its traffic stands still. */
        WAITING_FOR_NODE,
        /** Its traffic goes through the node, and nodes reach it by HBONE. */
        ENROLLED,
        /** It is on its way out. */
        LEAVING,
        /** It is out; connections that were made before still go through the node. */
        DRAINING,
        /** A step failed, and is tried again. */
        FAILED;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }
}
