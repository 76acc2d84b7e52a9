package io.hbone.identity.spire;

import io.hbone.core.WorkloadIdentity;

/** How a source asks for the SVIDs of a workload. */
interface SvidOpener extends AutoCloseable {
    /**
     * What the agent is asked for; workloads with equal subjects share a stream.
     *
     * @throws IllegalArgumentException when there is no way to ask for this workload
     */
    Object subject(WorkloadIdentity workload);

    /** {@code subject} for operators, with how to register it: {@code "selectors k8s:ns:a"}, for example. */
    String describe(Object subject);

    /** Opens a stream for the subject that {@link #subject} made of {@code workload}. */
    AgentCall open(WorkloadIdentity workload, Object subject, AgentCall.Receiver<SvidUpdate> receiver);

    /** Releases what calls are made over. */
    @Override
    void close();
}
