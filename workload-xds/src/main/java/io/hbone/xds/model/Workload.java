package io.hbone.xds.model;

import io.hbone.core.SpiffeId;
import io.hbone.core.WorkloadMetadata;
import java.net.InetAddress;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A workload, for example a pod. Texts that are not known are empty.
 *
 * @param uid names it; never empty
 * @param identity who it is
 * @param serviceAccount as it is in the identity
 * @param network where its addresses mean it
 * @param addresses where it is
 * @param hostname resolved by DNS when it has no address
 * @param enrolled whether it is reached by HBONE
 * @param tunnelPort where it serves HBONE, 1 to 65535
 * @param hostNetwork whether it has its machine's addresses, so that an address does not tell who it is
 * @param healthy whether connections should go there
 * @param capacity its weight among the endpoints of a service; 0 for never
 * @param services by {@code namespace/hostname} of each service that it is an endpoint of, where that service's ports are here
 * @param waypoint what connections to it go through; null for none
 * @param networkGateway how it is reached from other networks; null when it is not
 * @param applicationTunnel null for none
 * @param authorizationPolicies {@code namespace/name} of policies that apply to it besides those of its namespace
 * @param nativeTunnel whether it serves HBONE itself, instead of the node for it
 * @param type the kind of its owner
 * @param workloadName the name of its owner
 */
public record Workload(
        String uid,
        String name,
        String namespace,
        String serviceAccount,
        SpiffeId identity,
        String network,
        List<InetAddress> addresses,
        String hostname,
        boolean enrolled,
        int tunnelPort,
        boolean hostNetwork,
        boolean healthy,
        int capacity,
        Map<String, PortMap> services,
        @Nullable GatewayAddress waypoint,
        @Nullable GatewayAddress networkGateway,
        @Nullable ApplicationTunnel applicationTunnel,
        List<String> authorizationPolicies,
        boolean nativeTunnel,
        String node,
        Locality locality,
        String clusterId,
        WorkloadType type,
        String workloadName,
        String canonicalName,
        String canonicalRevision) {

    /** The port of HBONE. */
    public static final int HBONE_PORT = 15008;

    public Workload {
        if (uid.isEmpty()) {
            throw new IllegalArgumentException("uid: empty (expected: a workload's unique name)");
        }
        Objects.requireNonNull(identity, "identity");
        if (tunnelPort < 1 || tunnelPort > 65_535) {
            throw new IllegalArgumentException("tunnelPort: " + tunnelPort + " (expected: 1 to 65535)");
        }
        if (capacity < 0) {
            throw new IllegalArgumentException("capacity: " + capacity + " (expected: >= 0)");
        }
        addresses = List.copyOf(addresses);
        authorizationPolicies = List.copyOf(authorizationPolicies);
        // In the order in which they came: the first that fits is taken.
        services =
                services.size() < 2 ? Map.copyOf(services) : Collections.unmodifiableMap(new LinkedHashMap<>(services));
    }

    /** Of the service account {@code identity} is for, with all else unknown or as it is by default. */
    public static WorkloadBuilder builder(String uid, String name, SpiffeId identity) {
        return new WorkloadBuilder(uid, name, identity);
    }

    /** What logs and metrics say of it, with its identity. */
    public WorkloadMetadata metadata() {
        return metadata(identity);
    }

    /** The same with the identity that it proved on a connection; null when it proved none. */
    public WorkloadMetadata metadata(@Nullable SpiffeId proven) {
        return new WorkloadMetadata(
                name,
                namespace,
                proven,
                workloadName,
                type.text(),
                canonicalName,
                canonicalRevision,
                clusterId,
                locality.region(),
                locality.zone());
    }

    /** Which of several workloads on one address is meant: the highest (spec/ztunnel.md 4.4). */
    public int rank() {
        return (uid.contains("//Pod/") ? 2 : 0) + (enrolled ? 1 : 0);
    }
}
