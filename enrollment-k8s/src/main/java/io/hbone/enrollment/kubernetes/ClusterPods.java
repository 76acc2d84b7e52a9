package io.hbone.enrollment.kubernetes;

import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * How the pods of a cluster stand that should be in the mesh, as the API server tells it: no agent is asked.
 *
 * @param pods by namespace and name
 * @param images what runs of agents, nodes and operators: by component, the images
 */
public record ClusterPods(List<Standing> pods, SortedMap<String, SortedSet<String>> images) {
    private static final String COMPONENT = "app.kubernetes.io/name";
    private static final String[] COMPONENTS = {"hbone-agent", "hbone-node", "hbone-operator"};

    /** How a pod stands. */
    public enum State {
        /** Its traffic goes through the node of its machine. */
        ENROLLED,
        /** It is on its way, or no agent has said anything yet. */
        PENDING,
        /** Its agent says what is wrong. */
        FAILED;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * One pod.
     *
     * @param node the name of its machine
     * @param message what its agent says; empty when it said nothing
     */
    public record Standing(String namespace, String name, String node, State state, String message) {}

    public ClusterPods {
        pods = List.copyOf(pods);
    }

    /**
     * Asks the API server: for the namespaces, for the pods of each that is in the mesh, for pods that are by a label of their own, and
     * for those of agents, nodes and operators.
     *
     * @throws io.fabric8.kubernetes.client.KubernetesClientException when it cannot be asked
     */
    public static ClusterPods read(KubernetesClient client) {
        Map<String, Pod> found = new HashMap<>();
        for (Namespace namespace : client.namespaces().list().getItems()) {
            if (!MeshLabels.isEnrolled(namespace.getMetadata().getLabels())) {
                continue;
            }
            for (Pod pod : client.pods()
                    .inNamespace(namespace.getMetadata().getName())
                    .list()
                    .getItems()) {
                if (MeshLabels.isEnrolled(
                        namespace.getMetadata().getLabels(), pod.getMetadata().getLabels())) {
                    found.put(pod.getMetadata().getUid(), pod);
                }
            }
        }
        for (Map.Entry<String, String> label : MeshLabels.optIns()) {
            client
                    .pods()
                    .inAnyNamespace()
                    .withLabel(label.getKey(), label.getValue())
                    .list()
                    .getItems()
                    .stream()
                    .filter(pod -> MeshLabels.isEnrolled(pod.getMetadata().getLabels()))
                    .forEach(pod -> found.put(pod.getMetadata().getUid(), pod));
        }
        return of(
                found.values(),
                client.pods()
                        .inAnyNamespace()
                        .withLabelIn(COMPONENT, COMPONENTS)
                        .list()
                        .getItems());
    }

    /** @param wanted those that labels want in the mesh */
    static ClusterPods of(Iterable<Pod> wanted, Iterable<Pod> components) {
        List<Standing> standings = new ArrayList<>();
        for (Pod pod : wanted) {
            if (LocalPods.isWorkload(pod)) {
                standings.add(standing(pod));
            }
        }
        standings.sort(Comparator.comparing(Standing::namespace).thenComparing(Standing::name));
        SortedMap<String, SortedSet<String>> images = new TreeMap<>();
        for (Pod pod : components) {
            String component =
                    Objects.requireNonNullElse(pod.getMetadata().getLabels().get(COMPONENT), "");
            pod.getSpec()
                    .getContainers()
                    .forEach(container -> images.computeIfAbsent(component, none -> new TreeSet<>())
                            .add(Objects.requireNonNullElse(container.getImage(), "")));
        }
        return new ClusterPods(standings, images);
    }

    private static Standing standing(Pod pod) {
        PodStanding said = PodStanding.of(pod);
        String node = pod.getSpec().getNodeName();
        return new Standing(
                pod.getMetadata().getNamespace(),
                pod.getMetadata().getName(),
                node == null ? "" : node,
                state(said),
                said == null ? missing(node) : said.message());
    }

    private static String missing(@Nullable String node) {
        return node == null || node.isEmpty()
                ? "not scheduled yet"
                : "no agent has told of it (expected: hbone agent on " + node + ")";
    }

    private static State state(@Nullable PodStanding said) {
        if (said == null) {
            return State.PENDING;
        }
        if (said.enrolled()) {
            return State.ENROLLED;
        }
        return said.reason().equals(PodStanding.FAILED) ? State.FAILED : State.PENDING;
    }

    /** How many stand like this. */
    public long count(State state) {
        return pods.stream().filter(pod -> pod.state() == state).count();
    }

    /** Whether agents, nodes and operators are not all of one image, as during an upgrade. */
    public boolean isSkewed() {
        return images.values().stream().flatMap(SortedSet::stream).distinct().count() > 1;
    }

    /** Whether all are enrolled. Versions may differ. */
    public boolean isGood() {
        return count(State.ENROLLED) == pods.size();
    }
}
