package io.hbone.enrollment;

import io.hbone.enrollment.Progress.Rules;
import io.hbone.zds.NetworkNamespace;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What steps do to the world. None blocks; each completes on any thread, with how far the workload is then, or exceptionally with
 * what the operator is told: a {@link NetworkGoneException} when there is no namespace.
 */
interface Actions {
    /** What is in a namespace. */
    record Found(NetworkNamespace.Id id, Rules rules) {}

    CompletionStage<Found> inspect(LocalWorkload workload);

    CompletionStage<UnaryOperator<Progress>> prepare(LocalWorkload workload);

    CompletionStage<UnaryOperator<Progress>> install(LocalWorkload workload);

    CompletionStage<UnaryOperator<Progress>> release(LocalWorkload workload);

    CompletionStage<UnaryOperator<Progress>> remove(LocalWorkload workload);

    /** How many connections the node carries for it; tunnels that carry nothing do not count. */
    CompletionStage<Long> connections(LocalWorkload workload);

    CompletionStage<UnaryOperator<Progress>> announce(LocalWorkload workload, Announced how);

    /**
     * Hands the workload to the node.
     *
     * @param expected the namespace that was looked into; null for none
     * @param served is run on any thread when a node serves it for the first time
     */
    CompletionStage<UnaryOperator<Progress>> hand(
            LocalWorkload workload, NetworkNamespace.@Nullable Id expected, Runnable served);

    CompletionStage<UnaryOperator<Progress>> withdraw(LocalWorkload workload);

    /** Nothing more is to be said of it. */
    void forget(LocalWorkload workload);
}
