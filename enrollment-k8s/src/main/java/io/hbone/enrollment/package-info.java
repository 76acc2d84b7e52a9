/**
 * Which workloads are in the mesh, and what follows from it: the workloads of a machine, wherever they come from, are kept enrolled
 * (known to the nodes by xDS, handed to the machine's node by ZDS, redirected by rules in their network namespaces).
 *
 * <p>A workload is announced as reached by HBONE only once its listeners are up and its rules in place: whoever learnt it earlier would
 * meet a closed port. ZDS takes it back last, when its connections have ended: stock ztunnel cuts them then.
 *
 * <p>It uses {@code io.hbone.xds} and {@code io.hbone.zds} to tell nodes what to do, and knows neither tunnels nor certificates.
 */
@NullMarked
package io.hbone.enrollment;

import org.jspecify.annotations.NullMarked;
