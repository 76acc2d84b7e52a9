/**
 * The node: the command line ({@link io.hbone.node.Hbone}), and {@link io.hbone.node.Node}, which wires the parts of the other
 * modules into a running proxy. It is wiring and operations only: a library user must find nothing here that they miss.
 *
 * <p>Rooms: {@code config} (the environment, read once), {@code mesh} (who is where, and who may talk), {@code identity}
 * (certificates), {@code proxy} (the proxy of one workload), {@code dns} (the names that it asks for), {@code inpod} (the pods of a
 * machine, each with such a proxy), {@code telemetry} (log and metrics), {@code admin} (readiness and admin pages), {@code http} (the
 * small server under them), {@code bench} (the load generator) with {@code chart} (its pictures), {@code text} (helpers).
 */
@NullMarked
package io.hbone.node;

import org.jspecify.annotations.NullMarked;
