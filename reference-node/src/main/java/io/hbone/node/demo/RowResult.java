package io.hbone.node.demo;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A row, done.
 *
 * @param checks what was asserted
 * @param evidence what was measured; null when the row could not be run
 */
record RowResult(Row row, List<Check> checks, @Nullable Evidence evidence) {
    RowResult {
        checks = List.copyOf(checks);
    }

    static RowResult notRun(Row row, String why) {
        return new RowResult(row, List.of(new Check("demo", "runs the row", why, false)), null);
    }

    boolean held() {
        return !checks.isEmpty() && checks.stream().allMatch(Check::held);
    }
}
