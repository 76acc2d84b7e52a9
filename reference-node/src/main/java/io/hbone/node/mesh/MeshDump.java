package io.hbone.node.mesh;

import io.hbone.node.text.Ip;
import io.hbone.xds.model.ApplicationTunnel;
import io.hbone.xds.model.GatewayAddress;
import io.hbone.xds.model.LoadBalancing;
import io.hbone.xds.model.Locality;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Vip;
import io.hbone.xds.model.WeightedWaypoint;
import io.hbone.xds.model.Workload;
import io.hbone.xds.store.Endpoint;
import io.hbone.xds.store.Endpoints;
import io.hbone.xds.store.Resource;
import io.hbone.xds.store.Snapshot;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The snapshot in the words of {@code config_dump} (spec/ztunnel.md 11), which {@code istioctl ztunnel-config} reads. */
final class MeshDump {
    private MeshDump() {}

    /** Those whose resources have such names, in the order of their uids. */
    static List<Object> workloads(Snapshot snapshot, Predicate<String> names) {
        Map<String, Object> out = new TreeMap<>();
        for (Resource<Workload> workload : snapshot.workloads()) {
            if (names.test(workload.name())) {
                out.put(workload.value().uid(), workload(workload.value()));
            }
        }
        return new ArrayList<>(out.values());
    }

    /** Those whose resources have such names, in the order of their keys. */
    static List<Object> services(Snapshot snapshot, Predicate<String> names) {
        Map<String, Object> out = new TreeMap<>();
        for (Resource<Service> service : snapshot.services()) {
            if (names.test(service.name())) {
                String key = service.value().key();
                out.put(key, service(service.value(), snapshot.endpoints(key)));
            }
        }
        return new ArrayList<>(out.values());
    }

    static Map<String, Object> staged(Snapshot snapshot) {
        Map<String, Object> out = new TreeMap<>();
        snapshot.forEachStaged(key -> out.put(key, endpoints(snapshot.endpoints(key))));
        return out;
    }

