package io.hbone.zds;

import io.hbone.zds.internal.PeerProcess;
import io.hbone.zds.internal.SeqpacketSocket;
import io.hbone.zds.internal.UnixException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agent's end of ZDS (spec/cilium.md 2): keeps what the agent wants of each workload of the machine, and sees to it that the
 * connected node comes to it. Each connection begins with a snapshot, and goes on with the changes.
 *
 * <p>No method waits for the node, and none needs one to be connected. What a node refuses for one workload is tried again for that
 * workload, with pauses that double; neither the connection nor another workload feels it. A node that does not answer in time
 * loses its connection. Safe for use by any thread.
 */
public final class ZdsServer implements AutoCloseable {
    private static final Logger logger = LoggerFactory.getLogger(ZdsServer.class);
    private static final long PAUSE_WITHOUT_DESCRIPTORS_NANOS =
            Duration.ofMillis(200).toNanos();

    private final Path path;
    private final SocketFile socket;
    private final Loop loop;
    private final Enrolments enrolments;
    private final NodeSessions sessions;
    private volatile boolean closed;

    private ZdsServer(Builder builder) throws IOException {
        path = builder.socket;
        socket = SocketFile.listen(path);
        loop = builder.executor == null ? Loop.start("zds-server") : new Loop(builder.executor);
        enrolments = new Enrolments(loop, builder.listener, builder.firstRetry, builder.longestRetry);
        sessions = new NodeSessions(loop, builder.answerWithin, enrolments, builder.listener);
    }

    /**
     * Begins a server.
     *
     * @param socket where to listen, see {@link ZdsSockets}. Its directory is made if it is missing (mode 0755), the file has mode
     *     0600, and what a process that has ended left there is removed
     */
    public static Builder builder(Path socket) {
        return new Builder(socket);
    }

    /**
     * Wants a workload to be served. Wanting it again as it is changes nothing; wanting it otherwise, in another namespace for
     * example, replaces it.
     *
     * @param namespace is taken over: the server closes it
     * @return completes when a node serves it for the first time, however long that takes and however often it fails before; with a
     *     {@link java.util.concurrent.CancellationException} when it is withdrawn or replaced before, or the server is closed.
     *     Completes on the server's loop: who does more than a little goes elsewhere
     */
    public CompletionStage<Void> enroll(ZdsWorkload workload, NetworkNamespace namespace) {
        Objects.requireNonNull(workload, "workload");
        Objects.requireNonNull(namespace, "namespace");
        return onLoop(() -> enrolments.enroll(workload, namespace), namespace::close);
    }

    /**
     * Wants a workload not to be served any more.
     *
     * @param uid also one that was never enrolled
     * @return completes when the node has confirmed it, or no node is connected, for the next one is not told of it; with a {@link
     *     java.util.concurrent.CancellationException} when the workload is enrolled again before, or the server is closed
     */
    public CompletionStage<Void> withdraw(String uid) {
        Objects.requireNonNull(uid, "uid");
        return onLoop(
                () -> {
                    CompletableFuture<Void> withdrawn = enrolments.withdraw(uid);
                    sessions.deleted(uid);
                    return withdrawn;
                },
                () -> {});
    }

    /**
     * Says that all workloads that were there before the agent started are enrolled. A node gets no snapshot before: it would drop
     * the ones that are missing.
     */
    public void seeded() {
        onLoop(
                () -> {
                    enrolments.seeded();
                    return CompletableFuture.completedFuture(null);
                },
                () -> {});
    }

    /** Every workload that is wanted or still to go, in no order. */
    public List<WorkloadStatus> workloads() {
        return enrolments.statuses();
    }

    /** Stops listening, ends the connections, removes the socket's file. The node goes on serving what it has. Again is fine. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            socket.close();
        } catch (IOException e) {
            logger.warn("the socket {} could not be removed: {}", path, e.getMessage());
        }
        onLoop(
                () -> {
                    sessions.close();
                    enrolments.close();
                    loop.end();
                    return CompletableFuture.completedFuture(null);
                },
                () -> {});
    }

    private CompletableFuture<Void> onLoop(Supplier<CompletableFuture<Void>> work, Runnable otherwise) {
        CompletableFuture<Void> result = new CompletableFuture<>();
        try {
            loop.execute(() -> work.get().whenComplete((done, failure) -> {
                if (failure == null) {
                    result.complete(null);
                } else {
                    result.completeExceptionally(failure);
                }
            }));
        } catch (RejectedExecutionException e) {
            otherwise.run();
            result.cancel(false);
        }
        return result;
    }

    private void accept() {
        while (!closed) {
            try {
                admit(socket.listener().accept());
            } catch (UnixException e) {
                if (!closed) {
                    logger.warn("no node can connect for the moment: {}", e.getMessage());
                    LockSupport.parkNanos(PAUSE_WITHOUT_DESCRIPTORS_NANOS); // it would fail again at once
                }
            } catch (IOException e) {
                logger.warn("a node could not connect: {}", e.getMessage());
            }
        }
    }

    private void admit(SeqpacketSocket accepted) throws IOException {
        try {
            PeerProcess peer = accepted.peer();
            if (Trust.isTrusted(peer)) {
                loop.execute(() -> sessions.accepted(accepted, peer));
                return;
            }
            logger.warn("{}: {}", path, Trust.refusal(peer));
        } catch (RejectedExecutionException e) {
            logger.debug("a node came while closing");
        } catch (IOException e) {
            accepted.close();
            throw e;
        }
        accepted.close();
    }

    /** Hears of what happens, for metrics and for who waits. Called on the server's loop; must not block. */
    public interface Listener {
        /** A workload stands otherwise than before. Not called when it has gone. */
        default void workloadChanged(WorkloadStatus status) {}

        /** @param connected how many nodes are; two during an upgrade */
        default void nodesChanged(int connected) {}
    }

    /** Settings of a server. */
    public static final class Builder {
        private final Path socket;
        private Listener listener = new Listener() {};
        private Duration answerWithin = Duration.ofSeconds(10);
        private Duration firstRetry = Duration.ofSeconds(1);
        private Duration longestRetry = Duration.ofSeconds(30);
        private @Nullable ScheduledExecutorService executor;

        private Builder(Path socket) {
            this.socket = Objects.requireNonNull(socket, "socket");
        }

        /** Who hears of what happens; nobody if not set. */
        public Builder listener(Listener listener) {
            this.listener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /** How long a node may take for its hello, and to answer a message. 10 seconds if not set. */
        public Builder answerWithin(Duration limit) {
            this.answerWithin = Durations.positive(limit, "answerWithin");
            return this;
        }

        /** The pauses before a workload is tried again: they double from the first to the longest. 1 and 30 seconds if not set. */
        public Builder retries(Duration first, Duration longest) {
            this.firstRetry = Durations.positive(first, "first");
            this.longestRetry = Durations.positive(longest, "longest");
            return this;
        }

        /** Where the state lives and by what time goes; does one task at a time. */
        Builder executor(ScheduledExecutorService loop) {
            this.executor = loop;
            return this;
        }

        /**
         * Listens.
         *
         * @throws IOException when it cannot: another agent listens there, something else is in the way, or permissions are missing
         */
        public ZdsServer start() throws IOException {
            ZdsServer server = new ZdsServer(this);
            Thread thread = new Thread(server::accept, "zds-accept");
            thread.setDaemon(true);
            thread.start();
            return server;
        }
    }
}
