package io.hbone.enrollment.kubernetes;

import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodList;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Listable;
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
 * @param optedOut those that are not in the mesh though their namespace or a label of their own says so, by namespace and name
 * @param images what runs of agents, nodes and operators: by component, the images
 * @param machines those with an agent or a node, by name
 */
public record ClusterPods(
        List<Standing> pods,
        List<OptedOut> optedOut,
        SortedMap<String, SortedSet<String>> images,
        List<ClusterMachine> machines) {
    private static final String COMPONENT = "app.kubernetes.io/name";
    private static final String[] COMPONENTS = {ClusterMachine.AGENT, ClusterMachine.NODE, "hbone-operator"};

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

    /**
     * A pod that is left alone.
     *
     * @param node the name of its machine; empty before it has one
     * @param why for people: the label, or what it is
     */
    public record OptedOut(String namespace, String name, String node, String why) {}

    public ClusterPods {
        pods = List.copyOf(pods);
        optedOut = List.copyOf(optedOut);
        machines = List.copyOf(machines);
    }

    /**
     * Asks the API server: for the namespaces, for the pods of each that is labelled, for pods that are in the mesh by a label of their
     * own, and for those of agents, nodes and operators.
     *
     * @throws io.fabric8.kubernetes.client.KubernetesClientException when it cannot be asked
     */
    public static ClusterPods read(KubernetesClient client) {
        Map<String, Map<String, String>> namespaces = new HashMap<>();
        Map<String, Pod> found = new HashMap<>();
        for (Namespace namespace : client.namespaces().list().getItems()) {
            String name = namespace.getMetadata().getName();
            Map<String, String> labels = namespace.getMetadata().getLabels();
            namespaces.put(name, MeshLabels.of(labels));
            if (MeshLabels.asksFor(labels)) {
                add(found, client.pods().inNamespace(name));
            }
        }
        for (Map.Entry<String, String> label : MeshLabels.optIns()) {
            add(found, client.pods().inAnyNamespace().withLabel(label.getKey(), label.getValue()));
        }
        return of(
                found.values(),
                namespaces,
                client.pods()
                        .inAnyNamespace()
                        .withLabelIn(COMPONENT, COMPONENTS)
                        .list()
                        .getItems());
    }

    private static void add(Map<String, Pod> found, Listable<PodList> pods) {
        pods.list().getItems().forEach(pod -> found.put(pod.getMetadata().getUid(), pod));
    }

    /**
     * @param labelled those that a label of theirs or of their namespace wants in the mesh
     * @param namespaces labels of namespaces, by name
     */
    static ClusterPods of(
            Iterable<Pod> labelled, Map<String, Map<String, String>> namespaces, Iterable<Pod> components) {
        List<Standing> standings = new ArrayList<>();
        List<OptedOut> optedOut = new ArrayList<>();
        for (Pod pod : labelled) {
            if (LocalPods.hasEnded(pod)) {
                continue;
            }
            String why = whyOut(pod, namespaces.get(pod.getMetadata().getNamespace()));
            if (why == null) {
                standings.add(standing(pod));
            } else {
                optedOut.add(new OptedOut(
                        pod.getMetadata().getNamespace(), pod.getMetadata().getName(), node(pod), why));
            }
        }
        standings.sort(Comparator.comparing(Standing::namespace).thenComparing(Standing::name));
        optedOut.sort(Comparator.comparing(OptedOut::namespace).thenComparing(OptedOut::name));
        SortedMap<String, SortedSet<String>> images = new TreeMap<>();
        for (Pod pod : components) {
            String component =
                    Objects.requireNonNullElse(pod.getMetadata().getLabels().get(COMPONENT), "");
            pod.getSpec()
                    .getContainers()
                    .forEach(container -> images.computeIfAbsent(component, none -> new TreeSet<>())
                            .add(Objects.requireNonNullElse(container.getImage(), "")));
        }
        return new ClusterPods(standings, optedOut, images, ClusterMachine.of(components, COMPONENT));
    }

    private static Standing standing(Pod pod) {
        PodStanding said = PodStanding.of(pod);
        String node = node(pod);
        return new Standing(
                pod.getMetadata().getNamespace(),
                pod.getMetadata().getName(),
                node,
                state(said),
                said == null ? missing(node) : said.message());
    }

    /** Null for one that belongs in the mesh. */
    private static @Nullable String whyOut(Pod pod, @Nullable Map<String, String> namespaceLabels) {
        String label = MeshLabels.optOut(namespaceLabels, pod.getMetadata().getLabels());
        return label != null ? label : LeftAlone.why(pod);
    }

    private static String node(Pod pod) {
        return Objects.requireNonNullElse(pod.getSpec().getNodeName(), "");
    }

    private static String missing(String node) {
        return node.isEmpty() ? "not scheduled yet" : "no agent has told of it (expected: hbone agent on " + node + ")";
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
        return ClusterMachine.areSeveral(images);
    }

    /** Whether all are enrolled, and no machine is in trouble. Versions may differ. */
    public boolean isGood() {
        return count(State.ENROLLED) == pods.size()
                && machines.stream().noneMatch(machine -> machine.state() == ClusterMachine.State.TROUBLED);
    }
}
