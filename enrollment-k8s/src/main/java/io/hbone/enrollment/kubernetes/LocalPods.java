package io.hbone.enrollment.kubernetes;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.hbone.enrollment.LocalWorkload;
import io.hbone.enrollment.NetworkReference;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Which pods of a machine have a network of their own and live, and whose an address is that several claim. */
final class LocalPods {
    /** On what stands in the API server for a pod that the machine has from a file: the uid by which the runtime knows that pod. */
    static final String MIRROR = "kubernetes.io/config.mirror";

    private static final Set<String> ENDED = Set.of("Succeeded", "Failed");

    private LocalPods() {}

    /** A pod, and what it is to the agent. */
    record Local(Pod pod, LocalWorkload workload) {}

    /** Whether the agent has to do with a pod: not with the machine's own, the node itself, and those that have ended. */
    static boolean isWorkload(Pod pod) {
        return pod.getSpec() != null
                && !Boolean.TRUE.equals(pod.getSpec().getHostNetwork())
                && !MeshLabels.isNode(pod.getMetadata().getLabels())
                && !hasEnded(pod);
    }

    /**
     * Its network goes when its containers have ended for good, which is before the API server hears the end of it: the address may
     * be another's by then.
     */
    static boolean hasEnded(Pod pod) {
        PodStatus status = pod.getStatus();
        if (status == null) {
            return false;
        }
        List<ContainerStatus> containers = status.getContainerStatuses();
        boolean torn = pod.getMetadata().getDeletionTimestamp() != null
                && !containers.isEmpty()
                && containers.stream()
                        .allMatch(container -> container.getState() != null
                                && container.getState().getTerminated() != null);
        return torn || ENDED.contains(Objects.requireNonNullElse(status.getPhase(), ""));
    }

    /** By the uid that the container runtime knows it by. */
    static NetworkReference network(Pod pod) {
        Map<String, String> annotations = pod.getMetadata().getAnnotations();
        String mirrored = annotations == null ? null : annotations.get(MIRROR);
        return new NetworkReference.Pod(
                mirrored == null || mirrored.isEmpty() ? pod.getMetadata().getUid() : mirrored);
    }

    /**
     * Those that have their addresses: of several pods that claim one, the youngest has it. The others are ending, and the API server
     * has not heard of it yet.
     */
    static List<LocalWorkload> withoutDisplaced(Collection<Local> pods) {
        List<Local> youngestFirst = new ArrayList<>(pods);
        youngestFirst.sort(Comparator.comparing(LocalPods::created)
                .thenComparing(local -> local.workload().uid())
                .reversed());
        Map<InetAddress, String> owners = new HashMap<>();
        List<LocalWorkload> kept = new ArrayList<>();
        for (Local each : youngestFirst) {
            List<InetAddress> addresses = each.workload().workload().addresses();
            if (addresses.stream().noneMatch(owners::containsKey)) {
                addresses.forEach(address -> owners.put(address, each.workload().uid()));
                kept.add(each.workload());
            }
        }
        return kept;
    }

    /** RFC 3339 in UTC, all of one length: they sort as text. */
    private static String created(Local local) {
        return Objects.requireNonNullElse(local.pod().getMetadata().getCreationTimestamp(), "");
    }
}
