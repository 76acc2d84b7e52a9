package io.hbone.node.local;

import io.hbone.core.SpiffeId;
import io.hbone.core.WorkloadMetadata;
import java.net.InetAddress;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A workload of the file.
 *
 * @param uid names it; from the namespace and the name when the file has none
 * @param identity who it is
 * @param addresses where it is; none when the file has none
 * @param enrolled whether it is reached by HBONE
 * @param tunnelPort where it serves HBONE
 * @param hostNetwork whether it has its machine's addresses, so that an address does not tell who it is
 * @param capacity its weight among the endpoints of a service; 0 for never
 * @param services for each service that it is an endpoint of, by {@code namespace/hostname}, where that service's ports are
 *     here
 * @param metadata what logs and metrics say of it, with its identity
 * @param unproven the same without its identity, for connections that did not prove it
 * @param expectedPeers who answers at its tunnel port: {@code identity} as a set
 */
record LocalWorkload(
        String uid,
        String namespace,
        String name,
        String serviceAccount,
        SpiffeId identity,
        String network,
        List<InetAddress> addresses,
        boolean enrolled,
        int tunnelPort,
        boolean hostNetwork,
        boolean healthy,
        int capacity,
        Map<String, Map<Integer, Integer>> services,
        String node,
        WorkloadMetadata metadata,
        WorkloadMetadata unproven,
        Set<SpiffeId> expectedPeers) {

    LocalWorkload {
        addresses = List.copyOf(addresses);
        // In the order of the file: the first that fits is taken.
        services = Collections.unmodifiableMap(new LinkedHashMap<>(services));
        expectedPeers = Set.copyOf(expectedPeers);
    }

    /** Which of several workloads on one address is meant: the highest (spec/ztunnel.md 4.4). */
    int rank() {
        return (uid.contains("//Pod/") ? 2 : 0) + (enrolled ? 1 : 0);
    }

    boolean is(String otherNamespace, String otherName, String otherServiceAccount) {
        return namespace.equals(otherNamespace) && name.equals(otherName) && serviceAccount.equals(otherServiceAccount);
    }
}
