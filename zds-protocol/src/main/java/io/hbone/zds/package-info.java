/**
 * ZDS, by which an agent hands the pods of its machine to a node (spec/ztunnel.md 8, spec/cilium.md 2), and the network namespaces
 * that travel by it. This module knows no other module: neither where pods come from, nor what a node does with them.
 *
 * <ul>
 *   <li>an agent starts a {@link io.hbone.zds.ZdsServer} and tells it which workloads are enrolled;
 *   <li>a node starts a {@link io.hbone.zds.ZdsClient} with a {@link io.hbone.zds.WorkloadHandler} that opens and closes a workload's
 *       listeners;
 *   <li>who needs a socket inside a {@link io.hbone.zds.NetworkNamespace} makes it on a {@link io.hbone.zds.NamespaceThread}.
 * </ul>
 *
 * <p>Both ends keep their state on one thread of their own (the loop), read with a blocking thread for each connection, and never
 * block to write: an exchange has one message in flight, so a peer that takes none is broken. What one workload suffers stays with
 * that workload: it is answered with an error, retried on its own, and seen in a {@link io.hbone.zds.WorkloadStatus}.
 */
@NullMarked
package io.hbone.zds;

import org.jspecify.annotations.NullMarked;
