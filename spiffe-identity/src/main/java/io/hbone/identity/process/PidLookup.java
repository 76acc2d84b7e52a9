package io.hbone.identity.process;

import io.hbone.core.WorkloadIdentity;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Says which process stands for a workload at this moment. The answer can be out of date when it arrives: who uses it holds the
 * process ({@link HeldProcess}) and asks again.
 *
 * <p>All methods are safe for use by any thread and return at once.
 */
public interface PidLookup extends AutoCloseable {

    /**
     * A running process of {@code workload}, by its id in this process's PID namespace.
     *
     * @return completes with a positive id, or exceptionally with an {@link IOException} that says what to look at, always
     *     within the lookup's deadline
     */
    CompletionStage<Integer> pid(WorkloadIdentity workload);

    @Override
    void close();

    /** Always the same processes, by the workload's uid. For tests and machines without a container runtime. */
    static PidLookup of(Map<String, Integer> pidByUid) {
        Map<String, Integer> pids = Map.copyOf(pidByUid);
        return new PidLookup() {
            @Override
            public CompletionStage<Integer> pid(WorkloadIdentity workload) {
                Integer pid = pids.get(workload.uid());
                return pid == null
                        ? CompletableFuture.failedStage(new IOException(
                                "no process of " + workload.uid() + " (expected: one in the table of processes)"))
                        : CompletableFuture.completedStage(pid);
            }

            @Override
            public void close() {}
        };
    }
}
