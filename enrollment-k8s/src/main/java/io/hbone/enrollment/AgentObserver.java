package io.hbone.enrollment;

/** Hears of what the agent does, for metrics and for who publishes it. Called on the agent's thread; must not block. */
public interface AgentObserver {
    /** Why a step failed, by the names of Cilium's metric (spec/cilium.md 2.8). */
    enum Failure {
        /** The network namespace could not be found or opened. */
        NETNS_FAILED,
        /** The rules could not be read, written or removed. */
        IPTABLES_FAILED,
        /** The workload could not be put into a message. */
        CONVERSION_FAILED,
        /** The node could not be told, or refused. */
        SEND_FAILED
    }

    /** A workload stands otherwise than before. */
    default void changed(EnrollmentStatus status) {}

    /** Nothing more is known of a workload. */
    default void forgotten(LocalWorkload workload) {}

    /** A workload was enrolled: from nothing, or anew. */
    default void enrolled(LocalWorkload workload) {}

    /** A step failed; it is tried again. */
    default void failed(LocalWorkload workload, Failure why) {}

    /** The rules of a workload were not as the agent had left them, and are put right. */
    default void repaired(LocalWorkload workload) {}

    /** @param connected how many nodes are, by ZDS */
    default void nodesChanged(int connected) {}
}
