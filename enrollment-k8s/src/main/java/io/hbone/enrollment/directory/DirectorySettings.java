package io.hbone.enrollment.directory;

import io.hbone.core.TrustDomain;
import java.util.Objects;

/**
 * What a cluster's objects do not say themselves.
 *
 * @param trustDomain of all identities
 * @param clusterId what the cluster is called in a mesh of several
 * @param clusterDomain the last part of the host names of services
 * @param network where the addresses mean what they say; empty where there is only one
 * @param rootNamespace whose policies are for the whole mesh
 * @param nodeNames how a workload says on which machine it is
 * @param reachedBy what tells that a pod is reached by HBONE
 */
public record DirectorySettings(
        TrustDomain trustDomain,
        String clusterId,
        String clusterDomain,
        String network,
        String rootNamespace,
        NodeNames nodeNames,
        ReachedBy reachedBy) {
    /** As istiod has it by default, and by the label alone. */
    public static final DirectorySettings STANDARD = new DirectorySettings(
            TrustDomain.of("cluster.local"),
            "Kubernetes",
            "cluster.local",
            "",
            "istio-system",
            NodeNames.NAME,
            ReachedBy.LABEL);

    public DirectorySettings {
        Objects.requireNonNull(trustDomain, "trustDomain");
        Objects.requireNonNull(network, "network");
        Objects.requireNonNull(nodeNames, "nodeNames");
        Objects.requireNonNull(reachedBy, "reachedBy");
        required("clusterId", clusterId);
        required("clusterDomain", clusterDomain);
        required("rootNamespace", rootNamespace);
    }

    private static void required(String what, String value) {
        if (value.isEmpty()) {
            throw new IllegalArgumentException(what + ": empty (expected: a name)");
        }
    }

    /** How a machine is called. It must be what its node is told as its own name. */
    public enum NodeNames {
        /** By the name of the Node object, as Istio does. */
        NAME,
        /** By its address, as Cilium does (spec/cilium.md 4.7). */
        ADDRESS
    }

    /** What tells that a pod is reached by HBONE. */
    public enum ReachedBy {
        /** A label of the mesh, on the pod or its namespace, as soon as it is there; Cilium's way. */
        LABEL,
        /** {@code ambient.istio.io/redirection: enabled} on the pod, which agents set once it is so; Istio's way. */
        ANNOTATION
    }

    public DirectorySettings withTrustDomain(TrustDomain value) {
        return new DirectorySettings(value, clusterId, clusterDomain, network, rootNamespace, nodeNames, reachedBy);
    }

    public DirectorySettings withClusterId(String value) {
        return new DirectorySettings(trustDomain, value, clusterDomain, network, rootNamespace, nodeNames, reachedBy);
    }

    public DirectorySettings withClusterDomain(String value) {
        return new DirectorySettings(trustDomain, clusterId, value, network, rootNamespace, nodeNames, reachedBy);
    }

    public DirectorySettings withNetwork(String value) {
        return new DirectorySettings(trustDomain, clusterId, clusterDomain, value, rootNamespace, nodeNames, reachedBy);
    }

    public DirectorySettings withRootNamespace(String value) {
        return new DirectorySettings(trustDomain, clusterId, clusterDomain, network, value, nodeNames, reachedBy);
    }

    public DirectorySettings withNodeNames(NodeNames value) {
        return new DirectorySettings(trustDomain, clusterId, clusterDomain, network, rootNamespace, value, reachedBy);
    }

    public DirectorySettings withReachedBy(ReachedBy value) {
        return new DirectorySettings(trustDomain, clusterId, clusterDomain, network, rootNamespace, nodeNames, value);
    }
}
