package io.hbone.node.local;

import io.hbone.core.Route.ServiceRef;
import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.core.WorkloadMetadata;
import io.hbone.node.config.ConfigException;
import io.hbone.node.local.LocalService.Vip;
import io.hbone.node.text.Ip;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** Reads ztunnel's local file (spec/ztunnel.md 7.7), bound by hand: a wrong file is answered with the place and the reason. */
final class LocalFileReader {
    /** Of a file, in characters: some 100,000 workloads. The library's default of 3 MiB is some thousands. */
    private static final int MAX_LENGTH = 128 << 20;

    private static final int MAX_CAPACITY = 1_000_000;

    private static final SortedMap<String, Boolean> PROTOCOLS = sorted(Map.of("HBONE", true, "TCP", false));
    private static final SortedMap<String, Boolean> STATUSES = sorted(Map.of("Healthy", true, "Unhealthy", false));
    private static final SortedMap<String, Boolean> NETWORK_MODES =
            sorted(Map.of("Standard", false, "HostNetwork", true));
    private static final SortedMap<String, Boolean> VISIBILITIES = sorted(Map.of("Public", false, "Namespace", true));
    private static final SortedMap<String, String> TYPES =
            sorted(Map.of("deployment", "deployment", "cronjob", "cronjob", "pod", "pod", "job", "job"));

    private static final String LATER = " are yet to come";

    private final TrustDomain defaultTrustDomain;
    private final int defaultTunnelPort;

    LocalFileReader(TrustDomain defaultTrustDomain, int defaultTunnelPort) {
        this.defaultTrustDomain = defaultTrustDomain;
        this.defaultTunnelPort = defaultTunnelPort;
    }

    LocalMesh read(String yaml) {
        Fields root = Fields.of("", parse(yaml));
        List<LocalWorkload> workloads = workloads(root.list("workloads"));
        List<LocalService> services = services(root.list("services"));
        refusePolicies(root.list("policies"));
        root.rejectOthers();
        return new LocalMesh(workloads, services);
    }

    private static @Nullable Object parse(String yaml) {
        LoadSettings settings = LoadSettings.builder()
                .setCodePointLimit(MAX_LENGTH)
                .setAllowDuplicateKeys(false)
                .build();
        try {
            return new Load(settings).loadFromString(yaml);
        } catch (MarkedYamlEngineException e) {
            String line = e.getProblemMark()
                    .map(mark -> " at line " + (mark.getLine() + 1) + " column " + (mark.getColumn() + 1))
                    .orElse("");
            throw new ConfigException("not YAML: " + e.getProblem() + line);
        } catch (YamlEngineException e) {
            throw new ConfigException(
                    "not YAML: " + String.valueOf(e.getMessage()).replaceAll("\\s+", " "));
        } catch (StackOverflowError e) {
            // The library has no limit for this. What it was doing had no effect outside of it.
            throw new ConfigException("not YAML that we read: nested too deeply");
        }
    }

    private List<LocalWorkload> workloads(List<?> nodes) {
        List<LocalWorkload> workloads = new ArrayList<>(nodes.size());
        Set<String> uids = new HashSet<>();
        for (int i = 0; i < nodes.size(); i++) {
            Fields fields = Fields.of("workloads[" + i + "]", nodes.get(i));
            LocalWorkload workload = workload(fields);
            if (!uids.add(workload.uid())) {
                throw fields.wrong("uid", workload.uid(), "another one than those of the workloads above");
            }
            workloads.add(workload);
        }
        return workloads;
    }

    private LocalWorkload workload(Fields fields) {
        String namespace = fields.text("namespace");
        String name = fields.text("name", "");
        String uid = fields.text("uid", "");
        if (uid.isEmpty() && name.isEmpty()) {
            throw fields.wrong("name", null, "text, as there is no uid either");
        }
        String serviceAccount = orElse(fields.text("serviceAccount", ""), "default");
        SpiffeId identity = identity(fields, namespace, serviceAccount);
        Fields locality = fields.fields("locality");
        WorkloadMetadata metadata = new WorkloadMetadata(
                name,
                namespace,
                identity,
                fields.text("workloadName", ""),
                fields.oneOf("workloadType", "", TYPES),
                fields.text("canonicalName", ""),
                fields.text("canonicalRevision", ""),
                fields.text("clusterId", ""),
                locality == null ? "" : locality.text("region", ""),
                locality == null ? "" : locality.text("zone", ""));
        if (locality != null) {
            locality.skip("subzone");
            locality.rejectOthers();
        }
        LocalWorkload workload = new LocalWorkload(
                orElse(uid, namespace + '/' + name),
                namespace,
                name,
                serviceAccount,
                identity,
                fields.text("network", ""),
                addresses(fields),
                fields.oneOf("protocol", false, PROTOCOLS),
                fields.number("tunnelPort", defaultTunnelPort, 1, 65_535),
                fields.oneOf("networkMode", false, NETWORK_MODES),
                fields.oneOf("status", true, STATUSES),
                fields.number("capacity", 1, 0, MAX_CAPACITY),
                servicesOf(fields),
                fields.text("node", ""),
                metadata,
                LocalMesh.metadata(metadata, null),
                Set.of(identity));
        fields.skip("nativeTunnel");
        fields.skip("hostname");
        fields.refuse("waypoint", "waypoints" + LATER);
        fields.refuse("networkGateway", "gateways between networks" + LATER);
        fields.refuse("applicationTunnel", "application tunnels" + LATER);
        fields.refuse("authorizationPolicies", "authorization policies" + LATER);
        fields.rejectOthers();
        return workload;
    }

