package io.hbone.enrollment.directory;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.hbone.enrollment.Retries;
import io.hbone.enrollment.kubernetes.ClusterWatch;
import io.hbone.xds.ResourceSink;
import io.hbone.xds.model.Locality;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * Keeps nodes told of a cluster: workloads from pods, and from EndpointSlices that name no pods; services; waypoints; and policies
 * from Istio's AuthorizationPolicy and PeerAuthentication and from our StrictMtls. Where Cilium is installed, a pod's addresses are
 * taken from its CiliumEndpoint or CiliumEndpointSlice as long as the pod does not tell of them itself. What of these a cluster does
 * not have may come later.
 *
 * <p>Nodes are told nothing before all is known, so that a node that comes back keeps what is still there. An API server that is away
 * leaves everything as it was; when it is back, or says that a watch has expired, all is listed again, and what has gone meanwhile is
 * removed.
 *
 * <p>It may read: namespaces, nodes, pods, services (core), endpointslices (discovery.k8s.io), the CustomResourceDefinitions of the
 * optional kinds by name, and these kinds; list and watch of each.
 *
 * <p>Memory: about 1 KiB for each pod with its share of services, and below 2.5 KiB with what an xDS server holds of it: 128 MiB for
 * 50,000 pods in 5,000 services ({@code benchmarks/run cluster-directory}). Safe for use by any thread.
 */
public final class ClusterDirectory implements AutoCloseable {
    private final ClusterFacts facts;
    private final Dependents dependents;
    private final Publisher publisher;
    private final Problems problems;
    private final ClusterWatch watch = new ClusterWatch();
    private final OptionalKinds kinds;

    private ClusterDirectory(Builder builder) {
        DirectorySettings settings = builder.settings;
        facts = new ClusterFacts(settings.rootNamespace());
        publisher = new Publisher(facts, settings, builder.nodes, builder.executor, builder.retries, builder.observer);
        dependents = new Dependents(facts, settings.rootNamespace(), publisher::touched);
        problems = new Problems(facts, builder.observer);
        dependents.listen();
        problems.listen();
        watch(builder.client);
        kinds = new OptionalKinds(
                builder.client, watch, OptionalKinds.ofDirectory(builder.client, facts, settings), builder.executor);
    }

    /**
     * Begins a directory.
     *
     * @param client of the cluster; the directory does not close it
     * @param nodes is told everything; a {@code MeshDirectory} as a rule, with nothing in it
     * @param executor does one task at a time; the directory does not shut it down
     */
    public static Builder builder(KubernetesClient client, ResourceSink nodes, ScheduledExecutorService executor) {
        return new Builder(client, nodes, executor);
    }

    private void watch(KubernetesClient client) {
        Shared shared = new Shared();
        watch.watch(client.namespaces(), "namespaces", new Items<>(facts, facts.namespaces, NamespaceFacts::of));
        watch.watch(client.nodes(), "nodes", new Items<>(facts, facts.nodes, ClusterDirectory::locality));
        watch.watch(
                client.services().inAnyNamespace(),
                "services",
                new Items<>(facts, facts.services, service -> ServiceFacts.of(service, shared)));
        // Not those that have ended: of jobs there may be more than of all others.
        watch.watch(
                client.pods()
                        .inAnyNamespace()
                        .withoutField("status.phase", "Succeeded")
                        .withoutField("status.phase", "Failed"),
                "pods",
                new Items<>(facts, facts.pods, pod -> PodFacts.of(pod, shared)));
        // What Kubernetes' own controller makes of pods and services, with every pod that comes or goes, is not even
        // asked for.
        watch.watch(
                client.discovery()
                        .v1()
                        .endpointSlices()
                        .inAnyNamespace()
                        .withLabelNotIn(SliceFacts.MADE_BY, SliceFacts.OWN_CONTROLLER),
                "endpoint slices",
                new Items<>(facts, facts.slices, SliceFacts::of));
    }

    private static @Nullable Locality locality(Node node) {
        Map<String, String> labels = Labels.of(node.getMetadata());
        Locality locality = new Locality(
                labels.getOrDefault(Names.REGION, ""),
                labels.getOrDefault(Names.ZONE, ""),
                labels.getOrDefault(Names.SUBZONE, ""));
        return locality.equals(Locality.UNKNOWN) ? null : locality;
    }

    /**
     * Begins to watch. Call it once.
     *
     * @return completes when nodes have been told all that there is, however long the API server is away before; only then should they
     *     be let in, for they take what is not there for gone
     */
    public CompletionStage<Void> start() {
        return watch.start().thenCompose(known -> kinds.begin()).thenCompose(known -> publisher.begin(dependents::all));
    }

    /** How it stands at this moment. */
    public DirectoryStatus status() {
        boolean live = watch.isLive() && kinds.isLive();
        synchronized (facts) {
            return new DirectoryStatus(
                    publisher.hasTold(),
                    live,
                    facts.pods.size(),
                    facts.services.size(),
                    facts.policies.size() + facts.strictMtls.size() + facts.peerAuthentications.size(),
                    kinds.there(),
                    problems.all());
        }
    }

    /** Stops watching. Nodes keep what they have been told. */
    @Override
    public void close() {
        publisher.close();
        watch.close();
        kinds.close();
    }

    /** Settings of a directory. */
    public static final class Builder {
        private final KubernetesClient client;
        private final ResourceSink nodes;
        private final ScheduledExecutorService executor;
        private DirectorySettings settings = DirectorySettings.STANDARD;
        private Retries retries = Retries.STANDARD;
        private DirectoryObserver observer = DirectoryObserver.NONE;

        private Builder(KubernetesClient client, ResourceSink nodes, ScheduledExecutorService executor) {
            this.client = Objects.requireNonNull(client, "client");
            this.nodes = Objects.requireNonNull(nodes, "nodes");
            this.executor = Objects.requireNonNull(executor, "executor");
        }

        /** What the cluster's objects do not say themselves; {@link DirectorySettings#STANDARD} if not set. */
        public Builder settings(DirectorySettings value) {
            settings = Objects.requireNonNull(value, "settings");
            return this;
        }

        /** The waits when nodes cannot be told; {@link Retries#STANDARD} if not set. */
        public Builder retries(Retries value) {
            retries = Objects.requireNonNull(value, "retries");
            return this;
        }

        /** Who hears of what it does; nobody if not set. */
        public Builder observer(DirectoryObserver value) {
            observer = Objects.requireNonNull(value, "observer");
            return this;
        }

        /** The directory; nothing is asked before it is started. */
        public ClusterDirectory build() {
            return new ClusterDirectory(this);
        }
    }
}
