package io.hbone.node.scenario;

import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What came of one connection that was to carry one token there and back.
 *
 * @param pair whose connection it was
 * @param token what it sent, if it came so far
 * @param began when it was begun, by {@link System#nanoTime()}
 * @param ended when its end was known
 * @param outcome {@link #OK}, or what the system said
 */
record Attempt(String pair, String token, long began, long ended, String outcome) {
    static final String OK = "ok";

    boolean succeeded() {
        return outcome.equals(OK);
    }

    /** What failed, in words: each kind of failure once, with how often and when. */
    static List<String> failures(List<Attempt> attempts) {
        long first = attempts.stream().mapToLong(Attempt::began).min().orElse(0);
        Map<String, List<Attempt>> kinds = attempts.stream()
                .filter(attempt -> !attempt.succeeded())
                .collect(Collectors.groupingBy(attempt -> attempt.pair + ": " + attempt.outcome));
        return kinds.entrySet().stream()
                .map(kind -> {
                    LongSummaryStatistics times = kind.getValue().stream()
                            .mapToLong(attempt -> (attempt.began - first) / 1_000_000)
                            .summaryStatistics();
                    return "%s (%d of %d, begun from %d to %d ms)"
                            .formatted(
                                    kind.getKey(), times.getCount(), attempts.size(), times.getMin(), times.getMax());
                })
                .toList();
    }
}
