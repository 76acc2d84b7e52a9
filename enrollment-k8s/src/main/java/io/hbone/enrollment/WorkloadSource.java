package io.hbone.enrollment;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * Where the workloads of the machine come from. It is level triggered: it says which ones there should be now, and signals that
 * something has changed, never what. Safe for use by any thread.
 */
public interface WorkloadSource extends AutoCloseable {
    /**
     * Begins to signal.
     *
     * @param changed is run when all workloads are known for the first time, and after each change; on any thread, and does not
     *     block. Nothing is enrolled, un-enrolled or told to a node before the first run
     */
    void start(Runnable changed);

    /** All workloads of this machine as they should be now, those that are not to be enrolled among them; uids are unique. */
    Collection<LocalWorkload> workloads();

    /** Why what {@link #workloads} says may be out of date, for the operator; null when it is not. */
    @Nullable String error();

    @Override
    void close();
}
