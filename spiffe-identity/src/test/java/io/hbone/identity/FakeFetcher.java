package io.hbone.identity;

import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Answers when the test does. */
final class FakeFetcher implements CertificateFetcher {
    record Asked(WorkloadIdentity workload, CompletableFuture<WorkloadCertificate> answer) {}

    /** In the order of asking; a test takes out what it answers. */
    final List<Asked> asked = new ArrayList<>();

    boolean closed;
    RuntimeException defect;

    @Override
    public String name() {
        return "fake";
    }

    @Override
    public CompletionStage<WorkloadCertificate> fetch(WorkloadIdentity workload) {
        if (defect != null) {
            throw defect;
        }
        CompletableFuture<WorkloadCertificate> answer = new CompletableFuture<>();
        asked.add(new Asked(workload, answer));
        return answer;
    }

    List<String> uids() {
        return asked.stream().map(each -> each.workload().uid()).toList();
    }

    Asked take() {
        return asked.remove(0);
    }

    @Override
    public void close() {
        closed = true;
        List.copyOf(asked).forEach(each -> each.answer().completeExceptionally(new IllegalStateException("closed")));
    }
}
