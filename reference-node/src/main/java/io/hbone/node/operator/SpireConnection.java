package io.hbone.node.operator;

import io.grpc.ManagedChannel;
import io.hbone.core.WorkloadIdentity;
import io.hbone.enrollment.operator.SpireSocket;
import io.hbone.identity.IdentityObserver;
import io.hbone.identity.ManagedIdentitySource;
import io.hbone.identity.SourceContext;
import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.spire.SpireServerChannel;
import io.hbone.identity.spire.WorkloadApiSource;
import io.hbone.node.identity.IdentitySources;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/** A SPIRE server to which the operator may talk: by its socket, or over TCP with a certificate of the operator's own. */
public final class SpireConnection implements AutoCloseable {
    private final ManagedChannel channel;
    private final @Nullable ManagedIdentitySource own;
    private final @Nullable ScheduledExecutorService executor;

    private SpireConnection(
            ManagedChannel channel, @Nullable ManagedIdentitySource own, @Nullable ScheduledExecutorService executor) {
        this.channel = channel;
        this.own = own;
        this.executor = executor;
    }

    /**
     * By the server's own socket, which is on its machine.
     *
     * @param socket its {@code socket_path}
     */
    public static SpireConnection bySocket(UnixEndpoint socket) {
        return new SpireConnection(SpireSocket.connect(socket.path()), null, null);
    }

    /**
     * Over TCP, with mutual TLS.
     *
     * @param host the server's
     * @param port the server's
     * @param workloadApi of the agent that tells this process who it is
     * @param patience how long to wait for that; an agent may not know this process yet
     * @throws IOException when the agent does not say in time
     */
    public static SpireConnection byIdentity(String host, int port, UnixEndpoint workloadApi, Duration patience)
            throws IOException {
        ScheduledExecutorService executor = IdentitySources.newExecutor();
        SourceContext context = SourceContext.of(executor, IdentityObserver.NONE);
        ManagedIdentitySource own = WorkloadApiSource.of(workloadApi, patience, context);
        try {
            WorkloadIdentity self = WorkloadApiSource.whoAmI(workloadApi, "operator", patience, context)
                    .toCompletableFuture()
                    .join();
            own.certificate(self).toCompletableFuture().join();
            return new SpireConnection(
                    SpireServerChannel.connect(host, port, own, self, context.clock()), own, executor);
        } catch (CompletionException e) {
            own.close();
            executor.shutdown();
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException(cause.getMessage(), cause);
        }
    }

    /** Good until this is closed. */
    public ManagedChannel channel() {
        return channel;
    }

    @Override
    public void close() {
        channel.shutdownNow();
        if (own != null) {
            own.close();
        }
        if (executor != null) {
            executor.shutdown();
        }
    }
}
