package io.hbone.enrollment;

import io.hbone.zds.NetworkNamespace;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What the workloads of one agent share. Touched by the loop only. */
interface EnrollmentContext {
    AgentLoop loop();

    AgentSettings settings();

    Actions actions();

    Nodes nodes();

    AgentObserver observer();

    /** The pause after so many failures in a row, 1 or more. */
    Duration retry(int failures);

    /** Between half and all of it. */
    Duration jittered(Duration due);

    /** Until the rules of an enrolled workload are looked at again. */
    Duration untilVerified();

    /** Whether all nodes have taken what they were told of the mesh; false when none is there. */
    boolean delivered();

    /** Says that a namespace is a workload's. @return null, or the uid of the workload whose it is already */
    @Nullable String claim(NetworkNamespace.Id namespace, String uid);

    /** It is not that workload's any more. */
    void release(NetworkNamespace.Id namespace, String uid);

    /** A workload has nothing to do but wait, for the first time. */
    void settled();

    /** Nothing is left of a workload. */
    void forgotten(WorkloadEnrollment enrollment);
}
