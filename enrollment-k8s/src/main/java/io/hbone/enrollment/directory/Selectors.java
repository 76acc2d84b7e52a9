package io.hbone.enrollment.directory;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Finds the selectors of a namespace that may select a pod, without a look at each: filed under one label that they all ask for.
 * Under the lock of the tables.
 */
final class Selectors {
    /** A label that is asked for. */
    private record Place(String namespace, String key, String value) {}

    private final Map<Place, Set<String>> filed = new HashMap<>();

    /** Files a selector, which asks for something, under its owner's name. */
    void add(String namespace, Map<String, String> selector, String name) {
        filed.computeIfAbsent(place(namespace, selector), key -> new LinkedHashSet<>())
                .add(name);
    }

    void remove(String namespace, Map<String, String> selector, String name) {
        filed.computeIfPresent(place(namespace, selector), (key, names) -> {
            names.remove(name);
            return names.isEmpty() ? null : names;
        });
    }

    /** Names of selectors that may fit; whoever asks looks whether they do. */
    List<String> candidates(String namespace, Map<String, String> labels) {
        List<String> names = new ArrayList<>();
        labels.forEach((key, value) -> {
            Collection<String> found = filed.get(new Place(namespace, key, value));
            if (found != null) {
                names.addAll(found);
            }
        });
        return names;
    }

    /** The first by name: the same for equal selectors. */
    private static Place place(String namespace, Map<String, String> selector) {
        Map.Entry<String, String> first = new TreeMap<>(selector).firstEntry();
        return new Place(namespace, first.getKey(), first.getValue());
    }
}
