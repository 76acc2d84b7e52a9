package io.hbone.xds.policy;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;

/**
 * Rules by what a text begins with, or ends with. All keys that fit a text are found in one walk over it: its hash is known after
 * each character, and looked up at the lengths that keys have. Filled, frozen, then only read.
 */
final class AffixBuckets {
    private final boolean fromTheEnd;
    private final Map<String, Bucket> building = new HashMap<>();

    /** The lengths of keys, ascending. */
    private int[] lengths = {};

    /** Open addressing; null is a free slot. */
    private Slot[] table = {};

    private AffixBuckets(boolean fromTheEnd) {
        this.fromTheEnd = fromTheEnd;
    }

    static AffixBuckets ofPrefixes() {
        return new AffixBuckets(false);
    }

    static AffixBuckets ofSuffixes() {
        return new AffixBuckets(true);
    }

    void add(String affix, int rule) {
        building.computeIfAbsent(affix, key -> new Bucket()).add(rule);
    }

    void freeze() {
        if (building.isEmpty()) {
            return;
        }
        TreeSet<Integer> distinct = new TreeSet<>();
        table = new Slot[Integer.highestOneBit(building.size()) * 4];
        building.forEach((affix, bucket) -> {
            distinct.add(affix.length());
            int hash = 0;
            for (int i = 0; i < affix.length(); i++) {
                hash = next(hash, affix, i);
            }
            int at = slot(hash);
            while (table[at] != null) {
                at = (at + 1) & (table.length - 1);
            }
            table[at] = new Slot(hash, affix, bucket);
        });
        lengths = distinct.stream().mapToInt(Integer::intValue).toArray();
        building.clear();
    }

    int first(String text, CompiledRule[] rules, Attempt attempt, int found) {
        int hash = 0;
        int length = 0;
        int first = found;
        for (int wanted : lengths) {
            if (wanted > text.length()) {
                break;
            }
            while (length < wanted) {
                hash = next(hash, text, length++);
            }
            for (int at = slot(hash); table[at] != null; at = (at + 1) & (table.length - 1)) {
                Slot slot = table[at];
                if (slot.hash == hash && slot.affix.length() == wanted && fits(slot.affix, text)) {
                    first = Bucket.first(slot.bucket, rules, attempt, first);
                    break;
                }
            }
        }
        return first;
    }

    private boolean fits(String affix, String text) {
        return fromTheEnd ? text.endsWith(affix) : text.startsWith(affix);
    }

    private int next(int hash, String text, int i) {
        return 31 * hash + text.charAt(fromTheEnd ? text.length() - 1 - i : i);
    }

    private int slot(int hash) {
        return (hash ^ hash >>> 16) & (table.length - 1);
    }

    private record Slot(int hash, String affix, Bucket bucket) {}
}
