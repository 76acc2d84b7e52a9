package io.hbone.xds.model;

import io.hbone.core.Route;
import io.hbone.core.SpiffeId;
import io.hbone.xds.proto.workload.IPFamilies;
import io.hbone.xds.proto.workload.LoadBalancing.HealthPolicy;
import io.hbone.xds.proto.workload.LoadBalancing.Mode;
import io.hbone.xds.proto.workload.LoadBalancing.Scope;
import io.hbone.xds.proto.workload.NetworkAddress;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads {@code istio.workload.Service} (spec/ztunnel.md 7.5). */
final class ServiceDecoder {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceDecoder.class);

    private final Interner interner;

    ServiceDecoder(Interner interner) {
        this.interner = interner;
    }

    Service decode(io.hbone.xds.proto.workload.Service in) {
        if (in.getHostname().isEmpty()) {
            throw new IllegalArgumentException("hostname: empty (expected: the service's host name)");
        }
        return new Service(
                new Route.ServiceRef(interner.intern(in.getNamespace()), in.getName(), in.getHostname()),
                vips(in.getAddressesList()),
                interner.intern(Decoding.ports("ports", in.getPortsList())),
                subjectAltNames(in),
                Decoding.gateway("waypoint", in.hasWaypoint(), in.getWaypoint(), interner),
                weightedWaypoints(in.getWeightedWaypointsList()),
                in.hasLoadBalancing() ? interner.intern(loadBalancing(in.getLoadBalancing())) : LoadBalancing.STANDARD,
                families(in),
                in.getCanonical(),
                in.getVisibility() == io.hbone.xds.proto.workload.Service.Visibility.NAMESPACE);
    }

    private List<Vip> vips(List<NetworkAddress> addresses) {
        List<Vip> vips = new ArrayList<>(addresses.size());
        for (int i = 0; i < addresses.size(); i++) {
            NetworkAddress address = addresses.get(i);
            String field = "addresses[" + i + "]";
            InetAddress ip = Decoding.address(field, address.getAddress());
            try {
                Cidr range = address.hasLength() ? Cidr.of(ip, address.getLength()) : Cidr.of(ip);
                vips.add(new Vip(interner.intern(address.getNetwork()), range));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(field + ": " + e.getMessage());
            }
        }
        return vips;
    }

    /** A name that is no SPIFFE id cannot be anybody's here; a ServiceEntry may well have some for other clients. */
    private Set<SpiffeId> subjectAltNames(io.hbone.xds.proto.workload.Service in) {
        Set<SpiffeId> names = new LinkedHashSet<>();
        for (String name : in.getSubjectAltNamesList()) {
            try {
                names.add(interner.intern(SpiffeId.parse(name)));
            } catch (IllegalArgumentException e) {
                LOG.debug(
                        "subject_alt_names of {}/{}: no peer can prove {}",
                        in.getNamespace(),
                        in.getHostname(),
                        e.getMessage());
            }
        }
        return names;
    }

    private List<WeightedWaypoint> weightedWaypoints(List<io.hbone.xds.proto.workload.WeightedWaypoint> in) {
        List<WeightedWaypoint> waypoints = new ArrayList<>(in.size());
        for (int i = 0; i < in.size(); i++) {
            GatewayAddress waypoint = Decoding.gateway(
                    "weighted_waypoints[" + i + "]", true, in.get(i).getDestination(), interner);
            waypoints.add(new WeightedWaypoint(
                    Objects.requireNonNull(waypoint),
                    Integer.toUnsignedLong(in.get(i).getWeight())));
        }
        return waypoints;
    }

    private static LoadBalancing loadBalancing(io.hbone.xds.proto.workload.LoadBalancing in) {
        List<LoadBalancing.Scope> preferences = new ArrayList<>(in.getRoutingPreferenceCount());
        for (int i = 0; i < in.getRoutingPreferenceCount(); i++) {
            preferences.add(scope(in.getRoutingPreference(i), in.getRoutingPreferenceValue(i)));
        }
        LoadBalancing.Mode mode =
                switch (in.getMode()) {
                    case UNSPECIFIED_MODE -> LoadBalancing.Mode.STANDARD;
                    case STRICT -> LoadBalancing.Mode.STRICT;
                    case FAILOVER -> LoadBalancing.Mode.FAILOVER;
                    case PASSTHROUGH -> LoadBalancing.Mode.PASSTHROUGH;
                    case UNRECOGNIZED -> throw Decoding.unknown("load_balancing.mode", in.getModeValue(), Mode.class);
                };
        LoadBalancing.HealthPolicy health =
                switch (in.getHealthPolicy()) {
                    case ONLY_HEALTHY -> LoadBalancing.HealthPolicy.ONLY_HEALTHY;
                    case ALLOW_ALL -> LoadBalancing.HealthPolicy.ALLOW_ALL;
                    case UNRECOGNIZED ->
                        throw Decoding.unknown(
                                "load_balancing.health_policy", in.getHealthPolicyValue(), HealthPolicy.class);
                };
        return new LoadBalancing(preferences, mode, health);
    }

    private static LoadBalancing.Scope scope(Scope scope, int value) {
        return switch (scope) {
            case REGION -> LoadBalancing.Scope.REGION;
            case ZONE -> LoadBalancing.Scope.ZONE;
            case SUBZONE -> LoadBalancing.Scope.SUBZONE;
            case NODE -> LoadBalancing.Scope.NODE;
            case CLUSTER -> LoadBalancing.Scope.CLUSTER;
            case NETWORK -> LoadBalancing.Scope.NETWORK;
            case UNSPECIFIED_SCOPE ->
                throw new IllegalArgumentException(
                        "load_balancing.routing_preference: UNSPECIFIED_SCOPE (expected: a scope)");
            case UNRECOGNIZED -> throw Decoding.unknown("load_balancing.routing_preference", value, Scope.class);
        };
    }

    private static IpFamilies families(io.hbone.xds.proto.workload.Service in) {
        return switch (in.getIpFamilies()) {
            case AUTOMATIC -> IpFamilies.AUTOMATIC;
            case IPV4_ONLY -> IpFamilies.IPV4_ONLY;
            case IPV6_ONLY -> IpFamilies.IPV6_ONLY;
            case DUAL -> IpFamilies.DUAL;
            case UNRECOGNIZED -> throw Decoding.unknown("ip_families", in.getIpFamiliesValue(), IPFamilies.class);
        };
    }
}
