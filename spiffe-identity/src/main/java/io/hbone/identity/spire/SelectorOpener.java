package io.hbone.identity.spire;

import io.hbone.core.WorkloadIdentity;
import java.util.Set;
import java.util.stream.Collectors;

/** Asks for SVIDs by selectors: the agent takes our word for who the workload is. */
final class SelectorOpener implements SvidOpener {
    private record Subject(Set<Selector> selectors) {}

    private final DelegatedApi api;
    private final SelectorTemplate template;

    SelectorOpener(DelegatedApi api, SelectorTemplate template) {
        this.api = api;
        this.template = template;
    }

    @Override
    public Object subject(WorkloadIdentity workload) {
        return new Subject(template.selectors(workload));
    }

    @Override
    public String describe(Object subject) {
        return ((Subject) subject)
                .selectors().stream().map(Selector::toString).collect(Collectors.joining(", ", "selectors ", ""));
    }

    @Override
    public AgentCall open(WorkloadIdentity workload, Object subject, AgentCall.Receiver<SvidUpdate> receiver) {
        return api.svids(((Subject) subject).selectors(), receiver);
    }

    @Override
    public void close() {
        api.close();
    }
}
