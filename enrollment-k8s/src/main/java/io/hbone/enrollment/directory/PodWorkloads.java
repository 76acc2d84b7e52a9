package io.hbone.enrollment.directory;

import io.fabric8.kubernetes.api.model.Pod;
import io.hbone.core.SpiffeId;
import io.hbone.enrollment.kubernetes.MeshLabels;
import io.hbone.xds.model.Locality;
import io.hbone.xds.model.Workload;
import io.hbone.xds.model.WorkloadBuilder;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the mesh is told of a pod, by the pod alone: no services, policies and waypoints. Its uid is the pod's own, as Cilium has it
 * (spec/cilium.md 4.7): a pod that takes another's name is another workload. Safe for use by any thread.
 */
public final class PodWorkloads {
    private final DirectorySettings settings;
    private final Shared shared = new Shared();

    public PodWorkloads(DirectorySettings settings) {
        this.settings = Objects.requireNonNull(settings, "settings");
    }

    /**
     * A pod's workload. It has no addresses before the pod has.
     *
     * <p>{@link Workload#enrolled} says whether labels want it in the mesh: never one that has its machine's network or a sidecar, always
     * one that serves HBONE itself.
     *
     * @param pod all of it, or its metadata, its spec's {@code serviceAccountName}, {@code nodeName}, {@code hostNetwork} and named
     *     container ports, and its status's {@code phase}, {@code podIPs}, {@code hostIP} and conditions
     * @param namespaceLabels of its namespace; null for none
     * @param locality where its machine is
     * @return null when the pod has ended
     */
    public @Nullable Workload workload(Pod pod, @Nullable Map<String, String> namespaceLabels, Locality locality) {
        PodFacts facts = PodFacts.of(pod, shared);
        return facts == null
                ? null
                : builder(settings, facts, isWanted(facts.template(), namespaceLabels), locality)
                        .build();
    }

    static WorkloadBuilder builder(DirectorySettings settings, PodFacts pod, boolean enrolled, Locality locality) {
        PodTemplate template = pod.template();
        SpiffeId identity =
                SpiffeId.ofServiceAccount(settings.trustDomain(), template.namespace(), template.serviceAccount());
        return Workload.builder(pod.uid(), pod.name(), identity)
                .network(settings.network())
                .clusterId(settings.clusterId())
                .addresses(pod.addresses())
                .enrolled(enrolled)
                .nativeTunnel(template.isNativeTunnel())
                .hostNetwork(template.hostNetwork())
                .healthy(pod.ready())
                .node(settings.nodeNames() == DirectorySettings.NodeNames.ADDRESS ? pod.hostAddress() : pod.node())
                .locality(locality)
                .type(template.type())
                .workloadName(template.workloadName())
                .canonicalName(template.canonicalName())
                .canonicalRevision(template.canonicalRevision());
    }

    /** Whether labels want it to be reached by HBONE. */
    static boolean isWanted(PodTemplate template, @Nullable Map<String, String> namespaceLabels) {
        return template.isNativeTunnel()
                || (!template.hostNetwork()
                        && !template.sidecar()
                        && MeshLabels.isEnrolled(namespaceLabels, template.labels()));
    }
}
