package io.hbone.zds;

import io.hbone.zds.internal.PeerProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's end of ZDS (spec/ztunnel.md 8.3): keeps a connection to the agent of its machine, and has a {@link WorkloadHandler}
 * serve the workloads that the agent hands over.
 *
 * <p>A workload that cannot be started is answered with an error and tried again on its own; neither that nor a request that breaks
 * the protocol ends the connection or the process. When the agent goes away, what runs goes on; its next snapshot settles what has
 * changed meanwhile. Safe for use by any thread.
 */
public final class ZdsClient implements AutoCloseable {
    private static final Logger logger = LoggerFactory.getLogger(ZdsClient.class);
    private static final Duration FIRST_RECONNECT = Duration.ofMillis(10);

    /** To an agent that hangs up again and again. */
    private static final Duration LONGEST_RECONNECT = Duration.ofSeconds(15);

    /** To one that is away: it is looked for in the file system of this machine, and pods wait for it. */
    private static final Duration LONGEST_LOOK = Duration.ofSeconds(1);

    private final Path socket;
    private final Loop loop;
    private final NodeWorkloads workloads;
    private final Backoff reconnects = new Backoff(FIRST_RECONNECT, LONGEST_RECONNECT);
    private final Backoff looks = new Backoff(FIRST_RECONNECT, LONGEST_LOOK);
    private @Nullable AgentConnection connection;
    private @Nullable Future<?> reconnect;
    private boolean closed;
    private boolean unreachable;

    private ZdsClient(Builder builder) {
        socket = builder.socket;
        loop = builder.executor == null ? Loop.start("zds-client") : new Loop(builder.executor);
        workloads = new NodeWorkloads(builder.handler, loop, builder.answerWithin, builder.retryAfter);
    }

    /**
     * Begins a client.
     *
     * @param socket where the agent listens, see {@link ZdsSockets}
     */
    public static Builder builder(Path socket, WorkloadHandler handler) {
        return new Builder(socket, handler);
    }

    /** Whether all of the agent's workloads are served; see {@link WorkloadHandler#readinessChanged}. */
    public boolean isReady() {
        return workloads.ready();
    }

    /** The workloads that the agent has handed over, in no order. */
    public List<WorkloadStatus> workloads() {
        return workloads.statuses();
    }

    /**
     * Takes no more requests. Workloads that are served stay so: their end is the handler's to bring about, after this
     * (spec/ztunnel.md 13). Waits for nothing; again is fine.
     */
    @Override
    public void close() {
        try {
            loop.execute(() -> {
                closed = true;
                if (connection != null) {
                    connection.close();
                }
                if (reconnect != null) {
                    reconnect.cancel(false);
                }
                workloads.end();
                loop.end();
            });
        } catch (RejectedExecutionException e) {
            // Closed already.
        }
    }

    private void connect() {
        if (!closed) {
            connection = new AgentConnection(socket, loop, new ConnectionEvents());
            connection.start();
        }
    }

    private final class ConnectionEvents implements AgentConnection.Events {
        private boolean connected;
        private boolean used;

        @Override
        public void connected(AgentConnection source, PeerProcess peer) {
            connected = true;
            unreachable = false;
            looks.reset();
            logger.info("connected to the agent at {}: {}", socket, peer);
            workloads.connected();
        }

        @Override
        public CompletableFuture<Void> requested(ZdsRequest request) {
            if (!used) {
                used = true;
                reconnects.reset();
            }
            CompletableFuture<Void> answer = workloads.handle(request);
            if (answer.isCompletedExceptionally()) {
                // What cannot be served is told where it fails; this is what should not have been asked.
                answer.whenComplete((done, failure) -> {
                    if (failure instanceof ZdsException why) {
                        refused(why);
                    }
                });
            }
            return answer;
        }

        @Override
        public void refused(ZdsException why) {
            logger.warn("refused a request of the agent at {}: {}", socket, why.getMessage());
        }

        @Override
        public void ended(AgentConnection source, String why) {
            if (closed) {
                return;
            }
            connection = null;
            Duration pause = (connected ? reconnects : looks).next();
            if (connected) {
                workloads.disconnected();
                logger.warn(
                        "lost the agent at {}, what is served goes on; connecting again in {}: {}", socket, pause, why);
            } else if (!unreachable) {
                unreachable = true; // said once, not at every attempt
                logger.warn("cannot reach the agent at {}, trying on: {}", socket, why);
            }
            reconnect = loop.after(pause, ZdsClient.this::connect);
        }
    }

    /** Settings of a client; each has the original's value if not set. */
    public static final class Builder {
        private final Path socket;
        private final WorkloadHandler handler;
        private Duration answerWithin = Duration.ofSeconds(4);
        private Duration retryAfter = Duration.ofSeconds(5);
        private @Nullable ScheduledExecutorService executor;

        private Builder(Path socket, WorkloadHandler handler) {
            this.socket = Objects.requireNonNull(socket, "socket");
            this.handler = Objects.requireNonNull(handler, "handler");
        }

        /**
         * How long a workload's start may take before the agent is answered that it takes longer; the start goes on. 4 seconds if not
         * set, for Istio's agent gives up after 5.
         */
        public Builder answerWithin(Duration limit) {
            this.answerWithin = Durations.positive(limit, "answerWithin");
            return this;
        }

        /** How long after a failed start the next attempt comes. 5 seconds if not set. */
        public Builder retryAfter(Duration pause) {
            this.retryAfter = Durations.positive(pause, "retryAfter");
            return this;
        }

        /** Where the state lives and by what time goes; does one task at a time. */
        Builder executor(ScheduledExecutorService loop) {
            this.executor = loop;
            return this;
        }

        /** Starts it: from now on it tries to reach the agent. */
        public ZdsClient start() {
            ZdsClient client = new ZdsClient(this);
            client.loop.execute(client::connect);
            return client;
        }
    }
}
