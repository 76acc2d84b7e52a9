package io.hbone.enrollment.operator;

import io.hbone.core.TrustDomain;
import io.hbone.enrollment.Retries;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What an operator is told.
 *
 * @param trustDomain of the SPIRE server
 * @param parent path of the identity that may hand the others out; that of the nodes' delegate
 * @param owner whose entries they are, see {@link EntryTemplate}; null is the cluster
 * @param ttl of SVIDs; zero is the server's default
 * @param resync after about how long the server's entries are listed again
 * @param batch how many entries one call has at most
 * @param timeout of one call to the server
 * @param retries after failures
 * @param lease which object of the API server says who leads
 */
record OperatorSettings(
        TrustDomain trustDomain,
        String parent,
        @Nullable String owner,
        Duration ttl,
        Duration resync,
        int batch,
        Duration timeout,
        Retries retries,
        LeaseSettings lease) {}
