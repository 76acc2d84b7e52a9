package io.hbone.enrollment.directory;

import java.util.HashMap;
import java.util.Map;

/**
 * Makes equal values one object: pods of one template say almost the same. Forgets everything when it holds much, so that what is
 * gone from the cluster does not stay in memory. Safe for use by any thread.
 */
final class Shared {
    private static final int MAX_HELD = 50_000;

    private final Map<Object, Object> held = new HashMap<>();

    /** {@code value}, or one that came earlier and equals it. */
    @SuppressWarnings("unchecked") // equal values are of one class: records, strings and maps
    synchronized <T> T share(T value) {
        if (held.size() >= MAX_HELD) {
            held.clear();
        }
        Object earlier = held.putIfAbsent(value, value);
        return earlier == null ? value : (T) earlier;
    }
}
