package io.hbone.enrollment.operator;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfig;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElector;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Stands for election again and again: who has lost a lease, because the API server was away, may well get it back. */
final class Leadership implements AutoCloseable {
    private static final Logger logger = LoggerFactory.getLogger(Leadership.class);

    private final KubernetesClient client;
    private final LeaseSettings settings;
    private final ScheduledExecutorService executor;
    private final Runnable won;
    private final Runnable lost;
    private @Nullable LeaderElector elector; // guarded by this
    private @Nullable CompletableFuture<?> election; // guarded by this
    private boolean closed; // guarded by this
    private volatile boolean leading;

    /**
     * @param executor looks at the lease; the callbacks come there, too
     * @param won this one leads; quick
     * @param lost not any more; quick, and only after {@code won}
     */
    Leadership(
            KubernetesClient client,
            LeaseSettings settings,
            ScheduledExecutorService executor,
            Runnable won,
            Runnable lost) {
        this.client = client;
        this.settings = settings;
        this.executor = executor;
        this.won = won;
        this.lost = lost;
    }

    /** Any thread. */
    boolean isLeading() {
        return leading;
    }

    synchronized void stand() {
        if (closed) {
            return;
        }
        LeaderElectionConfig config = new LeaderElectionConfigBuilder()
                .withName(settings.name())
                .withLock(new LeaseLock(settings.namespace(), settings.name(), settings.holder()))
                .withLeaseDuration(settings.duration())
                .withRenewDeadline(settings.renewDeadline())
                .withRetryPeriod(settings.retryPeriod())
                .withReleaseOnCancel(false)
                .withLeaderCallbacks(new LeaderCallbacks(this::won, this::lost, this::elected))
                .build();
        LeaderElector next = client.leaderElector().withConfig(config).build();
        elector = next;
        CompletableFuture<?> running = next.start();
        election = running;
        running.whenComplete((done, failure) -> {
            lost();
            again();
        });
    }

    /** Leads no more, and does not stand again. The lease stays until it ends or is given back. */
    @Override
    public void close() {
        CompletableFuture<?> running;
        synchronized (this) {
            closed = true;
            running = election;
        }
        if (running != null) {
            running.cancel(true);
        }
        lost();
    }

    /** After the end, once: another need not wait for the end of the lease, if this one had it. Asks the API server. */
    void giveBack() {
        LeaderElector last;
        synchronized (this) {
            last = elector;
            elector = null;
        }
        try {
            if (last != null) {
                last.release();
            }
        } catch (KubernetesClientException e) {
            logger.info("the lease is not given back, and ends in its time: {}", e.getMessage());
        }
    }

    private void again() {
        try {
            executor.schedule(this::stand, settings.retryPeriod().toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            logger.debug("the executor is shut down");
        }
    }

    private void won() {
        synchronized (this) {
            if (leading || closed) {
                return;
            }
            leading = true;
        }
        logger.info("{} leads", settings.holder());
        won.run();
    }

    private void lost() {
        synchronized (this) {
            if (!leading) {
                return;
            }
            leading = false;
        }
        logger.info("{} does not lead any more", settings.holder());
        lost.run();
    }

    /** @param holder null or empty when the lease was given back */
    private void elected(@Nullable String holder) {
        if (holder != null && !holder.isEmpty() && !holder.equals(settings.holder())) {
            logger.info("the leader is {}", holder);
        }
    }
}
