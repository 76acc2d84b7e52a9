package io.hbone.netty;

import io.hbone.core.IdentitySource;
import io.hbone.core.WorkloadIdentity;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.time.Duration;

/** Accepts HBONE tunnels for one local workload. Safe for use by any thread. */
public interface HboneServer extends AutoCloseable {

    /**
     * A builder of a server.
     *
     * @param self the local workload
     * @param identities where its certificates come from; asked for every connection; stays the caller's to close
     * @param acceptor decides about every stream
     */
    static HboneServerBuilder builder(WorkloadIdentity self, IdentitySource identities, StreamAcceptor acceptor) {
        return new HboneServerBuilder(self, identities, acceptor);
    }

    /** Where it listens. */
    InetSocketAddress localAddress();

    /**
     * Stops listening, tells peers to open no more streams, and lets those that are open end.
     *
     * @param deadline after which what is left is cut off
     * @return done when no tunnel is left
     */
    Future<Void> drain(Duration deadline);

    /** Stops at once. Event loops that the server made are shut down. */
    @Override
    void close();
}
