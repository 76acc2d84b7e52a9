package io.hbone.xds.file;

import io.hbone.xds.NamedResource;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Workload;
import java.util.ArrayList;
import java.util.List;

/** Keeps entries as resources, as nobody needs the records: encoded they take a third of the memory. */
final class EncodedEntries implements LocalFileReader.Entries {
    private final List<NamedResource> addresses = new ArrayList<>();
    private final List<NamedResource> policies = new ArrayList<>();
    private int services;

    @Override
    public void workload(Workload workload) {
        addresses.add(LocalFile.resource(workload));
    }

    @Override
    public void service(Service service) {
        services++;
        addresses.add(LocalFile.resource(service));
    }

    @Override
    public void policy(NamedResource policy) {
        policies.add(policy);
    }

    /** Workloads and services. */
    List<NamedResource> addresses() {
        return addresses;
    }

    List<NamedResource> policies() {
        return policies;
    }

    LocalFileWatch.Counts counts() {
        return new LocalFileWatch.Counts(addresses.size() - services, services, policies.size());
    }
}
