package io.hbone.xds.policy;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A list of {@link StringMatch}es, compiled: exact texts hashed, prefixes and suffixes searched in logarithmic time.
 *
 * <p>Of prefixes only those are kept that begin with no other one. Sorted, the one prefix that can then match a text is the
 * greatest that is not greater than it: whatever sorted between a prefix of the text and the text would begin with that prefix.
 * Suffixes are the same, read from the end.
 */
final class TextSet {
    private static final Comparator<String> FROM_THE_END = TextSet::compareFromTheEnd;

    private final boolean presence;
    private final Set<String> exact;
    private final String[] prefixes;
    private final String[] suffixes;

    private TextSet(boolean presence, Set<String> exact, String[] prefixes, String[] suffixes) {
        this.presence = presence;
        this.exact = exact;
        this.prefixes = prefixes;
        this.suffixes = suffixes;
    }

    static TextSet of(List<StringMatch> matches) {
        Set<String> exact = new HashSet<>();
        List<String> prefixes = new ArrayList<>();
        List<String> suffixes = new ArrayList<>();
        boolean presence = false;
        for (StringMatch match : matches) {
            if (match instanceof StringMatch.Exact value) {
                exact.add(value.value());
            } else if (match instanceof StringMatch.Prefix value) {
                prefixes.add(value.value());
            } else if (match instanceof StringMatch.Suffix value) {
                suffixes.add(value.value());
            } else {
                presence = true;
            }
        }
        return new TextSet(
                presence,
                exact,
                shortest(prefixes.stream().sorted(), String::startsWith),
                shortest(suffixes.stream().sorted(FROM_THE_END), String::endsWith));
    }

    boolean contains(String text) {
        if (presence && !text.isEmpty()) {
            return true;
        }
        return exact.contains(text) || hasPrefix(text) || hasSuffix(text);
    }

    private boolean hasPrefix(String text) {
        int from = 0;
        int to = prefixes.length;
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (prefixes[middle].compareTo(text) <= 0) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return from > 0 && text.startsWith(prefixes[from - 1]);
    }

    private boolean hasSuffix(String text) {
        int from = 0;
        int to = suffixes.length;
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (compareFromTheEnd(suffixes[middle], text) <= 0) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return from > 0 && text.endsWith(suffixes[from - 1]);
    }

    private static String[] shortest(Stream<String> sorted, Covers covers) {
        List<String> kept = new ArrayList<>();
        sorted.forEach(text -> {
            if (kept.isEmpty() || !covers.test(text, kept.get(kept.size() - 1))) {
                kept.add(text);
            }
        });
        return kept.toArray(String[]::new);
    }

    private static int compareFromTheEnd(String a, String b) {
        int common = Math.min(a.length(), b.length());
        for (int i = 1; i <= common; i++) {
            int difference = a.charAt(a.length() - i) - b.charAt(b.length() - i);
            if (difference != 0) {
                return difference;
            }
        }
        return a.length() - b.length();
    }

    /** Whether a text is among those that another one stands for. */
    private interface Covers {
        boolean test(String text, String shorter);
    }
}
