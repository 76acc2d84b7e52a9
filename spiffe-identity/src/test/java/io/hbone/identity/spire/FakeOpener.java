package io.hbone.identity.spire;

import com.google.protobuf.ByteString;
import io.hbone.core.WorkloadIdentity;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Streams that the test speaks on. Workloads with one identity share one. */
final class FakeOpener implements SvidOpener {
    final List<Call<SvidUpdate>> svidCalls = new ArrayList<>();
    final List<Call<Map<String, ByteString>>> bundleCalls = new ArrayList<>();
    boolean closed;

    static final class Call<T> implements AgentCall {
        final AgentCall.Receiver<T> receiver;
        boolean cancelled;

        Call(AgentCall.Receiver<T> receiver) {
            this.receiver = receiver;
        }

        @Override
        public void cancel() {
            cancelled = true;
        }
    }

    @Override
    public Object subject(WorkloadIdentity workload) {
        return workload.spiffeId().toString();
    }

    @Override
    public String describe(Object subject) {
        return "subject " + subject;
    }

    @Override
    public AgentCall open(WorkloadIdentity workload, Object subject, AgentCall.Receiver<SvidUpdate> receiver) {
        Call<SvidUpdate> call = new Call<>(receiver);
        svidCalls.add(call);
        return call;
    }

    AgentCall openBundles(AgentCall.Receiver<Map<String, ByteString>> receiver) {
        Call<Map<String, ByteString>> call = new Call<>(receiver);
        bundleCalls.add(call);
        return call;
    }

    /** The stream that was opened last. */
    Call<SvidUpdate> svids() {
        return svidCalls.get(svidCalls.size() - 1);
    }

    Call<Map<String, ByteString>> bundles() {
        return bundleCalls.get(bundleCalls.size() - 1);
    }

    @Override
    public void close() {
        closed = true;
    }
}