    private static Map<String, Object> workload(Workload workload) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("workloadIps", ips(workload.addresses()));
        putUnlessNull(out, "waypoint", gateway(workload.waypoint()));
        putUnlessNull(out, "networkGateway", gateway(workload.networkGateway()));
        out.put("protocol", workload.enrolled() ? "HBONE" : "TCP");
        out.put("networkMode", workload.hostNetwork() ? "HostNetwork" : "Standard");
        out.put("uid", workload.uid());
        out.put("name", workload.name());
        out.put("namespace", workload.namespace());
        out.put("trustDomain", workload.identity().trustDomain().name());
        out.put("serviceAccount", workload.serviceAccount());
        putUnlessEmpty(out, "network", workload.network());
        putUnlessEmpty(out, "workloadName", workload.workloadName());
        putUnlessEmpty(out, "workloadType", workload.type().text());
        putUnlessEmpty(out, "canonicalName", workload.canonicalName());
        putUnlessEmpty(out, "canonicalRevision", workload.canonicalRevision());
        putUnlessEmpty(out, "hostname", workload.hostname());
        putUnlessEmpty(out, "node", workload.node());
        if (workload.nativeTunnel()) {
            out.put("nativeTunnel", true);
        }
        putUnlessNull(out, "applicationTunnel", tunnel(workload.applicationTunnel()));
        putUnlessEmpty(out, "authorizationPolicies", workload.authorizationPolicies());
        out.put("status", status(workload));
        out.put("clusterId", workload.clusterId());
        if (!workload.locality().equals(Locality.UNKNOWN)) {
            Map<String, Object> locality = new LinkedHashMap<>();
            putUnlessEmpty(locality, "region", workload.locality().region());
            putUnlessEmpty(locality, "zone", workload.locality().zone());
            putUnlessEmpty(locality, "subzone", workload.locality().subzone());
            out.put("locality", locality);
        }
        if (!workload.services().isEmpty()) {
            out.put("services", workload.services().keySet());
        }
        out.put("capacity", workload.capacity());
        return out;
    }

    private static Map<String, Object> service(Service service, Endpoints endpoints) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("name", service.ref().name());
        out.put("namespace", service.ref().namespace());
        out.put("hostname", service.ref().hostname());
        List<String> vips = new ArrayList<>();
        List<Object> ranges = new ArrayList<>();
        for (Vip vip : service.vips()) {
            if (vip.range().isSingle()) {
                vips.add(vip.toString());
            } else {
                Map<String, Object> range = new LinkedHashMap<>();
                range.put("network", vip.network());
                range.put("cidr", vip.range().toString());
                ranges.add(range);
            }
        }
        out.put("vips", vips);
        putUnlessEmpty(out, "cidrVips", ranges);
        out.put("ports", service.ports().asMap());
        out.put("endpoints", endpoints(endpoints));
        out.put("subjectAltNames", service.subjectAltNames());
        putUnlessNull(out, "waypoint", gateway(service.waypoint()));
        List<Object> weighted = new ArrayList<>();
        for (WeightedWaypoint waypoint : service.weightedWaypoints()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            putUnlessNull(entry, "destination", gateway(waypoint.waypoint()));
            entry.put("weight", waypoint.weight());
            weighted.add(entry);
        }
        putUnlessEmpty(out, "weightedWaypoints", weighted);
        if (!service.loadBalancing().equals(LoadBalancing.STANDARD)) {
            out.put("loadBalancer", balancing(service.loadBalancing()));
        }
        switch (service.ipFamilies()) {
            case DUAL -> out.put("ipFamilies", "Dual");
            case IPV4_ONLY -> out.put("ipFamilies", "IPv4");
            case IPV6_ONLY -> out.put("ipFamilies", "IPv6");
            case AUTOMATIC -> {}
        }
        out.put("canonical", service.canonical());
        out.put("visibility", service.namespaceOnly() ? "Namespace" : "Public");
        return out;
    }

    private static Map<String, Object> endpoints(Endpoints endpoints) {
        Map<String, Object> out = new TreeMap<>();
        for (Endpoint endpoint : endpoints) {
            Workload workload = endpoint.workload().value();
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("workloadUid", workload.uid());
            entry.put("port", endpoint.ports().asMap());
            entry.put("status", status(workload));
            out.put(workload.uid(), entry);
        }
        return out;
    }

    private static Map<String, Object> balancing(LoadBalancing balancing) {
        Map<String, Object> out = new LinkedHashMap<>();
        List<String> preferences = new ArrayList<>();
        for (LoadBalancing.Scope scope : balancing.preferences()) {
            preferences.add(capitalized(scope.name()));
        }
        out.put("routingPreferences", preferences);
        out.put("mode", capitalized(balancing.mode().name()));
        out.put(
                "healthPolicy",
                switch (balancing.health()) {
                    case ONLY_HEALTHY -> "OnlyHealthy";
                    case ALLOW_ALL -> "AllowAll";
                });
        return out;
    }

    private static @Nullable Map<String, Object> gateway(@Nullable GatewayAddress gateway) {
        if (gateway == null) {
            return null;
        }
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("destination", gateway.destination().toString());
        out.put("hboneMtlsPort", gateway.port());
        return out;
    }

    private static @Nullable Map<String, Object> tunnel(@Nullable ApplicationTunnel tunnel) {
        if (tunnel == null) {
            return null;
        }
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("protocol", tunnel.protocol().name());
        if (tunnel.port() > 0) {
            out.put("port", tunnel.port());
        }
        return out;
    }

    private static String capitalized(String name) {
        return name.charAt(0) + name.substring(1).toLowerCase(Locale.ROOT);
    }

    private static String status(Workload workload) {
        return workload.healthy() ? "Healthy" : "Unhealthy";
    }

    private static List<String> ips(List<InetAddress> addresses) {
        List<String> out = new ArrayList<>(addresses.size());
        for (InetAddress address : addresses) {
            out.add(Ip.format(address));
        }
        return out;
    }

    private static void putUnlessNull(Map<String, Object> out, String name, @Nullable Object value) {
        if (value != null) {
            out.put(name, value);
        }
    }

    private static void putUnlessEmpty(Map<String, Object> out, String name, String value) {
        if (!value.isEmpty()) {
            out.put(name, value);
        }
    }

    private static void putUnlessEmpty(Map<String, Object> out, String name, Collection<?> value) {
        if (!value.isEmpty()) {
            out.put(name, value);
        }
    }
}
