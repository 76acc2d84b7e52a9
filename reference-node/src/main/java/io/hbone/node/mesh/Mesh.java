package io.hbone.node.mesh;

import io.hbone.core.Authorizer;
import io.hbone.core.TrustDomain;
import io.hbone.core.WorkloadIdentity;
import io.hbone.core.WorkloadMetadata;
import io.hbone.node.config.ConfigException;
import io.hbone.node.config.LocalXds;
import io.hbone.node.config.WorkloadInfo;
import io.hbone.xds.Rejection;
import io.hbone.xds.ResourceSink;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.file.LocalFile;
import io.hbone.xds.file.LocalFileException;
import io.hbone.xds.file.LocalFileWatch;
import io.hbone.xds.model.Workload;
import io.hbone.xds.policy.LoggingAudit;
import io.hbone.xds.policy.PolicyEngine;
import io.hbone.xds.policy.PolicyStore;
import io.hbone.xds.policy.PolicySubject;
import io.hbone.xds.store.Resource;
import io.hbone.xds.store.Snapshot;
import io.hbone.xds.store.StoreChange;
import io.hbone.xds.store.StoreChange.Changed;
import io.hbone.xds.store.WorkloadStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/** What the node knows of its mesh. Safe for use by any thread. */
public final class Mesh implements AutoCloseable {
    /** How often a file is looked at: what is changed in it holds within a second. */
    private static final Duration INTERVAL = Duration.ofMillis(500);

    private final WorkloadStore store;
    private final PolicyStore policies;
    private final @Nullable LocalFileWatch watch;

    private Mesh(WorkloadStore store, PolicyStore policies, @Nullable LocalFileWatch watch) {
        this.store = store;
        this.policies = policies;
        this.watch = watch;
    }

    /**
     * Reads the local description of the mesh.
     *
     * @param trustDomain of workloads that name none
     * @throws ConfigException when it cannot be used
     */
    public static Mesh load(LocalXds source, TrustDomain trustDomain) {
        WorkloadStore store = new WorkloadStore(trustDomain, false);
        PolicyStore policies = new PolicyStore();
        ResourceSink sink = (typeUrl, upserts, removals) -> typeUrl.equals(TypeUrl.AUTHORIZATION)
                ? policies.apply(typeUrl, upserts, removals)
                : store.apply(typeUrl, upserts, removals);
        if (source instanceof LocalXds.File file) {
            String where = source.variable() + " " + file.path() + ": ";
            LocalFileWatch watch = new LocalFileWatch(file.path(), trustDomain, sink);
            try {
                watch.load();
            } catch (LocalFileException e) {
                throw new ConfigException(where + e.getMessage());
            }
            String error = watch.error();
            if (error != null) {
                throw new ConfigException(where + error);
            }
            return new Mesh(store, policies, watch);
        }
        try {
            LocalFile file = LocalFile.parse(((LocalXds.Inline) source).yaml(), trustDomain);
            List<Rejection> rejections = new ArrayList<>(sink.apply(TypeUrl.AUTHORIZATION, file.policies(), List.of()));
            rejections.addAll(sink.apply(TypeUrl.ADDRESS, file.addresses(), List.of()));
            if (!rejections.isEmpty()) {
                throw new ConfigException(source.variable() + ": " + rejections);
            }
        } catch (LocalFileException e) {
            throw new ConfigException(source.variable() + ": " + e.getMessage());
        }
        return new Mesh(store, policies, null);
    }

    /** Decides by the policies who may connect to a workload, whichever of its addresses it is connected at. */
    public Authorizer authorizer(WorkloadIdentity workload) {
        return new PolicyEngine(policies, destination -> subject(workload.uid()), new LoggingAudit(false));
    }

    private @Nullable PolicySubject subject(String uid) {
        Resource<Workload> found = snapshot().workload(uid);
        return found == null
                ? null
                : new PolicySubject(
                        found.value().namespace(),
                        found.value().name(),
                        found.value().authorizationPolicies());
    }

    /** Calls {@code listener} when connections to a workload may have to be decided about again; must return at once. */
    public void onPolicyChange(WorkloadIdentity workload, Runnable listener) {
        policies.onChange(listener);
        store.addListener(change -> {
            Changed<Workload> changed = change.workloads().get(workload.uid());
            if (changed != null && StoreChange.changesPolicies(changed)) {
                listener.run();
            }
        });
    }

    /** Follows what changes, where it can, until it is closed. */
    public void follow(ScheduledExecutorService executor) {
        if (watch != null) {
            watch.start(executor, INTERVAL);
        }
    }

    @Override
    public void close() {
        if (watch != null) {
            watch.close();
        }
    }

    /** The newest. */
    public Snapshot snapshot() {
        return store.snapshot();
    }

    /** Why what is known may be out of date; null when it is not. */
    public @Nullable String error() {
        return watch == null ? null : watch.error();
    }

    /** The identity of a workload; null when the mesh does not have it. */
    public @Nullable WorkloadIdentity identityOf(WorkloadInfo info) {
        Workload workload = find(info);
        return workload == null ? null : new WorkloadIdentity(workload.uid(), workload.identity());
    }

    /** What logs and metrics say of a workload, without its identity; unknown when the mesh does not have it. */
    public WorkloadMetadata metadataOf(WorkloadInfo info) {
        Workload workload = find(info);
        return workload == null ? WorkloadMetadata.UNKNOWN : workload.metadata(null);
    }

    private @Nullable Workload find(WorkloadInfo info) {
        Resource<Workload> found = snapshot().workload(info.namespace(), info.name(), info.serviceAccount());
        return found == null ? null : found.value();
    }

    /** What {@code config_dump} shows of the workloads. */
    public List<Object> dumpWorkloads() {
        return MeshDump.workloads(snapshot());
    }

    /** What {@code config_dump} shows of the services. */
    public List<Object> dumpServices() {
        return MeshDump.services(snapshot());
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
