package io.hbone.enrollment.operator;

import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceCondition;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import io.fabric8.kubernetes.client.informers.cache.Indexer;
import io.hbone.enrollment.kubernetes.ClusterWatch;
import io.hbone.enrollment.kubernetes.MeshLabels;
import io.hbone.enrollment.kubernetes.Reduced;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Namespaces, service accounts, and the pods that are in the mesh by a label of their own, as the API server tells of them. A pod that
 * changes from one such label to another may be away for a moment, for each is asked for by itself.
 */
final class ClusterAccounts implements Accounts, NamespaceConditions.Namespaces {
    private static final String DEFAULT_ACCOUNT = "default";

    /** There in each cluster, and never replaced. */
    private static final String OLDEST_NAMESPACE = "kube-system";

    private final Indexer<Namespace> namespaces;
    private final Indexer<ServiceAccount> accounts;

    /** By label; one may be in several. */
    private final List<Indexer<Pod>> pods;

    /** @param changed hears the names of namespaces about which there may be something to do */
    ClusterAccounts(KubernetesClient client, ClusterWatch watch, Consumer<String> changed) {
        namespaces = watch.watch(
                client.namespaces(),
                "namespaces",
                namespace -> Reduced.namespace(namespace, NamespaceConditions.TYPE),
                namespace -> changed.accept(namespace.getMetadata().getName()));
        accounts = watch.watch(
                client.serviceAccounts().inAnyNamespace(),
                "service accounts",
                Reduced::account,
                account -> changed.accept(account.getMetadata().getNamespace()));
        pods = MeshLabels.optIns().stream()
                .map(label -> watch.watch(
                        client.pods().inAnyNamespace().withLabel(label.getKey(), label.getValue()),
                        "pods with the label " + label,
                        Reduced::accountOfPod,
                        pod -> changed.accept(pod.getMetadata().getNamespace())))
                .toList();
    }

    /** A name of the cluster that no other has, and that it keeps; null when there is no telling. */
    @Nullable String clusterName() {
        Namespace oldest = namespaces.getByKey(OLDEST_NAMESPACE);
        String uid = oldest == null ? null : oldest.getMetadata().getUid();
        return uid == null || uid.isEmpty() ? null : uid.replaceAll("[^A-Za-z0-9_-]", "");
    }

    @Override
    public Set<String> namespaces() {
        Set<String> names = new HashSet<>();
        for (Namespace namespace : namespaces.list()) {
            if (isLabelled(namespace) || condition(namespace) != null) {
                names.add(namespace.getMetadata().getName());
            }
        }
        for (Indexer<Pod> labelled : pods) {
            labelled.list().forEach(pod -> names.add(pod.getMetadata().getNamespace()));
        }
        return names;
    }

    @Override
    public boolean isEnrolled(String namespace) {
        return isLabelled(namespaces.getByKey(namespace)) || !podsOf(namespace).isEmpty();
    }

    @Override
    public Set<String> of(String namespace) {
        Set<String> names = new HashSet<>();
        if (isLabelled(namespaces.getByKey(namespace))) {
            accounts.byIndex(Cache.NAMESPACE_INDEX, namespace)
                    .forEach(account -> names.add(account.getMetadata().getName()));
        }
        for (Pod pod : podsOf(namespace)) {
            String account = pod.getSpec().getServiceAccountName();
            names.add(account == null || account.isEmpty() ? DEFAULT_ACCOUNT : account);
        }
        return names;
    }

    @Override
    public @Nullable NamespaceCondition condition(String namespace) {
        return condition(namespaces.getByKey(namespace));
    }

    @Override
    public boolean exists(String namespace) {
        return namespaces.getByKey(namespace) != null;
    }

    private List<Pod> podsOf(String namespace) {
        return pods.stream()
                .flatMap(labelled -> labelled.byIndex(Cache.NAMESPACE_INDEX, namespace).stream())
                .filter(pod -> MeshLabels.isEnrolled(pod.getMetadata().getLabels()))
                .toList();
    }

    private static boolean isLabelled(@Nullable Namespace namespace) {
        return namespace != null
                && MeshLabels.isEnrolled(namespace.getMetadata().getLabels());
    }

    private static @Nullable NamespaceCondition condition(@Nullable Namespace namespace) {
        if (namespace == null || namespace.getStatus() == null) {
            return null;
        }
        List<NamespaceCondition> conditions = namespace.getStatus().getConditions();
        return conditions.isEmpty() ? null : conditions.get(0);
    }
}
