package io.hbone.node.mesh;

import io.hbone.core.TrustDomain;
import io.hbone.core.WorkloadIdentity;
import io.hbone.node.config.ConfigException;
import io.hbone.node.config.LocalXds;
import io.hbone.node.config.WorkloadInfo;
import io.hbone.node.config.XdsServer;
import io.hbone.node.explain.Explainer;
import io.hbone.xds.NamedResource;
import io.hbone.xds.Rejection;
import io.hbone.xds.ResourceSink;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.ads.AdsObserver;
import io.hbone.xds.model.Workload;
import io.hbone.xds.policy.Policy;
import io.hbone.xds.policy.PolicyAudit;
import io.hbone.xds.policy.PolicyEngine;
import io.hbone.xds.policy.PolicyStore;
import io.hbone.xds.policy.PolicySubject;
import io.hbone.xds.routing.HostnameResolver;
import io.hbone.xds.routing.OnDemand;
import io.hbone.xds.routing.RoutingSettings;
import io.hbone.xds.store.Resource;
import io.hbone.xds.store.Snapshot;
import io.hbone.xds.store.StoreChange;
import io.hbone.xds.store.StoreChange.Changed;
import io.hbone.xds.store.StoreListener;
import io.hbone.xds.store.WorkloadStore;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the node knows of its mesh, from a local description, from an xDS server, or from both: they feed the same store. Safe for
 * use by any thread.
 */
