package io.hbone.xds.store;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An immutable map of maps, such as addresses by network. Looking something up makes no key of the two. */
final class NestedMap<A, B, V> {
    private final ShardedMap<A, ShardedMap<B, V>> maps;

    private NestedMap(ShardedMap<A, ShardedMap<B, V>> maps) {
        this.maps = maps;
    }

    static <A, B, V> NestedMap<A, B, V> empty() {
        return new NestedMap<>(ShardedMap.empty());
    }

    @Nullable V get(A outer, B inner) {
        ShardedMap<B, V> map = maps.get(outer);
        return map == null ? null : map.get(inner);
    }

    /** All of one. */
    ShardedMap<B, V> get(A outer) {
        ShardedMap<B, V> map = maps.get(outer);
        return map == null ? ShardedMap.empty() : map;
    }

    Edit<A, B, V> edit() {
        return new Edit<>(this);
    }

    /** Changes that are not visible yet. Not thread-safe. */
    static final class Edit<A, B, V> {
        private final NestedMap<A, B, V> base;
        private final Map<A, ShardedMap.Edit<B, V>> edits = new HashMap<>();

        private Edit(NestedMap<A, B, V> base) {
            this.base = base;
        }

        /** The one for {@code outer}, to change. */
        ShardedMap.Edit<B, V> of(A outer) {
            return edits.computeIfAbsent(outer, key -> base.get(key).edit());
        }

        /** The changed map. */
        NestedMap<A, B, V> build() {
            if (edits.isEmpty()) {
                return base;
            }
            ShardedMap.Edit<A, ShardedMap<B, V>> maps = base.maps.edit();
            edits.forEach((outer, edit) -> {
                ShardedMap<B, V> map = edit.build();
                if (map.isEmpty()) {
                    maps.remove(outer);
                } else {
                    maps.put(outer, map);
                }
            });
            return new NestedMap<>(maps.build());
        }
    }
}
