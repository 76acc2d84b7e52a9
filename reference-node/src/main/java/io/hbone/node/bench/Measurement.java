package io.hbone.node.bench;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one run has shown.
 *
 * @param kind of run
 * @param metrics by key, in the order to show them
 * @param timeline of what the run counts
 * @param latencies null when the run has none
 * @param errors how often what happened
 */
record Measurement(
        Kind kind,
        Map<String, Double> metrics,
        Timeline timeline,
        @Nullable Latencies latencies,
        Map<String, Long> errors) {}
