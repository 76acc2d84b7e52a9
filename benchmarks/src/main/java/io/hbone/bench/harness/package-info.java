/**
 * What suites share: two workloads with an event loop each ({@link io.hbone.bench.harness.Loopback}), the ways to carry streams
 * between them ({@link io.hbone.bench.harness.Wire}, {@link io.hbone.bench.harness.Carrier}), and the load: bytes ({@link
 * io.hbone.bench.harness.Transfer}) or repeated actions ({@link io.hbone.bench.harness.ClosedLoop}).
 */
@NullMarked
package io.hbone.bench.harness;

import org.jspecify.annotations.NullMarked;