public final class Mesh implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Mesh.class);

    /** How often it is said that a server is waited for. */
    private static final Duration REMINDER = Duration.ofSeconds(10);

    private final WorkloadStore store;
    private final PolicyStore policies = new PolicyStore();
    private @Nullable LocalDescription local;
    private volatile @Nullable XdsLink xds;

    private Mesh(TrustDomain trustDomain) {
        store = new WorkloadStore(trustDomain, false);
    }

    /**
     * Reads the local description of the mesh.
     *
     * @param source null for none
     * @param trustDomain of workloads that name none
     * @throws ConfigException when it cannot be used
     */
    public static Mesh load(@Nullable LocalXds source, TrustDomain trustDomain) {
        Mesh mesh = new Mesh(trustDomain);
        if (source != null) {
            mesh.local = new LocalDescription(source, trustDomain, mesh::apply);
        }
        return mesh;
    }

    private List<Rejection> apply(String typeUrl, List<NamedResource> upserts, List<String> removals) {
        ResourceSink sink = typeUrl.equals(TypeUrl.AUTHORIZATION) ? policies : store;
        return sink.apply(typeUrl, upserts, removals);
    }

    private boolean isLocal(String typeUrl, String name) {
        return local != null && local.has(typeUrl, name);
    }

    /**
     * Learns from a server, too, until {@link #close}. At most once.
     *
     * @param mark the packet mark of the connections to it, null for none
     */
    public void connect(XdsServer server, String clusterId, @Nullable Integer mark, AdsObserver observer) {
        xds = XdsLink.open(server, clusterId, mark, this::apply, observer);
    }

    /**
     * Waits until a server, if there is one, has told everything that is known, and the node's own workload is among it. The wait
     * for the server has no end, as it may come at any time; after that the workload has to come soon.
     *
     * @param network the node's own
     * @param patience how long the workload may take to be told of, after all others
     * @param stop ends the wait when it is done
     * @return what the workload is called, and who it is
     * @throws ConfigException when the mesh does not have the workload
     * @throws CancellationException when it was stopped
     */
    public WorkloadIdentity await(WorkloadInfo info, String network, Duration patience, CompletionStage<?> stop) {
        XdsLink link = xds;
        if (link == null) {
            WorkloadIdentity self = identityOf(info);
            if (self == null) {
                String where = local == null ? "the mesh" : local.variable();
                throw ConfigException.of("PROXY_WORKLOAD_INFO", info.toString(), "a workload of " + where);
            }
            return self;
        }
        await(stop);
        CompletableFuture<WorkloadIdentity> arrived = new CompletableFuture<>();
        StoreListener listener = change -> {
            WorkloadIdentity self = identityOf(info);
            if (self != null) {
                arrived.complete(self);
            }
        };
        store.addListener(listener);
        try {
            WorkloadIdentity self = identityOf(info);
            if (self != null) {
                return self;
            }
            link.lookUpSelf(network);
            if (!within(patience, arrived, stop)) {
                throw ConfigException.of(
                        "PROXY_WORKLOAD_INFO",
                        info.toString(),
                        "a workload that xDS server " + link.server() + " knows, which has told of "
                                + snapshot().workloadCount() + " and not of this one within " + patience.toSeconds()
                                + "s");
            }
            return arrived.join();
        } finally {
            store.removeListener(listener);
        }
    }

    /**
     * Waits until a server, if there is one, has told everything that is known, however long that takes.
     *
     * @param stop ends the wait when it is done
     * @throws CancellationException when it was stopped
     */
    public void await(CompletionStage<?> stop) {
        XdsLink link = xds;
        while (link != null && !within(REMINDER, link.ready(), stop)) {
            LOG.warn("waiting for xDS server {}: {}", link.server(), link.trouble());
        }
    }

    /** Whether {@code awaited} got done. */
    private static boolean within(Duration time, CompletableFuture<?> awaited, CompletionStage<?> stop) {
        CompletableFuture<?> stopped = stop.toCompletableFuture();
        try {
            CompletableFuture.anyOf(awaited, stopped).get(time.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new CancellationException("stopped before the mesh was known: " + e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted before the mesh was known");
        }
        if (!awaited.isDone()) {
            throw new CancellationException("stopped before the mesh was known");
        }
        return true;
    }

    /** Tries at once to reach the server, if there is one and it is away. */
    public void retryNow() {
        XdsLink link = xds;
        if (link != null) {
            link.retryNow();
        }
    }

    /** What gets what is not there, where not everything is told unasked. */
    public OnDemand onDemand() {
        XdsLink link = xds;
        return link == null ? OnDemand.NEVER : link.onDemand();
    }

    /** Explains by what is known now, and asks nobody. @param resolver for workloads that have only a name */
    public Explainer explainer(RoutingSettings routing, HostnameResolver resolver) {
        return new Explainer(this::snapshot, policies, routing, resolver);
    }

    /**
     * Decides by the policies who may connect to a workload, whichever of its addresses it is connected at.
     *
     * @param workload what the mesh has of it now; null for nothing, and then nobody may
     * @param audit told of decisions
     */
    public PolicyEngine authorizer(Supplier<@Nullable Workload> workload, PolicyAudit audit) {
        return new PolicyEngine(policies, destination -> subject(workload.get()), audit);
    }

    private static @Nullable PolicySubject subject(@Nullable Workload workload) {
        return workload == null
                ? null
                : new PolicySubject(workload.namespace(), workload.name(), workload.authorizationPolicies());
    }

    /**
     * Calls {@code listener} when connections to a workload may have to be decided about again; it must return at once.
     *
     * @param uid of the workload in the mesh now; null when it is not there
     * @return ends it
     */
    public Runnable onPolicyChange(Supplier<@Nullable String> uid, Runnable listener) {
        Runnable policiesOnly = policies.onChange(listener);
        Runnable workloadsOnly = onChange(change -> {
            String now = uid.get();
            Changed<Workload> changed = now == null ? null : change.workloads().get(now);
            if (changed != null && StoreChange.changesPolicies(changed)) {
                listener.run();
            }
        });
        return () -> {
            policiesOnly.run();
            workloadsOnly.run();
        };
    }

    /** Tells {@code listener} of workloads and services that have changed. @return ends it */
    public Runnable onChange(StoreListener listener) {
        store.addListener(listener);
        return () -> store.removeListener(listener);
    }

    /** Follows what changes, where it can, until it is closed. */
    public void follow(ScheduledExecutorService executor) {
        if (local != null) {
            local.follow(executor);
        }
    }

    @Override
    public void close() {
        if (local != null) {
            local.close();
        }
        if (xds != null) {
            xds.close();
        }
    }

    /** The newest. */
    public Snapshot snapshot() {
        return store.snapshot();
    }

    /** Why what is known may be out of date; null when it is not. */
    public @Nullable String error() {
        return local == null ? null : local.error();
    }

    /** The identity of a workload; null when the mesh does not have it. */
    public @Nullable WorkloadIdentity identityOf(WorkloadInfo info) {
        Workload workload = find(info);
        return workload == null ? null : new WorkloadIdentity(workload.uid(), workload.identity());
    }

    private @Nullable Workload find(WorkloadInfo info) {
        Resource<Workload> found = snapshot().workload(info.namespace(), info.name(), info.serviceAccount());
        return found == null ? null : found.value();
    }

    /**
     * What the mesh has of a workload: what bears its uid, if that is of the same service account; else, as some control planes
     * have uids of their own, what bears its name. Never by address, which may be another's by now.
     */
    public @Nullable Workload find(String uid, WorkloadInfo info) {
        Resource<Workload> found = snapshot().workload(uid);
        if (found != null
                && found.value().namespace().equals(info.namespace())
                && found.value().serviceAccount().equals(info.serviceAccount())) {
            return found.value();
        }
        return find(info);
    }

    /** What {@code config_dump} shows of the workloads. */
    public List<Object> dumpWorkloads() {
        return MeshDump.workloads(snapshot(), name -> true);
    }

    /** What {@code config_dump} shows of the services. */
    public List<Object> dumpServices() {
        return MeshDump.services(snapshot(), name -> true);
    }

    /** What {@code config_dump} shows of the policies. */
    public List<Object> dumpPolicies() {
        return PolicyDump.policies(policies.current().all());
    }

    /** What {@code config_dump} shows of what came from the local description. */
    public Map<String, Object> dumpLocal() {
        Snapshot snapshot = snapshot();
        Map<String, Policy> held = new HashMap<>(policies.current().all());
        held.keySet().removeIf(name -> !isLocal(TypeUrl.AUTHORIZATION, name));
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("workloads", MeshDump.workloads(snapshot, name -> isLocal(TypeUrl.ADDRESS, name)));
        out.put("policies", PolicyDump.policies(held));
        out.put("services", MeshDump.services(snapshot, name -> isLocal(TypeUrl.ADDRESS, name)));
        return out;
    }

    /** What {@code config_dump} shows of the xDS server; null when there is none. */
    public @Nullable Map<String, Object> dumpXds() {
        XdsLink link = xds;
        return link == null ? null : link.dump();
    }

    /** What {@code config_dump} shows of endpoints whose services are not known. */
    public Map<String, Object> dumpStaged() {
        return MeshDump.staged(snapshot());
    }

    /** Counts, for the log. */
    @Override
    public String toString() {
        return snapshot().toString();
    }
}
