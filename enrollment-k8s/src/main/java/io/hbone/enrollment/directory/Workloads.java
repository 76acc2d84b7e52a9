package io.hbone.enrollment.directory;

import io.hbone.core.Route.ServiceRef;
import io.hbone.core.SpiffeId;
import io.hbone.enrollment.directory.ClusterFacts.PodName;
import io.hbone.enrollment.directory.ClusterFacts.ServiceName;
import io.hbone.enrollment.directory.DirectorySettings.ReachedBy;
import io.hbone.enrollment.directory.ResourceKey.OfEndpoint;
import io.hbone.enrollment.directory.ResourceKey.OfPod;
import io.hbone.xds.model.Cidr;
import io.hbone.xds.model.GatewayAddress;
import io.hbone.xds.model.LoadBalancing;
import io.hbone.xds.model.LoadBalancing.HealthPolicy;
import io.hbone.xds.model.LoadBalancing.Mode;
import io.hbone.xds.model.LoadBalancing.Scope;
import io.hbone.xds.model.Locality;
import io.hbone.xds.model.PortMap;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Vip;
import io.hbone.xds.model.Workload;
import io.hbone.xds.model.WorkloadBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Makes workloads and services of the facts of the moment. Under the lock of the facts. */
final class Workloads {
    private static final Set<String> OWN_GATEWAYS = Set.of("istio.io-mesh-controller", "istio.io-eastwest-controller");

    private final ClusterFacts facts;
    private final DirectorySettings settings;

    Workloads(ClusterFacts facts, DirectorySettings settings) {
        this.facts = facts;
        this.settings = settings;
    }

    /** Null when there is no such pod, or it has no address. */
    @Nullable Workload workload(OfPod key) {
        PodFacts pod = pod(key);
        if (pod == null || pod.addresses().isEmpty()) {
            return null;
        }
        PodTemplate template = pod.template();
        String namespace = template.namespace();
        Locality locality = facts.nodes.get("", pod.node());
        boolean reached = settings.reachedBy() == ReachedBy.ANNOTATION
                ? template.isNativeTunnel() || (template.redirected() && !template.hostNetwork())
                : PodWorkloads.isWanted(template, facts.namespace(namespace).labels());
        WorkloadBuilder workload = PodWorkloads.builder(
                        settings, pod, reached, Objects.requireNonNullElse(locality, Locality.UNKNOWN))
                .services(services(pod))
                .authorizationPolicies(policies(template));
        String gateway = template.labels().get(Names.GATEWAY_NAME);
        GatewayFacts own = gateway == null ? null : facts.gateways.get(namespace, gateway);
        if (own != null) {
            workload.applicationTunnel(own.tunnel());
        } else {
            workload.waypoint(waypoint(template.labels(), namespace, false));
        }
        return workload.build();
    }

    /** The pod as it says itself, with the addresses that Cilium knows when it has none yet. */
    private @Nullable PodFacts pod(OfPod key) {
        PodFacts pod = facts.pods.get(key.namespace(), key.name());
        CiliumFacts endpoint = facts.cilium.get(new PodName(key.namespace(), key.name())).stream()
                .filter(known -> known.uid().equals(key.uid()) || known.uid().isEmpty())
                .findFirst()
                .orElse(null);
        if (pod != null && !pod.uid().equals(key.uid())) {
            return null;
        }
        if (pod == null) {
            return endpoint == null || endpoint.uid().isEmpty() || facts.gone.contains(endpoint.uid())
                    ? null
                    : endpoint.pod();
        }
        return endpoint == null || !pod.addresses().isEmpty()
                ? pod
                : new PodFacts(
                        pod.uid(),
                        pod.name(),
                        pod.template(),
                        endpoint.addresses(),
                        pod.ready(),
                        pod.node(),
                        pod.hostAddress().isEmpty() ? endpoint.node() : pod.hostAddress());
    }

    /** Null when there is no such endpoint, or its service is not told of. */
    @Nullable Workload workload(OfEndpoint key) {
        SliceFacts slice = facts.slices.get(key.namespace(), key.slice());
        Boolean ready = slice == null ? null : slice.others().get(key.address());
        ServiceFacts service = slice == null ? null : facts.services.get(key.namespace(), slice.service());
        if (slice == null
                || ready == null
                || service == null
                || !service.problem().isEmpty()) {
            return null;
        }
        Map<Integer, Integer> ports = new LinkedHashMap<>();
        for (ServiceFacts.Port port : service.ports()) {
            Integer target = slice.ports().get(port.name());
            if (target != null) {
                ports.put(port.port(), target);
            }
        }
        // Who is there is not known, nor whether the address is its own: it cannot be found by it.
        return Workload.builder(
                        endpointName(key),
                        key.slice(),
                        SpiffeId.ofServiceAccount(settings.trustDomain(), key.namespace(), "default"))
                .network(settings.network())
                .clusterId(settings.clusterId())
                .addresses(List.of(key.address()))
                .hostNetwork(true)
                .healthy(ready)
                .services(Map.of(resourceName(key.namespace(), slice.service()), PortMap.of(ports)))
                .build();
    }

