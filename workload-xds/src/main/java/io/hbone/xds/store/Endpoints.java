package io.hbone.xds.store;

import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The workloads behind a service, whether or not the service itself is known yet. Immutable; in the order in which they came. */
public final class Endpoints implements Iterable<Endpoint> {
    /** Nobody. */
    public static final Endpoints NONE = new Endpoints(new Endpoint[0]);

    private final Endpoint[] all;
    /** For each, the sum of the capacities up to it; null when all have the same. */
    private final long @Nullable [] upTo;

    private final long total;

    private Endpoints(Endpoint[] all) {
        this.all = all;
        long[] sums = new long[all.length];
        long sum = 0;
        boolean equal = true;
        for (int i = 0; i < all.length; i++) {
            sum += all[i].workload().value().capacity();
            sums[i] = sum;
            equal &= sum == i + 1L;
        }
        total = sum;
        upTo = equal ? null : sums;
    }

    static Endpoints of(Collection<Endpoint> endpoints) {
        return endpoints.isEmpty() ? NONE : new Endpoints(endpoints.toArray(new Endpoint[0]));
    }

    public int size() {
        return all.length;
    }

    public Endpoint get(int index) {
        return all[index];
    }

    /** One of them, drawn by the capacities of all, healthy or not; null when there is none with any. */
    public @Nullable Endpoint draw(RandomGenerator random) {
        if (total == 0) {
            return null;
        }
        long at = random.nextLong(total);
        if (upTo == null) {
            return all[(int) at];
        }
        int low = 0;
        int high = all.length - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (upTo[middle] > at) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return all[low];
    }

    /** By the uid of the workload, to change. */
    Map<String, Endpoint> byUid() {
        Map<String, Endpoint> map = new LinkedHashMap<>();
        for (Endpoint endpoint : all) {
            map.put(endpoint.workload().value().uid(), endpoint);
        }
        return map;
    }

    @Override
    public Iterator<Endpoint> iterator() {
        return new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                return next < all.length;
            }

            @Override
            public Endpoint next() {
                if (next == all.length) {
                    throw new NoSuchElementException();
                }
                return all[next++];
            }
        };
    }
}
