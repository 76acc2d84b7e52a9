/**
 * Which tunnel carries the next stream: not API of this module. There is one pool for each event loop and no lock anywhere: a
 * stream lives on the loop of its application's socket, so a busy pair of workloads has a tunnel on every loop and scales with
 * them.
 */
@NullMarked
package io.hbone.netty.pool;

import org.jspecify.annotations.NullMarked;
