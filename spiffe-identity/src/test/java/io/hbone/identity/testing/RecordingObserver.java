package io.hbone.identity.testing;

import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.IdentityObserver;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps what a source reports: one line an event. */
public final class RecordingObserver implements IdentityObserver {
    private final List<String> events = new CopyOnWriteArrayList<>();

    /** All events so far, each {@code "kind uid: text"}. */
    public List<String> events() {
        return events;
    }

    /** The events of one kind. */
    public List<String> events(String kind) {
        return events.stream().filter(event -> event.startsWith(kind + " ")).toList();
    }

    @Override
    public void onFetch(String source, WorkloadIdentity workload) {
        events.add("fetch " + workload.uid());
    }

    @Override
    public void onCertificate(String source, WorkloadIdentity workload, WorkloadCertificate certificate) {
        events.add("certificate " + workload.uid() + ": " + certificate.serial());
    }

    @Override
    public void onFailure(String source, WorkloadIdentity workload, TunnelException error) {
        events.add("failure " + workload.uid() + ": " + error.getMessage());
    }

    @Override
    public void onRefusal(String source, WorkloadIdentity workload, TunnelException error) {
        events.add("refusal " + workload.uid() + ": " + error.getMessage());
    }

    @Override
    public void onWithdrawal(String source, WorkloadIdentity workload, TunnelException error) {
        events.add("withdrawal " + workload.uid() + ": " + error.getMessage());
    }

    @Override
    public void onExpiry(String source, WorkloadIdentity workload, WorkloadCertificate expired) {
        events.add("expiry " + workload.uid() + ": " + expired.serial());
    }

    @Override
    public void onDiscard(String source, WorkloadIdentity workload) {
        events.add("discard " + workload.uid());
    }

    @Override
    public void onSourceFailure(String source, TunnelException error) {
        events.add("source " + source + ": " + error.getMessage());
    }
}
