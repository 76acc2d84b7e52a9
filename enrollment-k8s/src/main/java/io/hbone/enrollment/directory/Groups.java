package io.hbone.enrollment.directory;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Values under keys; an equal value may be there more than once, and then goes as often. Under the lock of the tables. */
final class Groups<K, V> {
    private final Map<K, List<V>> groups = new HashMap<>();

    void add(K key, V value) {
        groups.computeIfAbsent(key, unused -> new ArrayList<>(1)).add(value);
    }

    void remove(K key, V value) {
        groups.computeIfPresent(key, (unused, values) -> {
            values.remove(value);
            return values.isEmpty() ? null : values;
        });
    }

    List<V> get(K key) {
        return groups.getOrDefault(key, List.of());
    }

    Iterable<List<V>> all() {
        return groups.values();
    }
}
