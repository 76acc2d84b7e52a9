package io.hbone.node.agent;

import io.hbone.core.TrustDomain;
import io.hbone.enrollment.directory.DirectorySettings;
import io.hbone.enrollment.directory.DirectorySettings.NodeNames;
import io.hbone.enrollment.directory.DirectorySettings.ReachedBy;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code hbone agent} that count with {@code --kubernetes} alone. */
final class ClusterOptions {
    @Option(
            names = "--kubeconfig",
            paramLabel = "FILE",
            description = "With --kubernetes: the cluster (default: the one that it runs in, else $KUBECONFIG).")
    @Nullable Path kubeconfig;

    @Option(
            names = "--pod-name",
            paramLabel = "NAME",
            defaultValue = "${env:POD_NAME}",
            description = "With --kubernetes: this agent's own pod, which is told how its machine stands, for 'hbone"
                    + " status'; $POD_NAME.")
    @Nullable String podName;

    @Option(
            names = "--pod-namespace",
            paramLabel = "NAME",
            defaultValue = "${env:POD_NAMESPACE}",
            description = "With --kubernetes: where that is; $POD_NAMESPACE.")
    @Nullable String podNamespace;

    @Option(
            names = "--node-admin",
            paramLabel = "HOST:PORT",
            defaultValue = "127.0.0.1:15000",
            description = "With --kubernetes: the admin port of the machine's node, which is asked for its certificates"
                    + " (default: ${DEFAULT-VALUE}).")
    String nodeAdmin = "";

    @Option(
            names = "--cluster-id",
            paramLabel = "NAME",
            defaultValue = "${env:CLUSTER_ID:-Kubernetes}",
            description = "With --kubernetes: the cluster's name in the mesh; $CLUSTER_ID (default: ${DEFAULT-VALUE}).")
    String clusterId = "";

    @Option(
            names = "--cluster-domain",
            paramLabel = "NAME",
            defaultValue = "${env:CLUSTER_DOMAIN:-cluster.local}",
            description =
                    "With --kubernetes: ends the host names of services; $CLUSTER_DOMAIN (default: ${DEFAULT-VALUE}).")
    String clusterDomain = "";

    @Option(
            names = "--root-namespace",
            paramLabel = "NAME",
            defaultValue = "istio-system",
            description = "With --kubernetes: whose policies are for the whole mesh (default: ${DEFAULT-VALUE}).")
    String rootNamespace = "";

    @Option(
            names = "--node-names",
            defaultValue = "NAME",
            description = "With --kubernetes: what nodes have as NODE_NAME, the machine's NAME or, as with Cilium, its"
                    + " ADDRESS (default: ${DEFAULT-VALUE}).")
    NodeNames nodeNames = NodeNames.NAME;

    @Option(
            names = "--reached-by",
            defaultValue = "ANNOTATION",
            description =
                    "With --kubernetes: what tells that a pod of another machine is reached by HBONE, the ANNOTATION"
                            + " that agents write when it is so, or the LABEL alone, for machines with Cilium's agent"
                            + " (default: ${DEFAULT-VALUE}).")
    ReachedBy reachedBy = ReachedBy.ANNOTATION;

    DirectorySettings settings(TrustDomain trustDomain) {
        return DirectorySettings.STANDARD
                .withTrustDomain(trustDomain)
                .withClusterId(clusterId)
                .withClusterDomain(clusterDomain)
                .withRootNamespace(rootNamespace)
                .withNodeNames(nodeNames)
                .withReachedBy(reachedBy);
    }
}
