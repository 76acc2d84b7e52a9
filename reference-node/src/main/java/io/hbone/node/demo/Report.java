package io.hbone.node.demo;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What came of it all.
 *
 * @param mode as {@link Topology#mode}
 * @param description as {@link Topology#description}
 * @param cannotShow as {@link Topology#cannotShow}
 * @param fault what was broken on purpose
 * @param rows all of them, in their order
 * @param took from start to end
 */
record Report(
        String mode, String description, List<String> cannotShow, Fault fault, List<RowResult> rows, Duration took) {

    Report {
        cannotShow = List.copyOf(cannotShow);
        rows = List.copyOf(rows);
    }

    boolean held() {
        return rows.size() == Row.ALL.size() && failed().isEmpty();
    }

    List<RowResult> failed() {
        return rows.stream().filter(row -> !row.held()).toList();
    }

    /** The last line. */
    String verdict() {
        if (held()) {
            return "all " + rows.size() + " rows held";
        }
        List<String> names = new ArrayList<>();
        failed().forEach(row -> names.add(row.row().toString()));
        return names.size() + " of " + rows.size() + " rows FAILED: " + String.join(", ", names);
    }
}
