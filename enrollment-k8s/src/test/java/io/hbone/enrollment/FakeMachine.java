package io.hbone.enrollment;

import io.hbone.enrollment.Progress.Handed;
import io.hbone.enrollment.Progress.Rules;
import io.hbone.enrollment.rules.RedirectException;
import io.hbone.zds.NetworkNamespace;
import io.hbone.zds.WorkloadStatus;
import io.hbone.zds.ZdsWorkload;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;

/**
 * A machine that outlives its agents: networks with rules, and a node. It writes down what is done, and objects when somebody would
 * meet a port on which nobody listens, or be led to one.
 */
final class FakeMachine implements Actions, Nodes {
    final List<String> done = new ArrayList<>();
    final Map<String, Long> networks = new TreeMap<>();
    final Map<Long, Rules> rules = new HashMap<>();
    final Map<String, Announced> announced = new TreeMap<>();
    final Set<String> served = new HashSet<>();
    final Map<String, Throwable> failures = new HashMap<>();
    final Map<String, String> refusals = new HashMap<>();
    long connections;
    boolean node = true;
    boolean seeded;
    Listener listener = new Listener() {
        @Override
        public void workloadChanged(String uid) {}

        @Override
        public void nodesChanged(int connected) {}
    };
    private final Map<String, Runnable> handed = new TreeMap<>();
    private final Map<String, LocalWorkload> workloads = new HashMap<>();

    /** A new agent: what was handed over by the last one is forgotten; what the node serves, and the rules, are not. */
    void agentDied() {
        handed.clear();
        announced.clear();
        seeded = false;
    }

    void nodeComes() {
        node = true;
        listener.nodesChanged(1);
        if (seeded) {
            snapshot();
        }
    }

    void nodeDies() {
        node = false;
        served.clear();
        listener.nodesChanged(0);
    }

    private void snapshot() {
        served.retainAll(handed.keySet());
        List.copyOf(handed.keySet()).forEach(this::serve);
    }

    private void serve(String uid) {
        if (!refusals.containsKey(uid)) {
            served.add(uid);
            handed.get(uid).run();
        }
        listener.workloadChanged(uid);
    }

    Rules rulesOf(String uid) {
        return rules.getOrDefault(networks.getOrDefault(uid, -1L), Rules.ABSENT);
    }

    private <T> CompletionStage<T> does(String what, LocalWorkload workload, java.util.function.Supplier<T> action) {
        String uid = workload.uid();
        Throwable failure = failures.get(what + ' ' + uid);
        if (failure != null) {
            done.add(what + ' ' + uid + " fails");
            return CompletableFuture.failedFuture(failure);
        }
        if (!networks.containsKey(uid)) {
            return CompletableFuture.failedFuture(new NetworkGoneException(workload.network() + " is not there"));
        }
        if (!what.equals("inspect")) {
            done.add(what + ' ' + uid);
        }
        return CompletableFuture.completedFuture(action.get());
    }

    @Override
    public CompletionStage<Found> inspect(LocalWorkload workload) {
        return does("inspect", workload, () -> {
            Rules found = rulesOf(workload.uid());
            return new Found(
                    new NetworkNamespace.Id(4, networks.get(workload.uid())),
                    found == Rules.RELEASED ? Rules.STALE : found);
        });
    }

    @Override
    public CompletionStage<UnaryOperator<Progress>> prepare(LocalWorkload workload) {
        return does("prepare", workload, () -> {
            rules.put(networks.get(workload.uid()), Rules.RELEASED);
            return progress -> progress.rules(Rules.RELEASED);
        });
    }

    @Override
    public CompletionStage<UnaryOperator<Progress>> install(LocalWorkload workload) {
        return does("install", workload, () -> {
            if (node && !served.contains(workload.uid())) {
                throw new AssertionError(workload + ": rules lead to nobody");
            }
            rules.put(networks.get(workload.uid()), Rules.INSTALLED);
            return progress -> progress.rules(Rules.INSTALLED).drained(false);
        });
    }

    @Override
    public CompletionStage<UnaryOperator<Progress>> release(LocalWorkload workload) {
        return does("release", workload, () -> {
            rules.put(networks.get(workload.uid()), Rules.RELEASED);
            return progress -> progress.rules(Rules.RELEASED);
        });
    }

    @Override
    public CompletionStage<UnaryOperator<Progress>> remove(LocalWorkload workload) {
        return does("remove", workload, () -> {
            rules.put(networks.get(workload.uid()), Rules.ABSENT);
            return progress -> progress.rules(Rules.ABSENT);
        });
    }

    @Override
    public CompletionStage<Long> connections(LocalWorkload workload) {
        return does("count", workload, () -> connections);
    }

    @Override
    public CompletionStage<UnaryOperator<Progress>> announce(LocalWorkload workload, Announced how) {
        String uid = workload.uid();
        if (how == Announced.TUNNEL && rulesOf(uid) == Rules.ABSENT) {
            throw new AssertionError(workload + ": HBONE is sent to where answers do not find back");
        }
        done.add("announce " + uid + ' ' + how);
        announced.put(uid, how);
        return CompletableFuture.completedFuture(progress -> progress.announced(how));
    }

    @Override
    public CompletionStage<UnaryOperator<Progress>> hand(
            LocalWorkload workload, NetworkNamespace.Id expected, Runnable callback) {
        return does("hand", workload, () -> {
            handed.put(workload.uid(), callback);
            workloads.put(workload.uid(), workload);
            if (node && seeded) {
                serve(workload.uid());
            }
            return progress -> progress.handed(Handed.WAITING);
        });
    }

    @Override
    public CompletionStage<UnaryOperator<Progress>> withdraw(LocalWorkload workload) {
        String uid = workload.uid();
        if (rulesOf(uid) != Rules.ABSENT || announced.get(uid) == Announced.TUNNEL) {
            throw new AssertionError(workload + ": its listeners go while it is led or reached there");
        }
        done.add("withdraw " + uid);
        handed.remove(uid);
        served.remove(uid);
        return CompletableFuture.completedFuture(
                progress -> progress.handed(Handed.NO).drained(false));
    }

    @Override
    public void forget(LocalWorkload workload) {
        done.add("forget " + workload.uid());
        announced.remove(workload.uid());
    }

    @Override
    public void seeded() {
        seeded = true;
        done.add("seeded");
        if (node) {
            snapshot();
        }
    }

    @Override
    public int connected() {
        return node ? 1 : 0;
    }

    @Override
    public WorkloadStatus status(String uid) {
        LocalWorkload workload = handed.containsKey(uid) ? workloads.get(uid) : null;
        if (workload == null) {
            return null;
        }
        String refusal = node ? refusals.get(uid) : null;
        WorkloadStatus.State state = refusal != null
                ? WorkloadStatus.State.FAILED
                : served.contains(uid) ? WorkloadStatus.State.ENROLLED : WorkloadStatus.State.PENDING;
        return new WorkloadStatus(workload.zds(), state, refusal == null ? 0 : 1, refusal);
    }

    /** The node takes what it refused. */
    void accept(String uid) {
        refusals.remove(uid);
        serve(uid);
    }

    static RedirectException broken(String why) {
        return new RedirectException(why, null);
    }

    /** Not used here: {@link Actions#hand} and {@link Actions#withdraw} are. */
    @Override
    public void hand(ZdsWorkload workload, NetworkNamespace namespace, Runnable callback) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Void> withdraw(String uid) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
