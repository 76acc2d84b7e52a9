package io.hbone.enrollment.directory;

import io.hbone.enrollment.directory.ResourceKey.Source;
import io.hbone.xds.model.Locality;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** All that is known of a cluster, and what finds it. It is its own lock: whoever touches anything of it holds it. */
final class ClusterFacts {
    /** Endpoints of Cilium that one object tells of. */
    final Table<List<CiliumFacts>> ciliumEndpoints = new Table<>();

    final Table<List<CiliumFacts>> ciliumSlices = new Table<>();
    final Table<NamespaceFacts> namespaces = new Table<>();
    final Table<Locality> nodes = new Table<>();
    final Table<PodFacts> pods = new Table<>();
    final Table<ServiceFacts> services = new Table<>();
    final Table<SliceFacts> slices = new Table<>();
    final Table<GatewayFacts> gateways = new Table<>();
    final Table<PolicyFacts> policies = new Table<>();
    final Table<StrictFacts> strictMtls = new Table<>();
    final Table<StrictFacts> peerAuthentications = new Table<>();

    final Selectors serviceSelectors = new Selectors();
    final Selectors policySelectors = new Selectors();

    /** Policies, by namespace, that have a selector which asks for nothing. */
    final Groups<String, String> policiesForAll = new Groups<>();

    /** Slices that have a pod as an endpoint. */
    final Groups<PodName, SliceFacts> slicesOfPods = new Groups<>();

    /** Slices of a service, by name. */
    final Groups<ServiceName, String> slicesOfServices = new Groups<>();

    /** By the pod's name. */
    final Groups<PodName, CiliumFacts> cilium = new Groups<>();

    /** UIDs of pods that have gone while Cilium still knows an endpoint of theirs. */
    final Set<String> gone = new HashSet<>();

    final Map<Source, Strictness> strictness;

    ClusterFacts(String rootNamespace) {
        strictness = new EnumMap<>(Map.of(
                Source.STRICT_MTLS,
                new Strictness(strictMtls, "strict_mtls_", rootNamespace),
                Source.PEER_AUTHENTICATION,
                new Strictness(peerAuthentications, "converted_peer_authentication_", rootNamespace)));
    }

    record PodName(String namespace, String name) {}

    record ServiceName(String namespace, String name) {}

    NamespaceFacts namespace(String name) {
        return Objects.requireNonNullElse(namespaces.get("", name), NamespaceFacts.NONE);
    }

    Table<StrictFacts> strict(Source source) {
        return source == Source.STRICT_MTLS ? strictMtls : peerAuthentications;
    }

    /**
     * The Gateway that a pod, a service or what is in a namespace is to be reached through; what is its own counts before its
     * namespace's. Null when it does not say, or says {@code none}.
     *
     * @param labels its own
     * @param namespace its namespace
     */
    @Nullable ServiceName waypoint(Map<String, String> labels, String namespace) {
        Map<String, String> said = labels.containsKey(Names.USE_WAYPOINT)
                ? labels
                : namespace(namespace).labels();
        String name = said.get(Names.USE_WAYPOINT);
        return name == null || name.equals("none")
                ? null
                : new ServiceName(said.getOrDefault(Names.USE_WAYPOINT_NAMESPACE, namespace), name);
    }
}