    String endpointName(OfEndpoint key) {
        return settings.clusterId() + "/discovery.k8s.io/EndpointSlice/" + key.namespace() + '/' + key.slice() + '/'
                + key.address().getHostAddress();
    }

    /** Null when there is no such service, or nodes are not told of it. */
    @Nullable Service service(String namespace, String name) {
        ServiceFacts service = facts.services.get(namespace, name);
        if (service == null || !service.problem().isEmpty()) {
            return null;
        }
        Map<Integer, Integer> ports = new LinkedHashMap<>();
        service.ports().forEach(port -> ports.put(port.port(), port.target()));
        boolean ownGateway = OWN_GATEWAYS.contains(service.labels().getOrDefault(Names.GATEWAY_MANAGED, ""));
        return new Service(
                new ServiceRef(namespace, name, hostname(namespace, name)),
                service.vips().stream()
                        .map(address -> new Vip(settings.network(), Cidr.of(address)))
                        .toList(),
                PortMap.of(ports),
                Set.of(),
                ownGateway ? null : waypoint(service.labels(), namespace, true),
                List.of(),
                loadBalancing(namespace, service),
                service.ipFamilies(),
                true,
                false);
    }

    /** What a service's resource is called. */
    String resourceName(String namespace, String name) {
        return namespace + '/' + hostname(namespace, name);
    }

    private String hostname(String namespace, String name) {
        return name + '.' + namespace + ".svc." + settings.clusterDomain();
    }

    private LoadBalancing loadBalancing(String namespace, ServiceFacts service) {
        HealthPolicy health = service.everybody() ? HealthPolicy.ALLOW_ALL : HealthPolicy.ONLY_HEALTHY;
        if (service.local()) {
            return new LoadBalancing(List.of(Scope.NODE), Mode.STRICT, health);
        }
        Distribution said = service.distribution();
        Distribution settled = said != null ? said : facts.namespace(namespace).distribution();
        Distribution distribution = Objects.requireNonNullElse(settled, Distribution.ANY);
        return new LoadBalancing(distribution.preferences(), distribution.mode(), health);
    }

    private Map<String, PortMap> services(PodFacts pod) {
        String namespace = pod.template().namespace();
        // In one order, so that the same is said in the same way after a restart, too.
        Map<String, PortMap> services = new TreeMap<>();
        for (String name :
                facts.serviceSelectors.candidates(namespace, pod.template().labels())) {
            ServiceFacts service = facts.services.get(namespace, name);
            if (service != null
                    && Labels.match(service.selector(), pod.template().labels())) {
                join(services, namespace, name, service, pod);
            }
        }
        for (SliceFacts slice : facts.slicesOfPods.get(new PodName(namespace, pod.name()))) {
            ServiceFacts service = facts.services.get(namespace, slice.service());
            if (service != null) {
                join(services, namespace, slice.service(), service, pod);
            }
        }
        return services;
    }

    private void join(
            Map<String, PortMap> services, String namespace, String name, ServiceFacts service, PodFacts pod) {
        if (!service.problem().isEmpty()) {
            return;
        }
        Map<Integer, Integer> ports = new LinkedHashMap<>();
        for (ServiceFacts.Port port : service.ports()) {
            Integer target = port.targetName().isEmpty()
                    ? Integer.valueOf(port.target())
                    : pod.template().ports().get(port.targetName());
            // A pod without a port of that name does not serve it.
            if (target != null) {
                ports.put(port.port(), target);
            }
        }
        services.put(resourceName(namespace, name), PortMap.of(ports));
    }

    private @Nullable GatewayAddress waypoint(Map<String, String> labels, String namespace, boolean service) {
        ServiceName name = facts.waypoint(labels, namespace);
        GatewayFacts gateway = name == null ? null : facts.gateways.get(name.namespace(), name.name());
        return gateway != null
                        && gateway.serves(namespace, facts.namespace(namespace).labels(), service)
                ? gateway.address()
                : null;
    }

    /** Those that a workload names: all but those of its namespace and of the mesh. */
    private List<String> policies(PodTemplate template) {
        List<String> names = new ArrayList<>();
        selecting(template.namespace(), template.labels(), names);
        if (!template.namespace().equals(settings.rootNamespace())) {
            selecting(settings.rootNamespace(), template.labels(), names);
        }
        names.sort(null);
        facts.strictness.values().forEach(strictness -> {
            String name = strictness.policyOf(template.namespace(), template.labels());
            if (name != null) {
                names.add(name);
            }
        });
        return names;
    }

    private void selecting(String namespace, Map<String, String> labels, List<String> names) {
        Set<String> candidates = new TreeSet<>(facts.policySelectors.candidates(namespace, labels));
        candidates.addAll(facts.policiesForAll.get(namespace));
        for (String name : candidates) {
            PolicyFacts policy = facts.policies.get(namespace, name);
            if (policy != null
                    && policy.body() != null
                    && policy.selector() != null
                    && Labels.match(policy.selector(), labels)) {
                names.add(namespace + '/' + name);
            }
        }
    }
}
