package io.hbone.node.mesh;

import io.hbone.core.TrustDomain;
import io.hbone.core.WorkloadIdentity;
import io.hbone.core.WorkloadMetadata;
import io.hbone.node.config.ConfigException;
import io.hbone.node.config.LocalXds;
import io.hbone.node.config.WorkloadInfo;
import io.hbone.xds.NamedResource;
import io.hbone.xds.Rejection;
import io.hbone.xds.ResourceSink;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.file.LocalFile;
import io.hbone.xds.file.LocalFileException;
import io.hbone.xds.file.LocalFileWatch;
import io.hbone.xds.model.Workload;
import io.hbone.xds.store.Resource;
import io.hbone.xds.store.Snapshot;
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
    private final @Nullable LocalFileWatch watch;

    private Mesh(WorkloadStore store, @Nullable LocalFileWatch watch) {
        this.store = store;
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
        ResourceSink sink = refusingPolicies(store);
        if (source instanceof LocalXds.File file) {
            LocalFileWatch watch = new LocalFileWatch(file.path(), trustDomain, sink);
            try {
                requireNoPolicies(watch.load());
            } catch (LocalFileException e) {
                throw new ConfigException(source.variable() + " " + file.path() + ": " + e.getMessage());
            }
            String error = watch.error();
            if (error != null) {
                throw new ConfigException(source.variable() + " " + file.path() + ": " + error);
            }
            return new Mesh(store, watch);
        }
        try {
            LocalFile file = LocalFile.parse(((LocalXds.Inline) source).yaml(), trustDomain);
            requireNoPolicies(file);
            sink.apply(TypeUrl.ADDRESS, file.addresses(), List.of());
        } catch (LocalFileException e) {
            throw new ConfigException(source.variable() + ": " + e.getMessage());
        }
        return new Mesh(store, null);
    }

    /** To start and not to enforce them would let in whom they keep out. */
    private static void requireNoPolicies(LocalFile file) {
        if (!file.policies().isEmpty()) {
            throw new LocalFileException("policies: " + file.policies().get(0).name()
                    + " (expected: no policies, as authorization policies are yet to come and must not be ignored)");
        }
    }

    private static ResourceSink refusingPolicies(WorkloadStore store) {
        return (typeUrl, upserts, removals) -> {
            if (!typeUrl.equals(TypeUrl.AUTHORIZATION)) {
                return store.apply(typeUrl, upserts, removals);
            }
            List<Rejection> rejections = new ArrayList<>();
            for (NamedResource policy : upserts) {
                rejections.add(new Rejection(policy.name(), "authorization policies are yet to come"));
            }
            return rejections;
        };
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
