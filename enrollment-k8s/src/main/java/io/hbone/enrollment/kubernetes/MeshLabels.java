package io.hbone.enrollment.kubernetes;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which namespaces and pods are in the mesh, by their labels (spec/cilium.md 1.1). A namespace is when it says so; a pod of it may
 * say otherwise for itself, in both directions.
 */
public final class MeshLabels {
    /** On namespaces, and on pods, which Cilium does not look at. */
    public static final String KEY = "io.cilium/mtls-enabled";

    /** Of what nodes themselves are labelled with: Cilium's (spec/cilium.md 1.4), Istio's, and ours. */
    private static final List<Map.Entry<String, String>> NODES = List.of(
            Map.entry("app", "ztunnel-cilium"),
            Map.entry("app", "ztunnel"),
            Map.entry("app.kubernetes.io/name", "hbone-node"));

    private static final String YES = "true";
    private static final String NO = "false";

    private MeshLabels() {}

    /** The label with the value that puts a pod into the mesh on its own, as a selector. */
    public static Map<String, String> optIn() {
        return Map.of(KEY, YES);
    }

    /**
     * Whether a namespace is enrolled: only by exactly {@code true}, in lower case.
     *
     * @param labels of the namespace, null for none, or when there is no such namespace
     */
    public static boolean isEnrolled(@Nullable Map<String, String> labels) {
        return YES.equals(value(labels));
    }

    /**
     * Whether a pod is: exactly {@code true} or {@code false} on the pod decide, anything else leaves it to its namespace.
     *
     * @param namespaceLabels null for none
     * @param podLabels null for none
     */
    public static boolean isEnrolled(
            @Nullable Map<String, String> namespaceLabels, @Nullable Map<String, String> podLabels) {
        String own = value(podLabels);
        if (YES.equals(own) || NO.equals(own)) {
            return YES.equals(own);
        }
        return isEnrolled(namespaceLabels);
    }

    /** Whether a pod is the node itself, whose traffic must not be led through it. */
    static boolean isNode(@Nullable Map<String, String> podLabels) {
        return podLabels != null
                && NODES.stream().anyMatch(label -> label.getValue().equals(podLabels.get(label.getKey())));
    }

    private static @Nullable String value(@Nullable Map<String, String> labels) {
        return labels == null ? null : labels.get(KEY);
    }
}
