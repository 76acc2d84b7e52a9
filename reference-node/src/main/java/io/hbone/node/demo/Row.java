package io.hbone.node.demo;

import java.util.List;

/**
 * A row of the mixed-traffic table.
 *
 * @param from who opens the connections
 * @param to who serves them
 * @param passage how they must get there
 */
record Row(Pod from, Pod to, Passage passage) {
    /** Enrolled and not, both ways. */
    static final List<Row> ALL = List.of(
            new Row(Pod.WEB, Pod.SHOP, Passage.TUNNEL),
            new Row(Pod.WEB, Pod.LEGACY, Passage.PASSTHROUGH),
            new Row(Pod.LEGACY, Pod.SHOP, Passage.PLAINTEXT),
            new Row(Pod.LEGACY, Pod.BATCH, Passage.UNTOUCHED));

    /** Who from and who to. */
    @Override
    public String toString() {
        return from.text() + " -> " + to.text();
    }

    /** What the ends are. */
    String kind() {
        return kind(from) + " -> " + kind(to);
    }

    private static String kind(Pod pod) {
        return pod.enrolled() ? "enrolled" : "not enrolled";
    }
}