    private SpiffeId identity(Fields fields, String namespace, String serviceAccount) {
        String trustDomain = fields.text("trustDomain", "");
        try {
            TrustDomain domain = trustDomain.isEmpty() ? defaultTrustDomain : TrustDomain.of(trustDomain);
            return SpiffeId.ofServiceAccount(domain, namespace, serviceAccount);
        } catch (IllegalArgumentException e) {
            throw new ConfigException(fields.path() + ": " + e.getMessage());
        }
    }

    private static List<InetAddress> addresses(Fields fields) {
        List<?> nodes = fields.requiredList("workloadIps");
        List<InetAddress> addresses = new ArrayList<>(nodes.size());
        for (int i = 0; i < nodes.size(); i++) {
            addresses.add(address(fields.path("workloadIps[" + i + "]"), nodes.get(i)));
        }
        return addresses;
    }

    private static Map<String, Map<Integer, Integer>> servicesOf(Fields fields) {
        Map<String, Map<Integer, Integer>> services = new LinkedHashMap<>();
        fields.requiredMap("services").forEach((key, ports) -> {
            String path = fields.path("services." + Fields.key(key));
            if (!(key instanceof String name) || name.indexOf('/') <= 0 || name.indexOf('/') == name.length() - 1) {
                throw ConfigException.of(path, Fields.show(key), "namespace/hostname as the key");
            }
            services.put(name, Fields.ports(path, ports));
        });
        return services;
    }

    private static List<LocalService> services(List<?> nodes) {
        List<LocalService> services = new ArrayList<>(nodes.size());
        for (int i = 0; i < nodes.size(); i++) {
            services.add(service(Fields.of("services[" + i + "]", nodes.get(i))));
        }
        return services;
    }

    private static LocalService service(Fields fields) {
        LocalService service = new LocalService(
                vips(fields),
                Fields.ports(fields.path("ports"), fields.requiredMap("ports")),
                subjectAltNames(fields),
                fields.flag("canonical", false),
                fields.oneOf("visibility", false, VISIBILITIES),
                new ServiceRef(fields.text("namespace"), fields.text("name"), fields.text("hostname")));
        fields.refuse("waypoint", "waypoints" + LATER);
        fields.refuse("weightedWaypoints", "waypoints" + LATER);
        fields.refuse("loadBalancer", "load balancing modes" + LATER);
        fields.refuse("ipFamilies", "IP families of services" + LATER);
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
                throw ConfigException.of(path, Fields.show(nodes.get(i)), "network/address, the network may be empty");
            }
            vips.add(new Vip(text.substring(0, slash), address(path, text.substring(slash + 1))));
        }
        return vips;
    }

    private static Set<SpiffeId> subjectAltNames(Fields fields) {
        Set<SpiffeId> names = new LinkedHashSet<>();
        for (Object node : fields.list("subjectAltNames")) {
            try {
                names.add(SpiffeId.parse(String.valueOf(node)));
            } catch (IllegalArgumentException e) {
                throw new ConfigException(fields.path("subjectAltNames") + ": " + e.getMessage());
            }
        }
        return names;
    }

    /** To start and not to enforce them would let in whom they keep out. */
    private static void refusePolicies(List<?> nodes) {
        for (int i = 0; i < nodes.size(); i++) {
            Fields fields = Fields.of("policies[" + i + "]", nodes.get(i));
            String policy = fields.text("namespace", "") + '/' + fields.text("name");
            for (String field : List.of("scope", "action", "rules", "dryRun")) {
                fields.skip(field);
            }
            fields.rejectOthers();
            throw new ConfigException(fields.path() + ": " + policy
                    + " (expected: no policies, as authorization policies" + LATER + " and must not be ignored)");
        }
    }

    private static InetAddress address(String path, @Nullable Object node) {
        InetAddress address = node instanceof String text ? Ip.parse(text) : null;
        if (address == null) {
            throw ConfigException.of(path, Fields.show(node), "an IP address");
        }
        return address;
    }

    private static <T> SortedMap<String, T> sorted(Map<String, T> values) {
        return Collections.unmodifiableSortedMap(new TreeMap<>(values));
    }

    private static String orElse(String text, String otherwise) {
        return text.isEmpty() ? otherwise : text;
    }
}
