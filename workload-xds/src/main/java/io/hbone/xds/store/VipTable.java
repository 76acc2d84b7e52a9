package io.hbone.xds.store;

import io.hbone.xds.model.Cidr;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Vip;
import java.net.InetAddress;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Services by their addresses. Ranges are found by one look-up for each length of prefix that is in use in the network, the longest
 * first: the number of services does not matter.
 */
final class VipTable {
    static final VipTable EMPTY = new VipTable(NestedMap.empty(), NestedMap.empty(), ShardedMap.empty());

    private final NestedMap<String, InetAddress, List<Resource<Service>>> single;
    private final NestedMap<String, Cidr, List<Resource<Service>>> ranges;
    /** In use, by network, descending. */
    private final ShardedMap<String, int[]> lengths;

    private VipTable(
            NestedMap<String, InetAddress, List<Resource<Service>>> single,
            NestedMap<String, Cidr, List<Resource<Service>>> ranges,
            ShardedMap<String, int[]> lengths) {
        this.single = single;
        this.ranges = ranges;
        this.lengths = lengths;
    }

    @Nullable Resource<Service> find(String network, InetAddress address, String namespace) {
        List<Resource<Service>> exact = single.get(network, address);
        Resource<Service> found = exact == null ? null : preferred(exact, namespace);
        int[] inUse = lengths.get(network);
        if (found != null || inUse == null) {
            return found;
        }
        int bits = address.getAddress().length * Byte.SIZE;
        for (int length : inUse) {
            List<Resource<Service>> covering = length > bits ? null : ranges.get(network, Cidr.of(address, length));
            Resource<Service> best = covering == null ? null : preferred(covering, namespace);
            if (best == null) {
                continue;
            }
            if (isIn(namespace, best)) {
                return best;
            }
            found = found == null ? best : found;
        }
        return found;
    }

    /** Of several the one that {@code namespace} means; null when it sees none of them. */
    static @Nullable Resource<Service> preferred(List<Resource<Service>> claims, String namespace) {
        Resource<Service> best = null;
        int bestRank = -1;
        for (Resource<Service> claim : claims) {
            int rank = (isIn(namespace, claim) ? 2 : 0) + (claim.value().canonical() ? 1 : 0);
            if (rank > bestRank && claim.value().isVisibleTo(namespace)) {
                best = claim;
                bestRank = rank;
            }
        }
        return best;
    }

    private static boolean isIn(String namespace, Resource<Service> service) {
        return service.value().ref().namespace().equals(namespace);
    }

    Edit edit() {
        return new Edit(this);
    }

    /** Changes that are not visible yet. Not thread-safe. */
    static final class Edit {
        private final VipTable base;
        private final NestedMap.Edit<String, InetAddress, List<Resource<Service>>> single;
        private final NestedMap.Edit<String, Cidr, List<Resource<Service>>> ranges;
        private final Set<String> touched = new HashSet<>();

        private Edit(VipTable base) {
            this.base = base;
            single = base.single.edit();
            ranges = base.ranges.edit();
        }

        /** One takes the place of the other; either may be absent. */
        void replace(@Nullable Resource<Service> old, @Nullable Resource<Service> replacement) {
            Set<Vip> held = old == null ? Set.of() : Set.copyOf(old.value().vips());
            Set<Vip> wanted = replacement == null
                    ? Set.of()
                    : Set.copyOf(replacement.value().vips());
            for (Vip vip : held) {
                replace(vip, old, wanted.contains(vip) ? replacement : null);
            }
            for (Vip vip : wanted) {
                if (!held.contains(vip)) {
                    replace(vip, null, replacement);
                }
            }
        }

        private void replace(Vip vip, @Nullable Resource<Service> old, @Nullable Resource<Service> replacement) {
            if (vip.range().isSingle()) {
                Claims.replace(single.of(vip.network()), vip.range().address(), old, replacement);
            } else {
                Claims.replace(ranges.of(vip.network()), vip.range(), old, replacement);
                touched.add(vip.network());
            }
        }

        VipTable build() {
            NestedMap<String, Cidr, List<Resource<Service>>> changed = ranges.build();
            ShardedMap.Edit<String, int[]> lengths = base.lengths.edit();
            for (String network : touched) {
                TreeSet<Integer> inUse = new TreeSet<>(Comparator.reverseOrder());
                changed.get(network).forEach((range, services) -> inUse.add(range.prefix()));
                if (inUse.isEmpty()) {
                    lengths.remove(network);
                } else {
                    lengths.put(
                            network, inUse.stream().mapToInt(Integer::intValue).toArray());
                }
            }
            return new VipTable(single.build(), changed, lengths.build());
        }
    }
}
