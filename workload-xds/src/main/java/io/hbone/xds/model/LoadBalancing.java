package io.hbone.xds.model;

import java.util.List;

/**
 * How a service's endpoints are chosen from (spec/ztunnel.md 4.2). Traffic distribution, too, comes as preferences with {@link
 * Mode#FAILOVER}.
 *
 * @param preferences what an endpoint should share with the client, most important first
 */
public record LoadBalancing(List<Scope> preferences, Mode mode, HealthPolicy health) {
    /** Any healthy endpoint. */
    public static final LoadBalancing STANDARD = new LoadBalancing(List.of(), Mode.STANDARD, HealthPolicy.ONLY_HEALTHY);

    public LoadBalancing {
        preferences = List.copyOf(preferences);
    }

    /** What a client and an endpoint can share. */
    public enum Scope {
        REGION,
        ZONE,
        SUBZONE,
        NODE,
        CLUSTER,
        NETWORK
    }

    /** What the preferences mean. */
    public enum Mode {
        /** Nothing. */
        STANDARD,
        /** Only endpoints that fit in all of them. */
        STRICT,
        /** The endpoints that fit best, whoever they are. */
        FAILOVER,
        /** No choice: the address that was dialled, without a tunnel. */
        PASSTHROUGH
    }

    /** What unhealthy endpoints are for. */
    public enum HealthPolicy {
        ONLY_HEALTHY,
        ALLOW_ALL
    }
}
