package io.hbone.node.identity;

import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.IdentityObserver;
import io.hbone.identity.ManagedIdentitySource;
import io.hbone.identity.SourceContext;
import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.spire.WorkloadApiSource;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Asks a Workload API once, as an application would: whoever runs the command is who it answers for. */
final class WorkloadApiQuery {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** java-spiffe's, which writes each failure with its stack to standard error; the exception says it in a line. */
    private static final Logger CLIENT_LOG = Logger.getLogger("io.spiffe");

    private WorkloadApiQuery() {}

    /**
     * What it answers, as {@link HeldIdentities} shows it.
     *
     * @throws IOException when there is no answer, or no identity
     * @throws IllegalArgumentException when {@code socket} is none
     */
    static List<Map<String, Object>> identities(String socket) throws IOException {
        UnixEndpoint endpoint = UnixEndpoint.parse(socket);
        CLIENT_LOG.setLevel(Level.OFF);
        ScheduledExecutorService executor = IdentitySources.newExecutor();
        SourceContext context = SourceContext.of(executor, IdentityObserver.NONE);
        try (ManagedIdentitySource source = WorkloadApiSource.of(endpoint, PATIENCE, context)) {
            WorkloadIdentity self = WorkloadApiSource.whoAmI(endpoint, "self", PATIENCE, context)
                    .toCompletableFuture()
                    .join();
            source.certificate(self).toCompletableFuture().join();
            return HeldIdentities.dump(source.identities(), context.clock().instant());
        } catch (CompletionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException(cause.getMessage(), cause);
        } finally {
            executor.shutdownNow();
        }
    }
}
