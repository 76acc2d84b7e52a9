package io.hbone.enrollment;

import io.hbone.enrollment.rules.Redirection;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/**
 * The agent of a machine: keeps the workloads of a {@link WorkloadSource} in the mesh, or out of it. It tells nodes of them by a
 * {@link MeshDirectory}, hands them to the machine's node by ZDS, and leads their traffic there by a {@link Redirection}, in the
 * order that {@link EnrollmentPlan} holds. Each workload goes its own way: what fails for one is tried again for that one.
 *
 * <p>When it ends, everything stays as it is: nodes serve what they have, and rules lead there. The next one takes it from there, and
 * takes away what is not wanted any more. Safe for use by any thread.
 */
public final class EnrollmentAgent implements AutoCloseable {
    private final WorkloadSource source;
    private final AgentLoop loop;
    private final ExecutorService workers;
    private final Nodes nodes;
    private final Reconciler reconciler;
    private final MeshDirectory mesh;

    private EnrollmentAgent(Builder builder) throws IOException {
        source = builder.source;
        mesh = builder.mesh;
        loop = AgentLoop.start(InstantSource.system(), "agent");
        workers = Executors.newFixedThreadPool(builder.workers, task -> {
            Thread thread = new Thread(task, "agent-worker");
            thread.setDaemon(true);
            return thread;
        });
        CompletableFuture<Reconciler> told = new CompletableFuture<>();
        try {
            nodes = new ZdsNodes(builder.socket, new Nodes.Listener() {
                @Override
                public void workloadChanged(String uid) {
                    told.thenAccept(known -> loop.execute(() -> known.workloadChanged(uid)));
                }

                @Override
                public void nodesChanged(int connected) {
                    told.thenAccept(known -> loop.execute(() -> known.nodesChanged(connected)));
                }
            });
        } catch (IOException e) {
            loop.end();
            workers.shutdown();
            throw e;
        }
        Actions actions = new MachineActions(builder.networks, builder.redirection, builder.mesh, nodes, workers);
        reconciler = new Reconciler(
                loop,
                builder.settings,
                actions,
                nodes,
                builder.observer,
                new Random(ThreadLocalRandom.current().nextLong()),
                builder.delivered);
        told.complete(reconciler);
    }

    /**
     * Begins an agent.
     *
     * @param source becomes the agent's: it starts and closes it
     * @param socket where nodes find it by ZDS, see {@link io.hbone.zds.ZdsSockets}
     */
    public static Builder builder(
            WorkloadSource source, NetworkLocator networks, Redirection redirection, MeshDirectory mesh, Path socket) {
        return new Builder(source, networks, redirection, mesh, socket);
    }

    /**
     * Completes when it has looked at all workloads that were there when it started, so that the mesh directory says of each what is
     * so: who serves it to nodes begins here. Completes on the agent's thread: who does more than a little goes elsewhere.
     */
    public CompletionStage<Void> seeded() {
        return reconciler.seeded();
    }

    /** How it stands. */
    public AgentStatus status() {
        return new AgentStatus(
                reconciler.seeded().isDone(),
                nodes.connected(),
                reconciler.nodesSince(),
                source.error(),
                reconciler.statuses(),
                mesh.awaited(),
                mesh.unreached());
    }

    private void start() {
        AtomicBoolean queued = new AtomicBoolean();
        source.start(() -> {
            if (queued.compareAndSet(false, true)) {
                loop.execute(() -> {
                    queued.set(false);
                    reconciler.sync(source.workloads());
                });
            }
        });
    }

    /** Ends it, and leaves rules and nodes as they are. Steps that are under way are finished within the process's life. */
    @Override
    public void close() {
        source.close();
        nodes.close();
        loop.end();
        workers.shutdown();
    }

    /** Settings of an agent. */
    public static final class Builder {
        private final WorkloadSource source;
        private final NetworkLocator networks;
        private final Redirection redirection;
        private final MeshDirectory mesh;
        private final Path socket;
        private AgentSettings settings = AgentSettings.DEFAULT;
        private AgentObserver observer = new AgentObserver() {};
        private BooleanSupplier delivered = () -> true;
        private int workers = 4;

        private Builder(
                WorkloadSource source,
                NetworkLocator networks,
                Redirection redirection,
                MeshDirectory mesh,
                Path socket) {
            this.source = Objects.requireNonNull(source, "source");
            this.networks = Objects.requireNonNull(networks, "networks");
            this.redirection = Objects.requireNonNull(redirection, "redirection");
            this.mesh = Objects.requireNonNull(mesh, "mesh");
            this.socket = Objects.requireNonNull(socket, "socket");
        }

        /** Its times; {@link AgentSettings#DEFAULT} if not set. */
        public Builder settings(AgentSettings value) {
            settings = Objects.requireNonNull(value, "settings");
            return this;
        }

        /** Who hears of what it does; nobody if not set. */
        public Builder observer(AgentObserver value) {
            observer = Objects.requireNonNull(value, "observer");
            return this;
        }

        /**
         * Says whether all nodes have taken what the mesh directory tells them, and false when none is there. Asked often, by the
         * agent's thread. If not set, nothing is waited for: right where somebody else tells nodes of the mesh.
         */
        public Builder delivered(BooleanSupplier value) {
            delivered = Objects.requireNonNull(value, "delivered");
            return this;
        }

        /** How many namespaces are worked in at once, 1 or more; 4 if not set. */
        public Builder workers(int value) {
            if (value < 1) {
                throw new IllegalArgumentException("workers: " + value + " (expected: 1 or more)");
            }
            workers = value;
            return this;
        }

        /**
         * Starts it.
         *
         * @throws IOException when the ZDS socket cannot be had: another agent listens there, or permissions are missing
         */
        public EnrollmentAgent start() throws IOException {
            EnrollmentAgent agent = new EnrollmentAgent(this);
            agent.start();
            return agent;
        }
    }
}
