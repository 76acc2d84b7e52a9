package io.hbone.xds.model;

import io.hbone.core.Route;
import io.hbone.core.SpiffeId;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A service.
 *
 * @param ref its name, its namespace, its host name: what routes and logs call it
 * @param vips the addresses that stand for it
 * @param ports its ports, and where they are at an endpoint that does not say otherwise
 * @param subjectAltNames who else may answer for its endpoints
 * @param waypoint null for none; {@code weightedWaypoints} count before it
 * @param canonical whether it wins against others of its address or host name
 * @param namespaceOnly whether only its own namespace sees it
 */
public record Service(
        Route.ServiceRef ref,
        List<Vip> vips,
        PortMap ports,
        Set<SpiffeId> subjectAltNames,
        @Nullable GatewayAddress waypoint,
        List<WeightedWaypoint> weightedWaypoints,
        LoadBalancing loadBalancing,
        IpFamilies ipFamilies,
        boolean canonical,
        boolean namespaceOnly) {

    public Service {
        vips = List.copyOf(vips);
        subjectAltNames = Set.copyOf(subjectAltNames);
        weightedWaypoints = List.copyOf(weightedWaypoints);
    }

    /** A service without waypoints that any of its healthy endpoints serves. */
    public Service(Route.ServiceRef ref, List<Vip> vips, PortMap ports) {
        this(ref, vips, ports, Set.of(), null, List.of(), LoadBalancing.STANDARD, IpFamilies.AUTOMATIC, false, false);
    }

    /** {@code namespace/hostname}: names it among services, and as a resource. */
    public String key() {
        return ref.namespace() + '/' + ref.hostname();
    }

    public boolean isVisibleTo(String namespace) {
        return !namespaceOnly || ref.namespace().equals(namespace);
    }

    public boolean hasWaypoint() {
        return waypoint != null || !weightedWaypoints.isEmpty();
    }
}
