package io.hbone.netty.h2;

import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;

/** The last so many stream ids that were added. */
final class RecentIds {

    private final int[] ring;
    private final IntObjectMap<Boolean> ids = new IntObjectHashMap<>(8);
    private int next;

    RecentIds(int capacity) {
        ring = new int[capacity];
    }

    void add(int id) {
        if (contains(id)) {
            return;
        }
        if (ring[next] != 0) {
            ids.remove(ring[next]);
        }
        ring[next] = id;
        next = (next + 1) % ring.length;
        ids.put(id, Boolean.TRUE);
    }

    boolean contains(int id) {
        return ids.containsKey(id);
    }
}
