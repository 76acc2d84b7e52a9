/**
 * The proxy of one workload, however many of them a process has: its listeners and tunnels, and what they ask of the mesh and of
 * the source of certificates on the workload's behalf. A control plane may tell of a workload after its listeners are up; until
 * then its connections wait, for a bounded time.
 */
@NullMarked
package io.hbone.node.proxy;

import org.jspecify.annotations.NullMarked;
