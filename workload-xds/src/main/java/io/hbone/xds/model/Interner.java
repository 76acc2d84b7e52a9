package io.hbone.xds.model;

import java.util.HashMap;
import java.util.Map;

/**
 * Makes equal values one object: a mesh has far fewer namespaces, nodes and service accounts than workloads. Forgets everything
 * when it holds much, so that what is gone from the mesh does not stay in memory. Not thread-safe.
 */
final class Interner {
    private static final int MAX_HELD = 100_000;

    private final Map<Object, Object> held = new HashMap<>();

    /** {@code value}, or one that came earlier and equals it. */
    @SuppressWarnings("unchecked") // equal values are of one class: records, strings, and our own
    <T> T intern(T value) {
        if (held.size() >= MAX_HELD) {
            held.clear();
        }
        Object earlier = held.putIfAbsent(value, value);
        return earlier == null ? value : (T) earlier;
    }
}
