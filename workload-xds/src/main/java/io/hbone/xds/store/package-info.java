/**
 * What is known of workloads and services: {@link io.hbone.xds.store.WorkloadStore} takes batches and publishes an immutable
 * {@link io.hbone.xds.store.Snapshot} after each, with an index for every question that a connection asks.
 *
 * <p>Readers take one volatile read and no lock; a snapshot in a reader's hands never changes. A batch copies only the shards of
 * the maps that it touches ({@code ShardedMap}). Persistent tries of libraries were considered: they cost a dozen dependent loads a
 * lookup and twice the memory; lookups outnumber changes by orders of magnitude.
 */
@NullMarked
package io.hbone.xds.store;

import org.jspecify.annotations.NullMarked;
