package io.hbone.enrollment.directory;

/** Labels and annotations of others that are read here. */
final class Names {
    /** Says who a workload is for people, and beats the name of its owner. */
    static final String WORKLOAD = "service.istio.io/workload-name";

    static final String CANONICAL_NAME = "service.istio.io/canonical-name";
    static final String CANONICAL_REVISION = "service.istio.io/canonical-revision";

    /** An annotation of pods whose traffic is led through a node: {@code enabled}. */
    static final String REDIRECTION = "ambient.istio.io/redirection";

    /** The waypoint of a pod, a service or a namespace; {@code none} for none. */
    static final String USE_WAYPOINT = "istio.io/use-waypoint";

    static final String USE_WAYPOINT_NAMESPACE = "istio.io/use-waypoint-namespace";

    /** What a waypoint takes: {@code service}, {@code workload}, {@code all} or {@code none}. */
    static final String WAYPOINT_FOR = "istio.io/waypoint-for";

    /** Whose a pod is that serves a Gateway. */
    static final String GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name";

    /** Who made a Gateway's service. */
    static final String GATEWAY_MANAGED = "gateway.istio.io/managed";

    /** An annotation of Gateways: how their pods are told where a connection was meant to go. */
    static final String INBOUND_BINDING = "ambient.istio.io/waypoint-inbound-binding";

    /** An annotation of services and namespaces, for clusters without the field. */
    static final String TRAFFIC_DISTRIBUTION = "networking.istio.io/traffic-distribution";

    /** An annotation of policies that only tell what they would do. */
    static final String DRY_RUN = "istio.io/dry-run";

    static final String REGION = "topology.kubernetes.io/region";
    static final String ZONE = "topology.kubernetes.io/zone";
    static final String SUBZONE = "topology.istio.io/subzone";

    private Names() {}
}
