package io.hbone.xds.policy;

import io.hbone.xds.model.Cidr;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Rules by ranges that an address is in. Ranges of one family and length do not overlap, so each length is one binary search; few
 * lengths are in use at a time. Filled, frozen, then only read.
 */
final class CidrBuckets {
    private static final Comparator<Cidr> BY_START = Comparator.<Cidr>comparingLong(
                    cidr -> cidr.high() + Long.MIN_VALUE)
            .thenComparingLong(cidr -> cidr.low() + Long.MIN_VALUE);

    private final Map<Cidr, Bucket> building = new HashMap<>();
    private OfLength[] v4 = {};
    private OfLength[] v6 = {};

    void add(Cidr range, int rule) {
        building.computeIfAbsent(range, key -> new Bucket()).add(rule);
    }

    void freeze() {
        v4 = ofFamily(true);
        v6 = ofFamily(false);
        building.clear();
    }

    private OfLength[] ofFamily(boolean family) {
        Map<Integer, TreeMap<Cidr, Bucket>> byLength = new TreeMap<>();
        building.forEach((range, bucket) -> {
            if (range.v4() == family) {
                byLength.computeIfAbsent(range.prefix(), key -> new TreeMap<>(BY_START))
                        .put(range, bucket);
            }
        });
        return byLength.entrySet().stream()
                .map(entry -> new OfLength(
                        entry.getKey(),
                        entry.getValue().keySet().toArray(Cidr[]::new),
                        entry.getValue().values().toArray(Bucket[]::new)))
                .toArray(OfLength[]::new);
    }

    /** @param address the range of one address */
    int first(Cidr address, CompiledRule[] rules, Attempt attempt, int found) {
        int first = found;
        for (OfLength ranges : address.v4() ? v4 : v6) {
            int at = ranges.find(address);
            if (at >= 0) {
                first = Bucket.first(ranges.buckets[at], rules, attempt, first);
            }
        }
        return first;
    }

    /** Ranges of one length by their start, and the rules of each. */
    private static final class OfLength {
        private final long highMask;
        private final long lowMask;
        private final long[] highs;
        private final long[] lows;
        private final Bucket[] buckets;

        OfLength(int length, Cidr[] ranges, Bucket[] buckets) {
            highMask = Cidr.highMask(length);
            lowMask = Cidr.lowMask(length);
            highs = Arrays.stream(ranges).mapToLong(Cidr::high).toArray();
            lows = Arrays.stream(ranges).mapToLong(Cidr::low).toArray();
            this.buckets = buckets;
        }

        int find(Cidr address) {
            long high = address.high() & highMask;
            long low = address.low() & lowMask;
            int from = 0;
            int to = highs.length - 1;
            while (from <= to) {
                int middle = (from + to) >>> 1;
                int order = Long.compareUnsigned(highs[middle], high);
                if (order == 0) {
                    order = Long.compareUnsigned(lows[middle], low);
                }
                if (order == 0) {
                    return middle;
                }
                if (order < 0) {
                    from = middle + 1;
                } else {
                    to = middle - 1;
                }
            }
            return -1;
        }
    }
}
