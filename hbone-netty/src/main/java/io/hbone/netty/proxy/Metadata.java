package io.hbone.netty.proxy;

import io.hbone.core.SpiffeId;
import io.hbone.core.WorkloadMetadata;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What is reported of a workload. */
final class Metadata {

    private Metadata() {}

    /** The same with the identity that TLS has proved, or with none. */
    static WorkloadMetadata proved(WorkloadMetadata metadata, @Nullable SpiffeId identity) {
        if (Objects.equals(metadata.identity(), identity)) {
            return metadata;
        }
        return new WorkloadMetadata(
                metadata.name(),
                metadata.namespace(),
                identity,
                metadata.workloadName(),
                metadata.workloadType(),
                metadata.canonicalName(),
                metadata.canonicalRevision(),
                metadata.clusterId(),
                metadata.region(),
                metadata.zone());
    }
}
