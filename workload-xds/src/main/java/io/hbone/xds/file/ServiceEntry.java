package io.hbone.xds.file;

import io.hbone.core.Route.ServiceRef;
import io.hbone.core.SpiffeId;
import io.hbone.xds.model.Cidr;
import io.hbone.xds.model.GatewayAddress;
import io.hbone.xds.model.IpFamilies;
import io.hbone.xds.model.LoadBalancing;
import io.hbone.xds.model.LoadBalancing.HealthPolicy;
import io.hbone.xds.model.LoadBalancing.Mode;
import io.hbone.xds.model.LoadBalancing.Scope;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Vip;
import io.hbone.xds.model.WeightedWaypoint;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;

/** An entry of {@code services}. */
final class ServiceEntry {
    private static final SortedMap<String, Boolean> VISIBILITIES =
            Entry.sorted(Map.of("Public", false, "Namespace", true));
    private static final SortedMap<String, IpFamilies> FAMILIES =
            Entry.sorted(Map.of("Dual", IpFamilies.DUAL, "IPv4", IpFamilies.IPV4_ONLY, "IPv6", IpFamilies.IPV6_ONLY));
    private static final SortedMap<String, Mode> MODES = Entry.sorted(Map.of(
            "Standard",
            Mode.STANDARD,
            "Strict",
            Mode.STRICT,
            "Failover",
            Mode.FAILOVER,
            "Passthrough",
            Mode.PASSTHROUGH));
    private static final SortedMap<String, HealthPolicy> HEALTH =
            Entry.sorted(Map.of("OnlyHealthy", HealthPolicy.ONLY_HEALTHY, "AllowAll", HealthPolicy.ALLOW_ALL));
    private static final SortedMap<String, Scope> SCOPES = Entry.sorted(Map.of(
            "Region", Scope.REGION,
            "Zone", Scope.ZONE,
            "Subzone", Scope.SUBZONE,
            "Node", Scope.NODE,
            "Cluster", Scope.CLUSTER,
            "Network", Scope.NETWORK));

    private ServiceEntry() {}

    static Service read(Fields fields) {
        Service service = new Service(
                new ServiceRef(fields.text("namespace"), fields.text("name"), fields.text("hostname")),
                vips(fields),
                Entry.ports(() -> fields.path("ports"), fields.requiredMap("ports")),
                subjectAltNames(fields),
                Entry.gateway(fields, "waypoint"),
                weightedWaypoints(fields),
                loadBalancing(fields),
                fields.oneOf("ipFamilies", IpFamilies.AUTOMATIC, FAMILIES),
                fields.flag("canonical", false),
                fields.oneOf("visibility", false, VISIBILITIES));
        fields.rejectOthers();
        return service;
    }

    private static List<Vip> vips(Fields fields) {
        List<?> nodes = fields.requiredList("vips");
        List<Vip> vips = new ArrayList<>(nodes.size());
        for (int i = 0; i < nodes.size(); i++) {
            String path = fields.path("vips[" + i + "]");
            String text = nodes.get(i) instanceof String string ? string : "";
            int slash = text.lastIndexOf('/');
            if (slash < 0) {
                throw LocalFileException.of(
                        path, Fields.show(nodes.get(i)), "network/address, the network may be empty");
            }
            vips.add(new Vip(text.substring(0, slash), Cidr.of(Entry.address(path, text.substring(slash + 1)))));
        }
        for (Fields range : fields.all("cidrVips")) {
            vips.add(new Vip(range.text("network", ""), Entry.cidr(range.path("cidr"), range.text("cidr"))));
            range.rejectOthers();
        }
        return vips;
    }

    private static Set<SpiffeId> subjectAltNames(Fields fields) {
        Set<SpiffeId> names = new LinkedHashSet<>();
        for (Object node : fields.list("subjectAltNames")) {
            try {
                names.add(SpiffeId.parse(String.valueOf(node)));
            } catch (IllegalArgumentException e) {
                throw new LocalFileException(fields.path("subjectAltNames") + ": " + e.getMessage());
            }
        }
        return names;
    }

    private static List<WeightedWaypoint> weightedWaypoints(Fields fields) {
        List<WeightedWaypoint> waypoints = new ArrayList<>();
        for (Fields entry : fields.all("weightedWaypoints")) {
            GatewayAddress destination = Entry.gateway(entry, "destination");
            if (destination == null) {
                throw entry.wrong("destination", null, "a mapping with destination and hboneMtlsPort");
            }
            waypoints.add(new WeightedWaypoint(destination, entry.number("weight", 0, 0, Integer.MAX_VALUE)));
            entry.rejectOthers();
        }
        return waypoints;
    }

    private static LoadBalancing loadBalancing(Fields entry) {
        Fields fields = entry.fields("loadBalancer");
        if (fields == null) {
            return LoadBalancing.STANDARD;
        }
        List<Scope> preferences = new ArrayList<>();
        for (String name : fields.texts("routingPreferences")) {
            Scope scope = SCOPES.get(name);
            if (scope == null) {
                throw fields.wrong("routingPreferences", name, String.join(" or ", SCOPES.keySet()));
            }
            preferences.add(scope);
        }
        LoadBalancing balancing = new LoadBalancing(
                preferences,
                fields.oneOf("mode", Mode.STANDARD, MODES),
                fields.oneOf("healthPolicy", HealthPolicy.ONLY_HEALTHY, HEALTH));
        fields.rejectOthers();
        return balancing;
    }
}
