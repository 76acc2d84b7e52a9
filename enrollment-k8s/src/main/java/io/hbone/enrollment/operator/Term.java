package io.hbone.enrollment.operator;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.grpc.ManagedChannel;
import io.hbone.enrollment.directory.StrictMtlsConditions;
import io.hbone.enrollment.kubernetes.ClusterWatch;
import io.hbone.enrollment.kubernetes.WorkQueue;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The time for which an operator leads. It begins by knowing nothing, watches the cluster, and acts when all is known that there is:
 * before, whoever has not been read yet would seem to have gone.
 */
final class Term implements AutoCloseable {
    private static final Logger logger = LoggerFactory.getLogger(Term.class);

    /** Stands for all, which the first look at the server brings anyhow. */
    private static final String ANY = "";

    private final OperatorSettings settings;
    private final ManagedChannel spire;
    private final ScheduledExecutorService executor;
    private final OperatorObserver observer;
    private final RandomGenerator random;
    private final BooleanSupplier leading;
    private final ClusterWatch watch = new ClusterWatch();
    private final ClusterAccounts cluster;
    private final NamespaceConditions conditions;
    private final StrictMtlsConditions strictMtls;
    private volatile @Nullable WorkQueue<String> working;
    private volatile String spireProblem = "";
    private volatile boolean closed;

    /**
     * @param executor talks to the SPIRE server, which may take its time
     * @param telling talks to the API server, likewise
     * @param leading whether the lease is still held
     */
    Term(
            OperatorSettings settings,
            KubernetesClient client,
            ManagedChannel spire,
            ScheduledExecutorService executor,
            ScheduledExecutorService telling,
            OperatorObserver observer,
            Clock clock,
            RandomGenerator random,
            BooleanSupplier leading) {
        this.settings = settings;
        this.spire = spire;
        this.executor = executor;
        this.observer = observer;
        this.random = random;
        this.leading = () -> !closed && leading.getAsBoolean();
        this.cluster = new ClusterAccounts(client, watch, this::changed);
        this.conditions = new NamespaceConditions(
                cluster, NamespaceConditions.patches(client), this.leading, telling, settings.retries(), clock, random);
        this.strictMtls = new StrictMtlsConditions(client, this.leading, telling, settings.retries(), clock, random);
    }

    void start() {
        // By a watch of its own: who may not read the kind can register identities all the same.
        strictMtls.start();
        watch.start().thenRunAsync(this::begin, executor).exceptionally(failure -> {
            if (!closed) {
                logger.error("the operator could not begin", failure);
            }
            return null;
        });
    }

    boolean isSynced() {
        return working != null;
    }

    boolean isLive() {
        return watch.isLive();
    }

    String spireProblem() {
        return spireProblem;
    }

    List<NamespaceReport> reports() {
        return conditions.reports();
    }

    /** Begins nothing more. What is under way ends before the next call to the SPIRE server. */
    @Override
    public void close() {
        closed = true;
        watch.close();
        conditions.close();
        strictMtls.close();
        WorkQueue<String> queue = working;
        if (queue != null) {
            queue.close();
        }
    }

    private void begin() {
        if (closed) {
            return;
        }
        String owner = settings.owner() == null ? cluster.clusterName() : settings.owner();
        if (owner == null) {
            logger.error("the namespace kube-system is not there (expected: it names the cluster, or an owner is set)");
            return;
        }
        EntryReconciler reconciler = new EntryReconciler(
                cluster,
                new EntryTemplate(settings.trustDomain(), settings.parent(), owner, settings.ttl()),
                new SpireEntryApi(spire, settings.timeout()),
                new EntryBatches(settings.batch(), leading, observer),
                this::report);
        WorkQueue<String> queue = WorkQueue.<String>builder("entries", executor, keys -> handle(reconciler, keys))
                .retries(settings.retries())
                .random(random)
                .troubled(this::troubled)
                .build();
        working = queue;
        logger.info("entries of {} are registered as those of {}", settings.trustDomain(), owner);
        queue.add(ANY);
        resyncLater(reconciler, queue);
    }

    private Set<String> handle(EntryReconciler reconciler, List<String> keys) {
        Set<String> failed = reconciler.handle(keys);
        spire("");
        return failed;
    }

    private void changed(String namespace) {
        WorkQueue<String> queue = working;
        if (queue != null) {
            queue.add(namespace);
        }
    }

    private void report(NamespaceReport report) {
        if (!report.namespace().isEmpty()) {
            conditions.set(report);
        }
    }

    private void troubled(RuntimeException failure) {
        if (failure instanceof SpireException) {
            spire(String.valueOf(failure.getMessage()));
        } else if (!closed) {
            logger.error("entries could not be looked at", failure);
        }
    }

    private void spire(String problem) {
        if (!problem.equals(spireProblem)) {
            if (problem.isEmpty()) {
                logger.info("the SPIRE server answers again");
            } else {
                logger.warn("{}", problem);
            }
        }
        spireProblem = problem;
        observer.spire(problem);
    }

    /** Somebody else may have changed entries, and tells nobody. */
    private void resyncLater(EntryReconciler reconciler, WorkQueue<String> queue) {
        long nanos = settings.resync().toNanos();
        Duration wait = Duration.ofNanos(nanos + random.nextLong(nanos / 5 + 1));
        try {
            executor.schedule(
                    () -> {
                        if (!closed) {
                            reconciler.doubt();
                            queue.add(ANY);
                            resyncLater(reconciler, queue);
                        }
                    },
                    wait.toNanos(),
                    TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            logger.debug("the executor is shut down");
        }
    }
}
