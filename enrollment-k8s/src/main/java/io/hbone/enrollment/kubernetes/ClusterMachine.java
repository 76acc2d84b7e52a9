package io.hbone.enrollment.kubernetes;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * How a machine of a cluster stands, as the API server tells it.
 *
 * @param name of its Node object
 * @param images what runs there of agent and node: by component
 * @param message what its agent says; empty when it said nothing
 */
public record ClusterMachine(String name, SortedMap<String, SortedSet<String>> images, State state, String message) {
    static final String AGENT = "hbone-agent";
    static final String NODE = "hbone-node";

    /** How a machine stands. */
    public enum State {
        /** Agent and node are connected to each other, to SPIRE and to the API server. */
        CONNECTED,
        /** Its agent says what is wrong. */
        TROUBLED,
        /** Its agent has said nothing: it has just started, is of an older version, or there is none. */
        UNKNOWN;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** @param components pods of agents and nodes, and others that do not count */
    static List<ClusterMachine> of(Iterable<Pod> components, String componentLabel) {
        SortedMap<String, SortedMap<String, SortedSet<String>>> images = new TreeMap<>();
        Map<String, MachineStanding> said = new HashMap<>();
        for (Pod pod : components) {
            String component = pod.getMetadata().getLabels().getOrDefault(componentLabel, "");
            String name = Objects.requireNonNullElse(pod.getSpec().getNodeName(), "");
            boolean counts = component.equals(AGENT) || component.equals(NODE);
            if (!counts || name.isEmpty() || LocalPods.hasEnded(pod)) {
                continue;
            }
            SortedSet<String> of = images.computeIfAbsent(name, none -> new TreeMap<>())
                    .computeIfAbsent(component, none -> new TreeSet<>());
            for (Container container : pod.getSpec().getContainers()) {
                of.add(Objects.requireNonNullElse(container.getImage(), ""));
            }
            MachineStanding standing = MachineStanding.of(pod);
            // Of two agents during an upgrade the one that is about to end says nothing any more.
            if (standing != null && pod.getMetadata().getDeletionTimestamp() == null) {
                said.put(name, standing);
            }
        }
        List<ClusterMachine> machines = new ArrayList<>();
        images.forEach((name, of) -> {
            MachineStanding standing = said.get(name);
            State state = standing == null ? State.UNKNOWN : standing.sound() ? State.CONNECTED : State.TROUBLED;
            machines.add(new ClusterMachine(name, of, state, standing == null ? "" : standing.message()));
        });
        return machines;
    }

    /** Whether agent and node are not of one image, as during an upgrade. */
    public boolean isSkewed() {
        return areSeveral(images);
    }

    /** Whether not all components are of one image. */
    static boolean areSeveral(SortedMap<String, SortedSet<String>> images) {
        return images.values().stream().flatMap(SortedSet::stream).distinct().count() > 1;
    }
}
