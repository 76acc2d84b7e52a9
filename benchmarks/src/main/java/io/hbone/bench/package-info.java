/**
 * What the tunnel costs and what it gains, as JMH suites: one class for each question. {@code benchmarks/README.md} says how to
 * run them and what each measures. What they share lives in {@link io.hbone.bench.harness}.
 */
@NullMarked
package io.hbone.bench;

import org.jspecify.annotations.NullMarked;
