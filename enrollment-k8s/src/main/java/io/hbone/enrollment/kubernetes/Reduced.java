package io.hbone.enrollment.kubernetes;

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
import org.jspecify.annotations.Nullable;

/** What is kept of objects of the cluster; all else, managed fields above all, is most of their size. */
public final class Reduced {
    private Reduced() {}

    /**
     * Name, version, the label of the mesh, and one condition.
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

    /** Name, version, the label of the mesh, and the service account. */
    public static Pod accountOfPod(Pod pod) {
        return new PodBuilder()
                .withMetadata(meta(pod.getMetadata(), true))
                .withNewSpec()
                .withServiceAccountName(
                        pod.getSpec() == null ? null : pod.getSpec().getServiceAccountName())
                .endSpec()
                .build();
    }

    private static ObjectMeta meta(ObjectMeta from, boolean label) {
        ObjectMetaBuilder meta = new ObjectMetaBuilder()
                .withName(from.getName())
                .withNamespace(from.getNamespace())
                .withUid(from.getUid())
                .withResourceVersion(from.getResourceVersion());
        String value = label ? value(from.getLabels()) : null;
        if (value != null) {
            meta.addToLabels(MeshLabels.KEY, value);
        }
        return meta.build();
    }

    private static @Nullable String value(@Nullable Map<String, String> labels) {
        return labels == null ? null : labels.get(MeshLabels.KEY);
    }
}
