package io.hbone.xds.model;

import io.hbone.core.SpiffeId;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Builds a {@link Workload}. What is not said is unknown, or as spec/ztunnel.md 7.5 has it by default. */
public final class WorkloadBuilder {
    private final String uid;
    private final String name;
    private final SpiffeId identity;
    private String namespace;
    private String serviceAccount;
    private String network = "";
    private List<InetAddress> addresses = List.of();
    private String hostname = "";
    private boolean enrolled;
    private int tunnelPort = Workload.HBONE_PORT;
    private boolean hostNetwork;
    private boolean healthy = true;
    private int capacity = 1;
    private Map<String, PortMap> services = Map.of();
    private @Nullable GatewayAddress waypoint;
    private @Nullable GatewayAddress networkGateway;
    private @Nullable ApplicationTunnel applicationTunnel;
    private List<String> authorizationPolicies = List.of();
    private boolean nativeTunnel;
    private String node = "";
    private Locality locality = Locality.UNKNOWN;
    private String clusterId = "Kubernetes";
    private WorkloadType type = WorkloadType.DEPLOYMENT;
    private String workloadName = "";
    private String canonicalName = "";
    private String canonicalRevision = "";

    WorkloadBuilder(String uid, String name, SpiffeId identity) {
        this.uid = uid;
        this.name = name;
        this.identity = identity;
        String ofIdentity = identity.namespace();
        String account = identity.serviceAccount();
        namespace = ofIdentity == null ? "" : ofIdentity;
        serviceAccount = account == null ? "" : account;
    }

    /** {@link Workload#namespace()}. */
    public WorkloadBuilder namespace(String value) {
        namespace = value;
        return this;
    }

    /** {@link Workload#serviceAccount()}. */
    public WorkloadBuilder serviceAccount(String value) {
        serviceAccount = value;
        return this;
    }

    /** {@link Workload#network()}. */
    public WorkloadBuilder network(String value) {
        network = value;
        return this;
    }

    /** {@link Workload#addresses()}. */
    public WorkloadBuilder addresses(List<InetAddress> value) {
        addresses = value;
        return this;
    }

    /** {@link Workload#hostname()}. */
    public WorkloadBuilder hostname(String value) {
        hostname = value;
        return this;
    }

    /** {@link Workload#enrolled()}. */
    public WorkloadBuilder enrolled(boolean value) {
        enrolled = value;
        return this;
    }

    /** {@link Workload#tunnelPort()}. */
    public WorkloadBuilder tunnelPort(int value) {
        tunnelPort = value;
        return this;
    }

    /** {@link Workload#hostNetwork()}. */
    public WorkloadBuilder hostNetwork(boolean value) {
        hostNetwork = value;
        return this;
    }

    /** {@link Workload#healthy()}. */
    public WorkloadBuilder healthy(boolean value) {
        healthy = value;
        return this;
    }

    /** {@link Workload#capacity()}. */
    public WorkloadBuilder capacity(int value) {
        capacity = value;
        return this;
    }

    /** {@link Workload#services()}. */
    public WorkloadBuilder services(Map<String, PortMap> value) {
        services = value;
        return this;
    }

    /** {@link Workload#waypoint()}. */
    public WorkloadBuilder waypoint(@Nullable GatewayAddress value) {
        waypoint = value;
        return this;
    }

    /** {@link Workload#networkGateway()}. */
    public WorkloadBuilder networkGateway(@Nullable GatewayAddress value) {
        networkGateway = value;
        return this;
    }

    /** {@link Workload#applicationTunnel()}. */
    public WorkloadBuilder applicationTunnel(@Nullable ApplicationTunnel value) {
        applicationTunnel = value;
        return this;
    }

    /** {@link Workload#authorizationPolicies()}. */
    public WorkloadBuilder authorizationPolicies(List<String> value) {
        authorizationPolicies = value;
        return this;
    }

    /** {@link Workload#nativeTunnel()}. */
    public WorkloadBuilder nativeTunnel(boolean value) {
        nativeTunnel = value;
        return this;
    }

    /** {@link Workload#node()}. */
    public WorkloadBuilder node(String value) {
        node = value;
        return this;
    }

    /** {@link Workload#locality()}. */
    public WorkloadBuilder locality(Locality value) {
        locality = value;
        return this;
    }

    /** {@link Workload#clusterId()}. */
    public WorkloadBuilder clusterId(String value) {
        clusterId = value;
        return this;
    }

    /** {@link Workload#type()}. */
    public WorkloadBuilder type(WorkloadType value) {
        type = value;
        return this;
    }

    /** {@link Workload#workloadName()}. */
    public WorkloadBuilder workloadName(String value) {
        workloadName = value;
        return this;
    }

    /** {@link Workload#canonicalName()}. */
    public WorkloadBuilder canonicalName(String value) {
        canonicalName = value;
        return this;
    }

    /** {@link Workload#canonicalRevision()}. */
    public WorkloadBuilder canonicalRevision(String value) {
        canonicalRevision = value;
        return this;
    }

    /** @throws IllegalArgumentException when a value is out of its range */
    public Workload build() {
        return new Workload(
                uid,
                name,
                namespace,
                serviceAccount,
                identity,
                network,
                addresses,
                hostname,
                enrolled,
                tunnelPort,
                hostNetwork,
                healthy,
                capacity,
                services,
                waypoint,
                networkGateway,
                applicationTunnel,
                authorizationPolicies,
                nativeTunnel,
                node,
                locality,
                clusterId,
                type,
                workloadName,
                canonicalName,
                canonicalRevision);
    }
}
