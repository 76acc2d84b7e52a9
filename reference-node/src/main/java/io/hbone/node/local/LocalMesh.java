package io.hbone.node.local;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.core.WorkloadIdentity;
import io.hbone.core.WorkloadMetadata;
import io.hbone.node.config.ConfigException;
import io.hbone.node.config.LocalXds;
import io.hbone.node.config.WorkloadInfo;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the local file says: an immutable snapshot of all workloads and services. */
public final class LocalMesh {
    private final List<LocalWorkload> workloads;
    private final List<LocalService> services;

    LocalMesh(List<LocalWorkload> workloads, List<LocalService> services) {
        this.workloads = List.copyOf(workloads);
        this.services = List.copyOf(services);
    }

    /**
     * Reads the file.
     *
     * @param trustDomain of workloads that name none
     * @param tunnelPort where workloads serve HBONE that do not say it
     * @throws ConfigException when it cannot be read, breaks the format, or asks for what this router cannot do
     */
    public static LocalMesh load(LocalXds source, TrustDomain trustDomain, int tunnelPort) {
        String where;
        String yaml;
        if (source instanceof LocalXds.File file) {
            where = source.variable() + " " + file.path();
            try {
                yaml = Files.readString(file.path());
            } catch (NoSuchFileException e) {
                throw new ConfigException(where + ": no such file");
            } catch (CharacterCodingException e) {
                throw new ConfigException(where + ": not UTF-8");
            } catch (IOException e) {
                throw new ConfigException(where + ": cannot be read: " + e, e);
            }
        } else {
            where = source.variable();
            yaml = ((LocalXds.Inline) source).yaml();
        }
        try {
            return new LocalFileReader(trustDomain, tunnelPort).read(yaml);
        } catch (ConfigException e) {
            throw new ConfigException(where + ": " + e.getMessage());
        }
    }

    /** The identity of a workload; null when the file does not have it. */
    public @Nullable WorkloadIdentity identityOf(WorkloadInfo info) {
        LocalWorkload workload = find(info);
        return workload == null ? null : new WorkloadIdentity(workload.uid(), workload.identity());
    }

    /** What logs and metrics say of a workload, without its identity; unknown when the file does not have it. */
    public WorkloadMetadata metadataOf(WorkloadInfo info) {
        LocalWorkload workload = find(info);
        return workload == null ? WorkloadMetadata.UNKNOWN : workload.unproven();
    }

    @Nullable LocalWorkload find(WorkloadInfo info) {
        for (LocalWorkload workload : workloads) {
            if (workload.is(info.namespace(), info.name(), info.serviceAccount())) {
                return workload;
            }
        }
        return null;
    }

    List<LocalWorkload> workloads() {
        return workloads;
    }

    List<LocalService> services() {
        return services;
    }

    /** What {@code config_dump} shows of the workloads. */
    public List<Object> dumpWorkloads() {
        return MeshDump.workloads(workloads);
    }

    /** What {@code config_dump} shows of the services. */
    public List<Object> dumpServices() {
        return MeshDump.services(services, workloads);
    }

    /** Counts, for the log. */
    @Override
    public String toString() {
        return workloads.size() + " workloads, " + services.size() + " services";
    }

    static WorkloadMetadata metadata(WorkloadMetadata like, @Nullable SpiffeId identity) {
        return new WorkloadMetadata(
                like.name(),
                like.namespace(),
                identity,
                like.workloadName(),
                like.workloadType(),
                like.canonicalName(),
                like.canonicalRevision(),
                like.clusterId(),
                like.region(),
                like.zone());
    }
}
