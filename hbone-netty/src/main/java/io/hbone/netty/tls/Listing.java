package io.hbone.netty.tls;

import java.util.Collection;
import java.util.Iterator;
import java.util.TreeSet;

/** Writes sets into messages: sorted, and not longer than a reader takes in. */
final class Listing {
    private static final int MAX_SHOWN = 10;

    private Listing() {}

    static String of(Collection<?> items) {
        TreeSet<String> sorted = new TreeSet<>();
        for (Object item : items) {
            sorted.add(item.toString());
        }
        StringBuilder out = new StringBuilder();
        Iterator<String> next = sorted.iterator();
        for (int i = 0; i < MAX_SHOWN && next.hasNext(); i++) {
            out.append(i == 0 ? "" : ",").append(next.next());
        }
        if (next.hasNext()) {
            out.append(" and ").append(sorted.size() - MAX_SHOWN).append(" more");
        }
        return out.toString();
    }
}
