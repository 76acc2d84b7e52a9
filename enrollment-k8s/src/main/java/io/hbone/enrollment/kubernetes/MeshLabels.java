package io.hbone.enrollment.kubernetes;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which namespaces and pods are in the mesh, by their labels: Cilium's (spec/cilium.md 1.1) and Istio's, which count alike. A namespace
 * is when it says so; a pod of it may say otherwise for itself, in both directions. What says both of itself is not.
 */
public final class MeshLabels {
    /** Cilium's, on namespaces, and on pods, which Cilium does not look at: {@code true} or {@code false}. */
    public static final String CILIUM = "io.cilium/mtls-enabled";

    /** Istio's, on namespaces and pods: {@code ambient} or {@code none}. */
    public static final String ISTIO = "istio.io/dataplane-mode";

    private static final List<Label> LABELS =
            List.of(new Label(CILIUM, "true", "false"), new Label(ISTIO, "ambient", "none"));

    /** Of what nodes themselves are labelled with: Cilium's (spec/cilium.md 1.4), Istio's, and ours. */
    private static final List<Map.Entry<String, String>> NODES = List.of(
            Map.entry("app", "ztunnel-cilium"),
            Map.entry("app", "ztunnel"),
            Map.entry("app.kubernetes.io/name", "hbone-node"));

    private MeshLabels() {}

    /** A label, and its values that mean something: exactly these, in lower case. */
    private record Label(String key, String in, String out) {}

    /**
     * What an object says of itself.
     *
     * @param label by which it says so, with its value
     */
    private record Wish(boolean enrolled, String label) {}

    /**
     * The labels that put a pod into the mesh on its own: it has one of them. The API server cannot be asked for several at
     * once. What it finds may still be out by another of its labels, see {@link #isEnrolled(Map)}.
     */
    public static List<Map.Entry<String, String>> optIns() {
        return LABELS.stream().map(label -> Map.entry(label.key(), label.in())).toList();
    }

    /**
     * Whether an object is enrolled by its own labels, whatever others say of it.
     *
     * @param labels of a namespace or a pod, null for none, or when there is no such object
     */
    public static boolean isEnrolled(@Nullable Map<String, String> labels) {
        Wish own = wish(labels);
        return own != null && own.enrolled();
    }

    /**
     * Whether a pod is: what its own labels say decides; when they say nothing, its namespace's do.
     *
     * @param namespaceLabels null for none
     * @param podLabels null for none
     */
    public static boolean isEnrolled(
            @Nullable Map<String, String> namespaceLabels, @Nullable Map<String, String> podLabels) {
        Wish own = wish(podLabels);
        return own == null ? isEnrolled(namespaceLabels) : own.enrolled();
    }

    /** Whether one label or another says that an object is in the mesh, though others may keep it out. */
    static boolean asksFor(@Nullable Map<String, String> labels) {
        return labels != null && LABELS.stream().anyMatch(label -> label.in().equals(labels.get(label.key())));
    }

    /**
     * By which label a pod is kept out of the mesh, for people; null when none says so.
     *
     * @param namespaceLabels null for none
     * @param podLabels null for none
     */
    static @Nullable String optOut(
            @Nullable Map<String, String> namespaceLabels, @Nullable Map<String, String> podLabels) {
        Wish own = wish(podLabels);
        Wish wish = own == null ? wish(namespaceLabels) : own;
        if (wish == null || wish.enrolled()) {
            return null;
        }
        return "label " + wish.label() + (own == null ? " on its namespace" : " on the pod");
    }

    /** Whether a pod is the node itself, whose traffic must not be led through it. */
    static boolean isNode(@Nullable Map<String, String> podLabels) {
        return podLabels != null
                && NODES.stream().anyMatch(label -> label.getValue().equals(podLabels.get(label.getKey())));
    }

    /** Of an object's labels those that are looked at here. */
    static Map<String, String> of(@Nullable Map<String, String> labels) {
        Map<String, String> known = new LinkedHashMap<>();
        for (Label label : LABELS) {
            String value = labels == null ? null : labels.get(label.key());
            if (value != null) {
                known.put(label.key(), value);
            }
        }
        return known;
    }

    /** Null when it says nothing. */
    private static @Nullable Wish wish(@Nullable Map<String, String> labels) {
        Wish wish = null;
        for (Label label : LABELS) {
            String value = labels == null ? null : labels.get(label.key());
            if (label.out().equals(value)) {
                return new Wish(false, label.key() + '=' + value);
            }
            if (label.in().equals(value)) {
                wish = new Wish(true, label.key() + '=' + value);
            }
        }
        return wish;
    }
}
