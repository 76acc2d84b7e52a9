package io.hbone.enrollment;

import io.hbone.enrollment.Progress.Handed;
import io.hbone.enrollment.Progress.Network;
import io.hbone.enrollment.Progress.Rules;
import io.hbone.enrollment.rules.RedirectException;
import io.hbone.enrollment.rules.Redirection;
import io.hbone.zds.NetworkNamespace;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Steps on this machine; whatever blocks is done by the workers. A namespace is opened for each, and closed: what the agent keeps
 * open is what nodes are served from, and no more.
 */
final class MachineActions implements Actions {
    private final NetworkLocator networks;
    private final Redirection redirection;
    private final MeshDirectory mesh;
    private final Nodes nodes;
    private final Executor workers;

    MachineActions(
            NetworkLocator networks, Redirection redirection, MeshDirectory mesh, Nodes nodes, Executor workers) {
        this.networks = networks;
        this.redirection = redirection;
        this.mesh = mesh;
        this.nodes = nodes;
        this.workers = workers;
    }

    @Override
    public CompletionStage<Found> inspect(LocalWorkload workload) {
        return inside(workload, namespace -> new Found(namespace.id(), Rules.of(redirection.inspect(namespace))));
    }

    @Override
    public CompletionStage<UnaryOperator<Progress>> prepare(LocalWorkload workload) {
        return inside(workload, namespace -> {
            redirection.prepare(namespace);
            return progress -> progress.rules(Rules.RELEASED);
        });
    }

    @Override
    public CompletionStage<UnaryOperator<Progress>> install(LocalWorkload workload) {
        return inside(workload, namespace -> {
            redirection.install(namespace);
            return progress -> progress.rules(Rules.INSTALLED).drained(false);
        });
    }

    @Override
    public CompletionStage<UnaryOperator<Progress>> release(LocalWorkload workload) {
        return inside(workload, namespace -> {
            redirection.release(namespace);
            return progress -> progress.rules(Rules.RELEASED);
        });
    }

    @Override
    public CompletionStage<UnaryOperator<Progress>> remove(LocalWorkload workload) {
        return inside(workload, namespace -> {
            redirection.remove(namespace);
            return progress -> progress.rules(Rules.ABSENT);
        });
    }

    @Override
    public CompletionStage<Long> connections(LocalWorkload workload) {
        List<InetAddress> own = workload.workload().addresses();
        return inside(workload, namespace -> NodeConnections.count(namespace, own));
    }

    @Override
    public CompletionStage<UnaryOperator<Progress>> announce(LocalWorkload workload, Announced how) {
        try {
            mesh.announce(workload.workload(), how);
            return CompletableFuture.completedFuture(progress -> progress.announced(how));
        } catch (IllegalArgumentException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public CompletionStage<UnaryOperator<Progress>> hand(
            LocalWorkload workload, NetworkNamespace.@Nullable Id expected, Runnable served) {
        return inside(workload, namespace -> {
            if (!namespace.id().equals(expected)) {
                return progress -> progress.network(Network.UNKNOWN);
            }
            nodes.hand(workload.zds(), namespace.duplicate(), served);
            return progress -> progress.handed(Handed.WAITING);
        });
    }

    @Override
    public CompletionStage<UnaryOperator<Progress>> withdraw(LocalWorkload workload) {
        return nodes.withdraw(workload.uid())
                .thenApply(done -> progress -> progress.handed(Handed.NO).drained(false));
    }

    @Override
    public void forget(LocalWorkload workload) {
        mesh.forget(workload.uid());
    }

    private <T> CompletionStage<T> inside(LocalWorkload workload, Job<T> job) {
        try {
            return CompletableFuture.supplyAsync(
                    () -> {
                        try (NetworkNamespace namespace = networks.open(workload.network())) {
                            return job.in(namespace);
                        } catch (IOException | RedirectException e) {
                            throw new CompletionException(e);
                        }
                    },
                    workers);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Done by a worker. */
    private interface Job<T> {
        T in(NetworkNamespace namespace) throws IOException, RedirectException;
    }
}
