package io.hbone.enrollment.kubernetes;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.NamespaceCondition;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import java.util.List;
import java.util.Map;

/** What is kept of objects of the cluster; all else, managed fields above all, is most of their size. */
public final class Reduced {
    private Reduced() {}

    /**
     * Name, version, the labels of the mesh, and one condition.
     *
     * @param condition the type of the condition that is kept
     */
    public static Namespace namespace(Namespace namespace, String condition) {
        NamespaceBuilder reduced = new NamespaceBuilder().withMetadata(meta(namespace.getMetadata(), true));
        List<NamespaceCondition> conditions = namespace.getStatus() == null
                ? List.of()
                : namespace.getStatus().getConditions().stream()
                        .filter(each -> condition.equals(each.getType()))
                        .toList();
        if (!conditions.isEmpty()) {
            reduced.withNewStatus().addAllToConditions(conditions).endStatus();
        }
        return reduced.build();
    }

    /** Name and version. */
    public static ServiceAccount account(ServiceAccount account) {
        return new ServiceAccountBuilder()
                .withMetadata(meta(account.getMetadata(), false))
                .build();
    }

    /** Name, version, the labels of the mesh, and the service account. */
    public static Pod accountOfPod(Pod pod) {
        return new PodBuilder()
                .withMetadata(meta(pod.getMetadata(), true))
                .withNewSpec()
                .withServiceAccountName(
                        pod.getSpec() == null ? null : pod.getSpec().getServiceAccountName())
                .endSpec()
                .build();
    }

    /**
     * Of a pod of this machine: who it is and whose, its machine, and its status without images and the like; of annotations those
     * that the agent looks at.
     */
    static Pod local(Pod pod) {
        ObjectMeta from = pod.getMetadata();
        PodBuilder reduced = new PodBuilder()
                .withMetadata(new ObjectMetaBuilder()
                        .withName(from.getName())
                        .withNamespace(from.getNamespace())
                        .withUid(from.getUid())
                        .withResourceVersion(from.getResourceVersion())
                        .withCreationTimestamp(from.getCreationTimestamp())
                        .withDeletionTimestamp(from.getDeletionTimestamp())
                        .withGenerateName(from.getGenerateName())
                        .withLabels(from.getLabels())
                        .withOwnerReferences(from.getOwnerReferences())
                        .build());
        Map<String, String> annotations = from.getAnnotations() == null ? Map.of() : from.getAnnotations();
        for (String kept : List.of(PodStanding.REDIRECTION, LocalPods.MIRROR, LeftAlone.SIDECAR)) {
            if (annotations.containsKey(kept)) {
                reduced.editMetadata()
                        .addToAnnotations(kept, annotations.get(kept))
                        .endMetadata();
            }
        }
        if (pod.getSpec() != null) {
            reduced.withNewSpec()
                    .withNodeName(pod.getSpec().getNodeName())
                    .withHostNetwork(pod.getSpec().getHostNetwork())
                    .withServiceAccountName(pod.getSpec().getServiceAccountName())
                    .endSpec();
        }
        if (pod.getStatus() != null) {
            reduced.withNewStatus()
                    .withPhase(pod.getStatus().getPhase())
                    .withPodIP(pod.getStatus().getPodIP())
                    .withPodIPs(pod.getStatus().getPodIPs())
                    .withHostIP(pod.getStatus().getHostIP())
                    .withConditions(pod.getStatus().getConditions())
                    .withContainerStatuses(pod.getStatus().getContainerStatuses().stream()
                            .map(Reduced::state)
                            .toList())
                    .endStatus();
        }
        return reduced.build();
    }

    /** Its name, and whether it has ended. */
    private static ContainerStatus state(ContainerStatus status) {
        ContainerStatusBuilder reduced = new ContainerStatusBuilder().withName(status.getName());
        if (status.getState() != null && status.getState().getTerminated() != null) {
            reduced.withNewState().withNewTerminated().endTerminated().endState();
        }
        return reduced.build();
    }

    /** Name, version and the labels of the mesh. */
    static Namespace labelled(Namespace namespace) {
        return new NamespaceBuilder()
                .withMetadata(meta(namespace.getMetadata(), true))
                .build();
    }

    private static ObjectMeta meta(ObjectMeta from, boolean labels) {
        return new ObjectMetaBuilder()
                .withName(from.getName())
                .withNamespace(from.getNamespace())
                .withUid(from.getUid())
                .withResourceVersion(from.getResourceVersion())
                .addToLabels(labels ? MeshLabels.of(from.getLabels()) : Map.of())
                .build();
    }
}
