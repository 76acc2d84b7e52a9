package io.hbone.xds.store;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Index entries that several resources may claim, in the order in which they came. */
final class Claims {
    private Claims() {}

    /** One takes the place of the other, or comes last; either may be absent. */
    static <K, T> void replace(
            ShardedMap.Edit<K, List<Resource<T>>> index,
            K key,
            @Nullable Resource<T> old,
            @Nullable Resource<T> replacement) {
        List<Resource<T>> claims = index.get(key);
        if (claims == null || claims.isEmpty()) {
            if (replacement != null) {
                index.put(key, List.of(replacement));
            }
            return;
        }
        List<Resource<T>> changed = new ArrayList<>(claims.size() + 1);
        boolean placed = replacement == null;
        for (Resource<T> claim : claims) {
            if (old == null || !claim.name().equals(old.name())) {
                changed.add(claim);
            } else if (replacement != null) {
                changed.add(replacement);
                placed = true;
            }
        }
        if (!placed && replacement != null) {
            changed.add(replacement);
        }
        if (changed.isEmpty()) {
            index.remove(key);
        } else {
            index.put(key, List.copyOf(changed));
        }
    }
}
