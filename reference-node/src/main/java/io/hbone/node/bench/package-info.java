/**
 * {@code hbone bench}: a load generator, so that anybody can check on their own machines what a node costs. It is plain TCP between
 * two programs, and so the same straight and through whatever node; {@code --via} is a mere label.
 *
 * <p>Where to look: {@code Hello} and {@code Mode} are the protocol, {@code BenchServer} its one end, {@code Dialler} the other.
 * {@code ThroughputRun}, {@code RequestRun} and {@code ConnectionRun} each measure one thing, on event loops that may live in another
 * network namespace ({@code Place}), into a {@code Measurement}; {@code RunReport} says what came out, {@code Comparison} how two
 * commands compare, {@code Pictures} draws. Nothing here is loaded by {@code hbone proxy}.
 */
@NullMarked
package io.hbone.node.bench;

import org.jspecify.annotations.NullMarked;
