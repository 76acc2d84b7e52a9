package io.hbone.core;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Where certificates come from. A source answers for a workload, streams replacements, and never hands out a certificate that
 * is not valid at that moment.
 *
 * <p>All methods are safe for use by any thread and return at once. Stages complete, and listeners are called, on a thread of
 * the source: whoever must not be disturbed there hops to a thread of its own.
 */
public interface IdentitySource extends AutoCloseable {

    /**
     * The certificate to use for {@code workload} now. Concurrent requests for one workload share one fetch.
     *
     * @return completes with a certificate that is valid now, or exceptionally with a {@link TunnelException} of {@link
     *     TunnelError#CERTIFICATE_UNAVAILABLE}
     */
    CompletionStage<WorkloadCertificate> certificate(WorkloadIdentity workload);

    /**
     * The certificate at hand, without asking anybody: a read without locks, for the path of a connection.
     *
     * @return null when none is at hand or the one at hand is not valid now
     */
    @Nullable WorkloadCertificate current(WorkloadIdentity workload);

    /**
     * Calls {@code listener} with each replacement of the certificate of {@code workload}, until the subscription is closed.
     * The certificate at hand when the subscription starts is not reported.
     */
    Subscription subscribe(WorkloadIdentity workload, Listener listener);

    /** The workload is gone: what is held for it is dropped and fetched for no longer. */
    void forget(WorkloadIdentity workload);

    /** Stops fetching and releases what is held. */
    @Override
    void close();

    /** Told about the certificates of one workload. Must not block. */
    interface Listener {
        /** The certificate was replaced; new connections use {@code replacement} from now on. */
        void onRotated(WorkloadCertificate replacement);

        /** A refresh failed; what was held stays in use for as long as it is valid. */
        default void onError(TunnelException error) {}
    }

    /** A running subscription. */
    interface Subscription extends AutoCloseable {
        /** Ends it; harmless when repeated. A call that is already under way may still arrive. */
        @Override
        void close();
    }
}
