/**
 * What happens to a connection (spec/ztunnel.md 4 and 5), decided on one {@link io.hbone.xds.store.Snapshot}: {@link
 * io.hbone.xds.routing.StoreOutboundRouter} and {@link io.hbone.xds.routing.StoreInboundRouter}.
 *
 * <p>Where ztunnel is surpassed: health, weights and preferences count again when an endpoint fails and another is tried; nothing
 * that is known falls back to plaintext; a waypoint that leads back to what it stands before is said to be a loop.
 */
@NullMarked
package io.hbone.xds.routing;

import org.jspecify.annotations.NullMarked;
