package io.hbone.enrollment.kubernetes;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Pods that are not led through a node by what they are, whatever labels of the mesh they or their namespaces have. */
public final class LeftAlone {
    /**
     * An annotation that Istio's injector writes at pods which it gives a sidecar. Sidecar and node would each lead the same
     * connections elsewhere; Istio's agent leaves these alone, too.
     */
    static final String SIDECAR = "sidecar.istio.io/status";

    /** A label of pods that serve HBONE themselves, as waypoints do: a list with {@code http}. */
    private static final String TUNNEL = "networking.istio.io/tunnel";

    private LeftAlone() {}

    /** Whether a sidecar has been put into a pod. */
    public static boolean hasSidecar(Pod pod) {
        Map<String, String> annotations = pod.getMetadata().getAnnotations();
        return annotations != null && annotations.containsKey(SIDECAR);
    }

    /**
     * Whether a pod serves HBONE itself: on the port that a node would take from it.
     *
     * @param labels of the pod, null for none
     */
    public static boolean servesHbone(@Nullable Map<String, String> labels) {
        return labels != null
                && List.of(labels.getOrDefault(TUNNEL, "").split(",")).contains("http");
    }

    /** What it is that keeps a pod out, for people; null when nothing does. */
    static @Nullable String why(Pod pod) {
        Map<String, String> labels = pod.getMetadata().getLabels();
        if (Boolean.TRUE.equals(pod.getSpec().getHostNetwork())) {
            return "host network";
        }
        if (MeshLabels.isNode(labels)) {
            return "a node of the mesh itself";
        }
        if (hasSidecar(pod)) {
            return "a sidecar of its own (annotation " + SIDECAR + ")";
        }
        return servesHbone(labels) ? "serves HBONE itself (label " + TUNNEL + "=http)" : null;
    }
}
