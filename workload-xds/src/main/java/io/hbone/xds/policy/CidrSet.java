package io.hbone.xds.policy;

import io.hbone.xds.model.Cidr;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A list of ranges, compiled: those inside of others left out, the rest searched in logarithmic time. */
final class CidrSet {
    private static final Cidr[] NONE = {};
    private static final Comparator<Cidr> BY_START = Comparator.<Cidr>comparingLong(
                    cidr -> cidr.high() + Long.MIN_VALUE)
            .thenComparingLong(cidr -> cidr.low() + Long.MIN_VALUE)
            .thenComparingInt(Cidr::prefix);

    private final Cidr[] v4;
    private final Cidr[] v6;

    private CidrSet(Cidr[] v4, Cidr[] v6) {
        this.v4 = v4;
        this.v6 = v6;
    }

    static CidrSet of(List<Cidr> ranges) {
        return new CidrSet(ofFamily(ranges, true), ofFamily(ranges, false));
    }

    /** Whether {@code address}, the range of one address, is in one of the ranges. */
    boolean contains(Cidr address) {
        Cidr[] ranges = address.v4() ? v4 : v6;
        int from = 0;
        int to = ranges.length;
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (compareStarts(ranges[middle], address) <= 0) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return from > 0 && ranges[from - 1].contains(address);
    }

    private static Cidr[] ofFamily(List<Cidr> ranges, boolean v4) {
        List<Cidr> sorted = new ArrayList<>(ranges);
        sorted.removeIf(range -> range.v4() != v4);
        sorted.sort(BY_START);
        List<Cidr> kept = new ArrayList<>();
        for (Cidr range : sorted) {
            if (kept.isEmpty() || !kept.get(kept.size() - 1).contains(range)) {
                kept.add(range);
            }
        }
        return kept.isEmpty() ? NONE : kept.toArray(Cidr[]::new);
    }

    private static int compareStarts(Cidr a, Cidr b) {
        int halves = Long.compareUnsigned(a.high(), b.high());
        return halves != 0 ? halves : Long.compareUnsigned(a.low(), b.low());
    }
}
