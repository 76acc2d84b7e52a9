package io.hbone.enrollment.kubernetes;

import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.informers.cache.Indexer;
import io.hbone.enrollment.LocalWorkload;
import io.hbone.enrollment.WorkloadSource;
import io.hbone.enrollment.kubernetes.LocalPods.Local;
import io.hbone.xds.model.Workload;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pods of a machine, as the API server tells of them: those that are scheduled there, have a network and an address of their own,
 * and have not ended. Whether one is to be enrolled follows from labels, see {@link MeshLabels}. Only these pods are asked for.
 * Namespaces all are: the API server cannot be asked for those with one label or another, and by two questions one that changes from
 * Cilium's label to Istio's would be out of the mesh between two answers.
 *
 * <p>A pod is known by its uid, and its network by the container runtime under that uid: another one of its name, or with its address,
 * is another workload. While the API server is away, what it said last counts. Safe for use by any thread.
 */
public final class KubernetesWorkloads implements WorkloadSource {
    private static final Logger logger = LoggerFactory.getLogger(KubernetesWorkloads.class);

    private final Conversion conversion;
    private final String node;
    private final ClusterWatch watch = new ClusterWatch();
    private final Indexer<Namespace> namespaces;
    private final Indexer<Pod> pods;
    private final Map<String, String> unusable = new ConcurrentHashMap<>();
    private volatile boolean synced;
    private volatile Runnable changed = () -> {};

    /** Says what the mesh is told of a pod. */
    @FunctionalInterface
    public interface Conversion {
        /**
         * A pod's workload, with its labels' wish in {@link Workload#enrolled}.
         *
         * @param namespaceLabels of its namespace, those of the mesh alone; null for none
         * @return null when there is nothing to be told of it
         * @throws IllegalArgumentException when it cannot be told of
         */
        @Nullable Workload workload(Pod pod, @Nullable Map<String, String> namespaceLabels);
    }

    /**
     * @param client of the cluster; stays the caller's
     * @param node the machine's name, by which the scheduler knows it
     */
    public KubernetesWorkloads(KubernetesClient client, String node, Conversion conversion) {
        this(client, client.pods().inAnyNamespace().withField("spec.nodeName", node), node, conversion);
    }

    /** @param local the machine's pods */
    KubernetesWorkloads(KubernetesClient client, Informable<Pod> local, String node, Conversion conversion) {
        this.conversion = conversion;
        this.node = node;
        namespaces = watch.watch(client.namespaces(), "namespaces", Reduced::labelled, namespace -> changed());
        pods = watch.watch(local, "pods of " + node, Reduced::local, pod -> changed());
    }

    @Override
    public void start(Runnable listener) {
        changed = listener;
        watch.start().thenRun(() -> {
            logger.info(
                    "{} pods are on {}, {} namespaces are in the mesh",
                    pods.list().size(),
                    node,
                    namespaces.list().stream()
                            .filter(each ->
                                    MeshLabels.isEnrolled(each.getMetadata().getLabels()))
                            .count());
            synced = true;
            listener.run();
        });
    }

    private void changed() {
        if (synced) {
            changed.run();
        }
    }

    @Override
    public Collection<LocalWorkload> workloads() {
        List<Local> locals = new ArrayList<>();
        for (Pod pod : pods.list()) {
            LocalWorkload workload = LocalPods.isWorkload(pod) ? convert(pod) : null;
            if (workload != null && !workload.workload().addresses().isEmpty()) {
                locals.add(new Local(pod, workload));
            }
        }
        unusable.keySet()
                .removeIf(uid -> pods.list().stream()
                        .noneMatch(pod -> uid.equals(pod.getMetadata().getUid())));
        return LocalPods.withoutDisplaced(locals);
    }

    /** One that cannot be told of hurts no other. */
    private @Nullable LocalWorkload convert(Pod pod) {
        String uid = pod.getMetadata().getUid();
        try {
            Namespace namespace = namespaces.getByKey(pod.getMetadata().getNamespace());
            Workload workload = conversion.workload(
                    pod, namespace == null ? null : namespace.getMetadata().getLabels());
            unusable.remove(uid);
            return workload == null ? null : new LocalWorkload(workload, LocalPods.network(pod));
        } catch (IllegalArgumentException e) {
            String why =
                    pod.getMetadata().getNamespace() + '/' + pod.getMetadata().getName() + ": " + e.getMessage();
            if (!why.equals(unusable.put(uid, why))) {
                logger.warn("a pod is left out of the mesh: {}", why);
            }
            return null;
        }
    }

    /** What is known of the pod of a workload; null when it is not there any more. */
    @Nullable Pod pod(LocalWorkload workload) {
        Pod pod = pods.getByKey(
                workload.workload().namespace() + '/' + workload.workload().name());
        return pod != null && workload.uid().equals(pod.getMetadata().getUid()) ? pod : null;
    }

    @Override
    public @Nullable String error() {
        if (!watch.isLive()) {
            return "the API server is away, or refuses to be watched; the log says why"
                    + (synced ? ", and what it said last counts" : "");
        }
        return unusable.isEmpty() ? null : "left out of the mesh: " + String.join("; ", unusable.values());
    }

    @Override
    public void close() {
        watch.close();
    }
}
