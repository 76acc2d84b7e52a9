package io.hbone.identity;

import io.hbone.core.IdentitySource;
import io.hbone.core.WorkloadIdentity;
import java.util.List;

/**
 * An {@link IdentitySource} that an operator can look into and that can be told of a workload before its first connection. The
 * sources of this module are of this kind.
 *
 * <p>All methods are safe for use by any thread and return at once.
 */
public interface ManagedIdentitySource extends IdentitySource {

    /** What it is, for operators: {@code "spire-delegated"}, for example. */
    String name();

    /**
     * Obtains the certificate of {@code workload} when nothing more urgent is to be done, so that its first connection need not
     * wait. Does nothing for a workload that is known already.
     */
    void prefetch(WorkloadIdentity workload);

    /** What is held, or tried, for each workload that is not forgotten: a copy of this moment, in no order. */
    List<IdentityStatus> identities();
}
