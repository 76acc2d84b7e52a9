package io.hbone.enrollment;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the agent stands.
 *
 * @param seeded whether it has seen all workloads that were there when it started; nodes are told nothing before
 * @param nodes how many are connected by ZDS; two during an upgrade
 * @param nodesSince when that number changed last, or the agent started
 * @param sourceError why the list of workloads may be out of date; null when it is not
 * @param workloads sorted by namespace and name
 * @param awaitedPeers how many workloads of other machines are said to be reached by HBONE, and not by nodes here, as nobody listens
 *     there yet
 * @param unreachedPeers those that were awaited in vain; nodes are told that they are reached by HBONE
 */
public record AgentStatus(
        boolean seeded,
        int nodes,
        Instant nodesSince,
        @Nullable String sourceError,
        List<EnrollmentStatus> workloads,
        int awaitedPeers,
        List<String> unreachedPeers) {
    public AgentStatus {
        workloads = List.copyOf(workloads);
        unreachedPeers = List.copyOf(unreachedPeers);
    }
}
