package io.hbone.xds.policy;

import java.util.Arrays;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** Rules by a port, without boxes. */
final class PortBuckets {
    private final int[] ports;
    private final Bucket[] buckets;

    PortBuckets(SortedMap<Integer, Bucket> byPort) {
        ports = byPort.keySet().stream().mapToInt(Integer::intValue).toArray();
        buckets = byPort.values().toArray(Bucket[]::new);
    }

    @Nullable Bucket get(int port) {
        int at = Arrays.binarySearch(ports, port);
        return at < 0 ? null : buckets[at];
    }
}
