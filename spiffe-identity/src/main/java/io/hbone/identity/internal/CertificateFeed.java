package io.hbone.identity.internal;

import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How certificates get into a {@link HeldCertificates}: by asking again and again, or by a stream. A feed lives on the actor that
 * it is created with: all methods here are called there, and it calls its sinks there.
 */
public interface CertificateFeed extends AutoCloseable {

    /** What it is, for operators. */
    String name();

    /** Begins to obtain certificates for {@code workload}, until the result is closed. */
    Supply open(WorkloadIdentity workload, FetchPriority priority, Sink sink);

    /** Ends everything; sinks are called no more. */
    @Override
    void close();

    /** What is under way for one workload. */
    interface Supply extends AutoCloseable {
        /**
         * Somebody needs a certificate and there is none.
         *
         * @return whether the sink will hear of a certificate or a failure soon; false: the last failure is the answer
         */
        boolean request(FetchPriority priority);

        /** When it will ask again; null when certificates are pushed. Called on any thread. */
        default @Nullable Instant nextRefresh() {
            return null;
        }

        /** The workload is gone; harmless when repeated. */
        @Override
        void close();
    }

    /** Takes what comes for one workload. */
    interface Sink {
        /** What is in use now; null when nothing valid is. */
        @Nullable WorkloadCertificate current();

        /**
         * Puts {@code certificate} into use, if it may be.
         *
         * @return why it may not be; null when it is in use
         */
        @Nullable TunnelException offer(WorkloadCertificate certificate);

        /** No certificate came. */
        void failed(TunnelException error);

        /** What came cannot be used. */
        void refused(TunnelException error);

        /** The authority took the certificate back: what is held is dropped. */
        void withdrawn(TunnelException error);
    }
}
