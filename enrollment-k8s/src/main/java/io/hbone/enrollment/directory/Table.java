package io.hbone.enrollment.directory;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Facts of one kind, by namespace and name; what has no namespace is in the empty one. Whoever touches it holds the lock that all
 * tables of a cluster share.
 */
final class Table<F> {
    private final Map<String, Map<String, F>> byNamespace = new HashMap<>();
    private final List<Listener<F>> listeners = new ArrayList<>(1);
    private int size;

    /** Hears of a change after it, under the lock; null for what is not there. */
    interface Listener<F> {
        void changed(String namespace, String name, @Nullable F before, @Nullable F now);
    }

    /** What is done with each. */
    interface Visitor<F> {
        void visit(String namespace, String name, F facts);
    }

    void listen(Listener<F> listener) {
        listeners.add(listener);
    }

    @Nullable F get(String namespace, String name) {
        return in(namespace).get(name);
    }

    /** All of a namespace, by name. */
    Map<String, F> in(String namespace) {
        return byNamespace.getOrDefault(namespace, Map.of());
    }

    /** Null takes it away. Facts that are as they were are no change. */
    void put(String namespace, String name, @Nullable F now) {
        F before = now == null ? remove(namespace, name) : set(namespace, name, now);
        if (!Objects.equals(before, now)) {
            size += (now == null ? 0 : 1) - (before == null ? 0 : 1);
            listeners.forEach(listener -> listener.changed(namespace, name, before, now));
        }
    }

    void clear() {
        Map<String, Map<String, F>> all = new HashMap<>();
        byNamespace.forEach((namespace, names) -> all.put(namespace, Map.copyOf(names)));
        all.forEach((namespace, names) -> names.keySet().forEach(name -> put(namespace, name, null)));
    }

    int size() {
        return size;
    }

    void forEachEntry(Visitor<F> visitor) {
        byNamespace.forEach(
                (namespace, names) -> names.forEach((name, facts) -> visitor.visit(namespace, name, facts)));
    }

    private @Nullable F set(String namespace, String name, F now) {
        return byNamespace.computeIfAbsent(namespace, key -> new HashMap<>()).put(name, now);
    }

    private @Nullable F remove(String namespace, String name) {
        Map<String, F> names = byNamespace.get(namespace);
        if (names == null) {
            return null;
        }
        F before = names.remove(name);
        if (names.isEmpty()) {
            byNamespace.remove(namespace);
        }
        return before;
    }
}
