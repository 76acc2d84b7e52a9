package io.hbone.identity.spire;

import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.broker.proto.KubernetesObjectReference;
import io.hbone.identity.broker.proto.KubernetesObjectType;

/** Asks a Broker API for SVIDs of pods: the agent looks the pod up itself, so that there is no process id to be mistaken about. */
final class PodOpener implements SvidOpener {
    private record Subject(String uid) {}

    private final BrokerApi api;

    PodOpener(BrokerApi api) {
        this.api = api;
    }

    @Override
    public Object subject(WorkloadIdentity workload) {
        return new Subject(workload.uid());
    }

    @Override
    public String describe(Object subject) {
        return "pod " + ((Subject) subject).uid();
    }

    @Override
    public AgentCall open(WorkloadIdentity workload, Object subject, AgentCall.Receiver<SvidUpdate> receiver) {
        return api.svids(reference(workload), receiver);
    }

    static KubernetesObjectReference reference(WorkloadIdentity workload) {
        return KubernetesObjectReference.newBuilder()
                .setType(KubernetesObjectType.newBuilder().setPlural("pods").setGroup("core"))
                .setUid(workload.uid())
                .build();
    }

    @Override
    public void close() {
        api.close();
    }
}
