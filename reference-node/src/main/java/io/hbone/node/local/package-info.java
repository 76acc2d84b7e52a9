/**
 * A mesh that is written down in a file: ztunnel's {@code LOCAL_XDS_PATH} (spec/ztunnel.md 7.7), read once into an immutable
 * snapshot, and the small router that works on it.
 *
 * <p>This room is temporary. The module workload-xds brings the real store, router, load balancer and policy engine, with the
 * local file as one of their sources, and replaces all of it; nothing outside depends on more than {@link
 * io.hbone.node.local.LocalMesh} and {@link io.hbone.node.local.LocalRouter}. Until then a file that asks for something only
 * those can do (policies, waypoints, gateways, load balancing modes) is refused instead of half obeyed.
 */
@NullMarked
package io.hbone.node.local;

import org.jspecify.annotations.NullMarked;
