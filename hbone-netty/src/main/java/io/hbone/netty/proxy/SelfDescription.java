package io.hbone.netty.proxy;

import io.hbone.core.Baggage;
import io.hbone.core.WorkloadIdentity;
import io.hbone.core.WorkloadMetadata;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What is told of the workload whose connections a listener carries. The mesh may learn of it late and change its mind; what is
 * made of its words is kept until it does. Safe for use by any thread.
 */
final class SelfDescription {

    private final WorkloadIdentity self;
    private final Supplier<WorkloadMetadata> newest;
    private volatile @Nullable Words words;

    /** @param newest the same object for as long as nothing has changed */
    SelfDescription(WorkloadIdentity self, Supplier<WorkloadMetadata> newest) {
        this.self = self;
        this.newest = newest;
    }

    /** As of now. */
    Words now() {
        WorkloadMetadata metadata = newest.get();
        Words known = words;
        if (known == null || !known.of.equals(metadata)) {
            known = new Words(
                    metadata,
                    Metadata.proved(metadata, metadata.identity() == null ? self.spiffeId() : metadata.identity()),
                    Metadata.proved(metadata, null),
                    metadata.toBaggage());
            words = known;
        }
        return known;
    }

    /**
     * What is told.
     *
     * @param of what the rest is made of
     * @param inTunnel what is reported when TLS proves who it is
     * @param inPlain the same without its identity
     * @param baggage what peers are told
     */
    record Words(WorkloadMetadata of, WorkloadMetadata inTunnel, WorkloadMetadata inPlain, Baggage baggage) {}
}
