package io.hbone.xds.store;

import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * An immutable hash map in shards, of which a changed copy shares all that did not change. A lookup costs what a {@link HashMap}'s
 * costs and one load more.
 */
final class ShardedMap<K, V> {
    /** How full a shard may be on average: what a single change copies. */
    private static final int FILL = 64;

    private static final int GROWTH = 4;

    private static final ShardedMap<?, ?> EMPTY = new ShardedMap<>(newShards(1), 0);

    private final @Nullable HashMap<K, V>[] shards;
    private final int size;

    private ShardedMap(@Nullable HashMap<K, V>[] shards, int size) {
        this.shards = shards;
        this.size = size;
    }

    @SuppressWarnings("unchecked") // it holds nothing of any type
    static <K, V> ShardedMap<K, V> empty() {
        return (ShardedMap<K, V>) EMPTY;
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type
    private static <K, V> @Nullable HashMap<K, V>[] newShards(int count) {
        return new HashMap[count];
    }

    /** By the upper bits of a product, as a shard's own table goes by the lower bits of the hash. The count is a power of two. */
    private static int shardOf(Object key, int count) {
        return (int) (((key.hashCode() * 0x9E3779B97F4A7C15L) >>> 33) & (count - 1));
    }

    @Nullable V get(K key) {
        HashMap<K, V> shard = shards[shardOf(key, shards.length)];
        return shard == null ? null : shard.get(key);
    }

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    void forEach(BiConsumer<? super K, ? super V> action) {
        for (HashMap<K, V> shard : shards) {
            if (shard != null) {
                shard.forEach(action);
            }
        }
    }

    /** All values, in no order. */
    Iterable<V> values() {
        return () -> new Iterator<>() {
            private int next;
            private Iterator<V> shard = Collections.emptyIterator();

            @Override
            public boolean hasNext() {
                while (!shard.hasNext() && next < shards.length) {
                    HashMap<K, V> following = shards[next++];
                    if (following != null) {
                        shard = following.values().iterator();
                    }
                }
                return shard.hasNext();
            }

            @Override
            public V next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                return shard.next();
            }
        };
    }

    /** A batch of changes on top of this map, which stays as it is. */
    Edit<K, V> edit() {
        return new Edit<>(this);
    }

    /** Changes that are not visible yet. Not thread-safe. */
    static final class Edit<K, V> {
        private ShardedMap<K, V> base;
        private @Nullable HashMap<K, V>[] shards;
        /** Which shards are ours to change; null before the first change. */
        private boolean @Nullable [] owned;

        private int size;

        private Edit(ShardedMap<K, V> base) {
            this.base = base;
            shards = base.shards;
            size = base.size;
        }

        @Nullable V get(K key) {
            HashMap<K, V> shard = shards[shardOf(key, shards.length)];
            return shard == null ? null : shard.get(key);
        }

        void put(K key, V value) {
            if (size >= shards.length * FILL) {
                grow();
            }
            if (own(shardOf(key, shards.length)).put(key, value) == null) {
                size++;
            }
        }

        @Nullable V remove(K key) {
            if (get(key) == null) {
                return null;
            }
            V removed = own(shardOf(key, shards.length)).remove(key);
            size--;
            return removed;
        }

        private HashMap<K, V> own(int index) {
            if (owned == null) {
                owned = new boolean[shards.length];
                shards = shards.clone();
            }
            HashMap<K, V> shard = shards[index];
            if (shard == null || !owned[index]) {
                shard = shard == null ? new HashMap<>() : new HashMap<>(shard);
                shards[index] = shard;
                owned[index] = true;
            }
            return shard;
        }

        private void grow() {
            @Nullable HashMap<K, V>[] larger = newShards(shards.length * GROWTH);
            for (HashMap<K, V> shard : shards) {
                if (shard == null) {
                    continue;
                }
                for (Map.Entry<K, V> entry : shard.entrySet()) {
                    int index = shardOf(entry.getKey(), larger.length);
                    HashMap<K, V> into = larger[index];
                    if (into == null) {
                        into = new HashMap<>();
                        larger[index] = into;
                    }
                    into.put(entry.getKey(), entry.getValue());
                }
            }
            shards = larger;
            owned = new boolean[larger.length];
            Arrays.fill(owned, true);
        }

        /** The changed map. The edit may go on, on top of it. */
        ShardedMap<K, V> build() {
            if (owned != null) {
                owned = null;
                base = size == 0 ? empty() : new ShardedMap<>(shards, size);
                shards = base.shards;
            }
            return base;
        }
    }
}
