package io.hbone.identity;

import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;

/**
 * Told what the sources of certificates do, for metrics and logs. Called on threads of the source; must not block. An exception
 * from here is logged and changes nothing.
 */
public interface IdentityObserver {
    /** Looks at nothing. */
    IdentityObserver NONE = new IdentityObserver() {};

    /** A certificate for {@code workload} is being asked for. */
    default void onFetch(String source, WorkloadIdentity workload) {}

    /** {@code certificate} is in use from now on; also when merely its bundles are new. */
    default void onCertificate(String source, WorkloadIdentity workload, WorkloadCertificate certificate) {}

    /** None came; what was held stays in use for as long as it is valid. */
    default void onFailure(String source, WorkloadIdentity workload, TunnelException error) {}

    /**
     * What came must not be used: it is of another identity, is not valid now, is not signed by its own trust domain, or cannot
     * be read. What was held stays in use for as long as it is valid.
     */
    default void onRefusal(String source, WorkloadIdentity workload, TunnelException error) {}

    /** The authority took the certificate back; nothing is held for {@code workload} any more. */
    default void onWithdrawal(String source, WorkloadIdentity workload, TunnelException error) {}

    /** What was held is out of date and was not replaced in time; nothing is held for {@code workload} any more. */
    default void onExpiry(String source, WorkloadIdentity workload, WorkloadCertificate expired) {}

    /** A certificate came for {@code workload} when it was gone already, and was dropped. */
    default void onDiscard(String source, WorkloadIdentity workload) {}

    /** What all workloads of the source share failed: the stream of trust bundles, for example. */
    default void onSourceFailure(String source, TunnelException error) {}
}
