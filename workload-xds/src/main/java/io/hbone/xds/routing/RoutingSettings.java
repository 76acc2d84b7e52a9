package io.hbone.xds.routing;

import java.util.Set;

/**
 * How connections are routed.
 *
 * @param network the node's own network
 * @param illegalPorts the node's own ports: what goes there would come back. Looked at for each connection, as ports that the
 *     system chooses are known late; must be safe for use by any thread
 * @param preserveSource whether applications may see the client's address as the source
 * @param believeBaggage whether what a peer says of itself counts where the mesh does not know it
 * @param loopbackTunnels whether an application tunnel is connected by loopback, {@code LOCALHOST_APP_TUNNEL}
 */
public record RoutingSettings(
        String network,
        Set<Integer> illegalPorts,
        boolean preserveSource,
        boolean believeBaggage,
        boolean loopbackTunnels) {}
