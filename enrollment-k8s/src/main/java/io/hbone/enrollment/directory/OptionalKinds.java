package io.hbone.enrollment.directory;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionVersion;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.hbone.enrollment.directory.OptionalKind.Definition;
import io.hbone.enrollment.kubernetes.ClusterWatch;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The kinds that Cilium, Istio, the Gateway API and we ourselves bring by CustomResourceDefinitions. Each of these is watched by its
 * name, so that no others need be readable.
 */
final class OptionalKinds implements AutoCloseable {
    private static final Logger logger = LoggerFactory.getLogger(OptionalKinds.class);
    private static final Definition CILIUM_ENDPOINTS =
            new Definition("cilium.io", "CiliumEndpoint", "ciliumendpoints", List.of("v2"), true);
    private static final Definition CILIUM_SLICES = new Definition(
            "cilium.io", "CiliumEndpointSlice", "ciliumendpointslices", List.of("v2", "v2alpha1"), false);
    private static final Definition GATEWAYS =
            new Definition("gateway.networking.k8s.io", "Gateway", "gateways", List.of("v1", "v1beta1"), true);
    private static final Definition POLICIES = new Definition(
            "security.istio.io", "AuthorizationPolicy", "authorizationpolicies", List.of("v1", "v1beta1"), true);
    private static final Definition PEER_AUTHENTICATIONS = new Definition(
            "security.istio.io", "PeerAuthentication", "peerauthentications", List.of("v1", "v1beta1"), true);
    static final Definition STRICT_MTLS =
            new Definition("hbone.io", "StrictMtls", "strictmtls", List.of("v1alpha1"), true);

    private final Executor executor;
    private final Object lock = new Object();
    private final Table<String> served = new Table<>();
    private final Map<String, OptionalKind> kinds = new LinkedHashMap<>();
    private boolean begun; // touched by the executor's thread alone

    /**
     * @param definitions is given the CustomResourceDefinitions to watch
     * @param executor one task at a time; may wait for the API server
     */
    OptionalKinds(KubernetesClient client, ClusterWatch definitions, List<OptionalKind> kinds, Executor executor) {
        this.executor = executor;
        for (OptionalKind kind : kinds) {
            this.kinds.put(kind.name(), kind);
            List<String> versions = kind.definition().versions();
            Table<String> one = new Table<>();
            one.listen((none, name, before, now) -> change(name, now));
            definitions.watch(
                    client.apiextensions().v1().customResourceDefinitions().withName(kind.name()),
                    "definition of " + kind.name(),
                    new Items<>(lock, one, crd -> version(crd, versions)));
        }
    }

    /** Those that a directory reads. */
    static List<OptionalKind> ofDirectory(KubernetesClient client, ClusterFacts facts, DirectorySettings settings) {
        return List.of(
                new OptionalKind(
                        client, CILIUM_ENDPOINTS, new Items<>(facts, facts.ciliumEndpoints, CiliumFacts::ofEndpoint)),
                new OptionalKind(client, CILIUM_SLICES, new Items<>(facts, facts.ciliumSlices, CiliumFacts::ofSlice)),
                new OptionalKind(
                        client,
                        GATEWAYS,
                        new Items<>(facts, facts.gateways, gateway -> GatewayFacts.of(gateway, settings))),
                new OptionalKind(
                        client,
                        POLICIES,
                        new Items<>(
                                facts,
                                facts.policies,
                                policy -> AuthorizationPolicies.read(policy, settings.rootNamespace()))),
                new OptionalKind(
                        client,
                        PEER_AUTHENTICATIONS,
                        new Items<>(facts, facts.peerAuthentications, StrictFacts::ofPeerAuthentication)),
                new OptionalKind(client, STRICT_MTLS, new Items<>(facts, facts.strictMtls, StrictFacts::ofStrictMtls)));
    }

    /** Once it is known which there are. @return completes when all their objects are known, too */
    CompletionStage<Void> begin() {
        CompletableFuture<Void> known = new CompletableFuture<>();
        execute(() -> {
            begun = true;
            CompletableFuture.allOf(kinds.values().stream()
                            .map(kind -> kind.served(version(kind)).toCompletableFuture())
                            .toArray(CompletableFuture<?>[]::new))
                    .whenComplete((all, failure) -> {
                        if (failure == null) {
                            known.complete(null);
                        } else {
                            known.completeExceptionally(failure);
                        }
                    });
        });
        return known;
    }

    /** Those that the cluster has. */
    List<String> there() {
        return kinds.values().stream()
                .filter(OptionalKind::isThere)
                .map(OptionalKind::name)
                .toList();
    }

    boolean isLive() {
        return kinds.values().stream().allMatch(OptionalKind::isLive);
    }

    @Override
    public void close() {
        kinds.values().forEach(OptionalKind::close);
    }

    private void change(String name, @Nullable String version) {
        served.put("", name, version);
        execute(() -> {
            OptionalKind kind = kinds.get(name);
            if (begun && kind != null) {
                kind.served(version(kind));
            }
        });
    }

    private @Nullable String version(OptionalKind kind) {
        synchronized (lock) {
            return served.get("", kind.name());
        }
    }

    private void execute(Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException e) {
            logger.debug("the executor is shut down");
        }
    }

    /** The best version of those that can be read; null while it is not served. */
    private static @Nullable String version(CustomResourceDefinition definition, List<String> readable) {
        boolean established = definition.getStatus() != null
                && definition.getStatus().getConditions().stream()
                        .anyMatch(condition ->
                                "Established".equals(condition.getType()) && "True".equals(condition.getStatus()));
        Set<String> versions = definition.getSpec().getVersions().stream()
                .filter(version -> Boolean.TRUE.equals(version.getServed()))
                .map(CustomResourceDefinitionVersion::getName)
                .collect(Collectors.toSet());
        return established
                ? readable.stream().filter(versions::contains).findFirst().orElse(null)
                : null;
    }
}
