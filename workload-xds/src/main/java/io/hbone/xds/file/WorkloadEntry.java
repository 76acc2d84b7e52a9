package io.hbone.xds.file;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.xds.model.ApplicationTunnel;
import io.hbone.xds.model.Locality;
import io.hbone.xds.model.PortMap;
import io.hbone.xds.model.Workload;
import io.hbone.xds.model.WorkloadType;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** An entry of {@code workloads}. */
final class WorkloadEntry {
    private static final int MAX_CAPACITY = 1_000_000;

    private static final SortedMap<String, Boolean> PROTOCOLS = Entry.sorted(Map.of("HBONE", true, "TCP", false));
    private static final SortedMap<String, Boolean> STATUSES =
            Entry.sorted(Map.of("Healthy", true, "Unhealthy", false));
    private static final SortedMap<String, Boolean> NETWORK_MODES =
            Entry.sorted(Map.of("Standard", false, "HostNetwork", true));
    private static final SortedMap<String, WorkloadType> TYPES = Entry.sorted(Map.of(
            "deployment",
            WorkloadType.DEPLOYMENT,
            "cronjob",
            WorkloadType.CRONJOB,
            "pod",
            WorkloadType.POD,
            "job",
            WorkloadType.JOB));
    private static final SortedMap<String, ApplicationTunnel.Protocol> TUNNELS =
            Entry.sorted(Map.of("NONE", ApplicationTunnel.Protocol.NONE, "PROXY", ApplicationTunnel.Protocol.PROXY));

    private final TrustDomain defaultTrustDomain;

    WorkloadEntry(TrustDomain defaultTrustDomain) {
        this.defaultTrustDomain = defaultTrustDomain;
    }

    Workload read(Fields fields) {
        String namespace = fields.text("namespace");
        String name = fields.text("name", "");
        String uid = fields.text("uid", "");
        if (uid.isEmpty() && name.isEmpty()) {
            throw fields.wrong("name", null, "text, as there is no uid either");
        }
        String serviceAccount = Entry.orElse(fields.text("serviceAccount", ""), "default");
        SpiffeId identity = identity(fields, namespace, serviceAccount);
        Workload workload = Workload.builder(Entry.orElse(uid, namespace + '/' + name), name, identity)
                .network(fields.text("network", ""))
                .addresses(addresses(fields))
                .hostname(fields.text("hostname", ""))
                .enrolled(fields.oneOf("protocol", false, PROTOCOLS))
                .tunnelPort(fields.number("tunnelPort", Workload.HBONE_PORT, 1, 65_535))
                .hostNetwork(fields.oneOf("networkMode", false, NETWORK_MODES))
                .healthy(fields.oneOf("status", true, STATUSES))
                .capacity(fields.number("capacity", 1, 0, MAX_CAPACITY))
                .services(services(fields))
                .waypoint(Entry.gateway(fields, "waypoint"))
                .networkGateway(Entry.gateway(fields, "networkGateway"))
                .applicationTunnel(applicationTunnel(fields))
                .authorizationPolicies(policies(fields))
                .nativeTunnel(fields.flag("nativeTunnel", false))
                .node(fields.text("node", ""))
                .locality(locality(fields))
                .clusterId(Entry.orElse(fields.text("clusterId", ""), "Kubernetes"))
                .type(fields.oneOf("workloadType", WorkloadType.DEPLOYMENT, TYPES))
                .workloadName(fields.text("workloadName", ""))
                .canonicalName(fields.text("canonicalName", ""))
                .canonicalRevision(fields.text("canonicalRevision", ""))
                .build();
        fields.rejectOthers();
        return workload;
    }

    private SpiffeId identity(Fields fields, String namespace, String serviceAccount) {
        String trustDomain = fields.text("trustDomain", "");
        try {
            TrustDomain domain = trustDomain.isEmpty() ? defaultTrustDomain : TrustDomain.of(trustDomain);
            return SpiffeId.ofServiceAccount(domain, namespace, serviceAccount);
        } catch (IllegalArgumentException e) {
            throw new LocalFileException(fields.path() + ": " + e.getMessage());
        }
    }

    private static List<InetAddress> addresses(Fields fields) {
        List<?> nodes = fields.requiredList("workloadIps");
        List<InetAddress> addresses = new ArrayList<>(nodes.size());
        for (int i = 0; i < nodes.size(); i++) {
            addresses.add(Entry.address(fields.path("workloadIps[" + i + "]"), nodes.get(i)));
        }
        return addresses;
    }

    private static Map<String, PortMap> services(Fields fields) {
        Map<String, PortMap> services = new LinkedHashMap<>();
        fields.requiredMap("services").forEach((key, ports) -> {
            // for errors alone: to make it takes longer than to read the ports
            Supplier<String> path = () -> fields.path("services." + Fields.key(key));
            if (!(key instanceof String name) || name.indexOf('/') < 1) {
                throw LocalFileException.of(path.get(), Fields.show(key), "namespace/hostname as the key");
            }
            services.put(name, Entry.ports(path, ports));
        });
        return services;
    }

    private static List<String> policies(Fields fields) {
        List<String> policies = fields.texts("authorizationPolicies");
        for (int i = 0; i < policies.size(); i++) {
            if (policies.get(i).indexOf('/') < 0) {
                throw fields.wrong("authorizationPolicies[" + i + "]", policies.get(i), "namespace/name");
            }
        }
        return policies;
    }

    private static @Nullable ApplicationTunnel applicationTunnel(Fields entry) {
        Fields fields = entry.fields("applicationTunnel");
        if (fields == null) {
            return null;
        }
        ApplicationTunnel tunnel = new ApplicationTunnel(
                fields.oneOf("protocol", ApplicationTunnel.Protocol.NONE, TUNNELS),
                fields.number("port", 0, 0, 65_535));
        fields.rejectOthers();
        return tunnel;
    }

    private static Locality locality(Fields entry) {
        Fields fields = entry.fields("locality");
        if (fields == null) {
            return Locality.UNKNOWN;
        }
        Locality locality =
                new Locality(fields.text("region", ""), fields.text("zone", ""), fields.text("subzone", ""));
        fields.rejectOthers();
        return locality;
    }
}
