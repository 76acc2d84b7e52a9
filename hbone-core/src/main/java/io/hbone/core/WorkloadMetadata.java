package io.hbone.core;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What logs and metrics say about one end of a connection. An unknown text is empty, never null.
 *
 * @param name the workload's name, for example a pod's
 * @param namespace its namespace
 * @param identity its SPIFFE id, null when it has none or it is unknown
 * @param workloadName the name of its owner, for example a Deployment
 * @param workloadType the owner's kind in lower case: {@code deployment}, {@code cronjob}, {@code job} or {@code pod}
 * @param canonicalName the service it is a part of, as labels say
 * @param canonicalRevision that service's version
 * @param clusterId the cluster it runs in
 * @param region where it runs
 * @param zone where it runs, more closely
 */
public record WorkloadMetadata(
        String name,
        String namespace,
        @Nullable SpiffeId identity,
        String workloadName,
        String workloadType,
        String canonicalName,
        String canonicalRevision,
        String clusterId,
        String region,
        String zone) {
    /** Nothing is known. */
    public static final WorkloadMetadata UNKNOWN = new WorkloadMetadata("", "", null, "", "", "", "", "", "", "");

    public WorkloadMetadata {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(namespace, "namespace");
        Objects.requireNonNull(workloadName, "workloadName");
        Objects.requireNonNull(workloadType, "workloadType");
        Objects.requireNonNull(canonicalName, "canonicalName");
        Objects.requireNonNull(canonicalRevision, "canonicalRevision");
        Objects.requireNonNull(clusterId, "clusterId");
        Objects.requireNonNull(region, "region");
        Objects.requireNonNull(zone, "zone");
    }

    /** As much as a peer said of itself in a tunnel request, with the identity that it proved. */
    public static WorkloadMetadata of(Baggage baggage, @Nullable SpiffeId identity) {
        return new WorkloadMetadata(
                baggage.workloadName(),
                baggage.namespace(),
                identity,
                baggage.workloadName(),
                baggage.workloadType(),
                baggage.serviceName(),
                baggage.serviceVersion(),
                baggage.clusterId(),
                baggage.region(),
                baggage.zone());
    }

    /** The same as the header that tells a peer. */
    public Baggage toBaggage() {
        return new Baggage(
                clusterId,
                namespace,
                workloadType,
                workloadName.isEmpty() ? name : workloadName,
                canonicalName,
                canonicalRevision,
                region,
                zone);
    }
}
