package io.hbone.zds;

import java.util.concurrent.CompletionStage;

/**
 * What a node does for the pods that an agent hands to it. Methods are called on the client's loop, must not block, and may throw,
 * which counts as a failed stage. For one uid there is never more than one call under way.
 */
public interface WorkloadHandler {

    /**
     * Serves a workload: opens its listeners.
     *
     * @param namespace the pod's; with success it becomes the handler's to close, after {@link #stop}; with a failure it stays the
     *     client's, which comes back with it
     * @return completes when the listeners are up; exceptionally when they cannot be, with a message for the operator. It is then
     *     tried again
     */
    CompletionStage<?> start(ZdsWorkload workload, NetworkNamespace namespace);

    /**
     * Stops serving it at once, without a grace: the pod's network is normally gone already (spec/ztunnel.md 8.3).
     *
     * @param workload one whose start succeeded
     * @return completes when its listeners are closed; a failure is logged and taken for the end
     */
    CompletionStage<?> stop(ZdsWorkload workload);

    /** A connection to the agent is open, the first one or another. What else the agent does for the node may be back with it. */
    default void agentConnected() {}

    /**
     * Whether the node has all workloads that the agent has for it. Not ready: no agent is connected, its snapshot is not complete,
     * or a workload could not be started yet.
     */
    default void readinessChanged(boolean ready) {}
}
