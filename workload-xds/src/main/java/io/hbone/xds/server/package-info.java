/**
 * The server of delta ADS, for nodes of ours and for stock ztunnels (spec/ztunnel.md 7, spec/cilium.md 4). {@link
 * io.hbone.xds.server.MeshResources} is what is served: somebody puts and removes there. Every stream of {@link
 * io.hbone.xds.server.AdsServer} walks through it at its own pace, in the order of changes, and sees of each resource only the
 * last one: a slow client costs nobody anything but itself.
 *
 * <p>What Cilium's server lacks: any number of streams at once, a removal that follows a put of the same name, removals of what
 * disappeared while a client was away, and a bound on what is under way to a client that does not answer.
 */
@NullMarked
package io.hbone.xds.server;

import org.jspecify.annotations.NullMarked;
