package io.hbone.enrollment.operator;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.grpc.ManagedChannel;
import io.hbone.core.TrustDomain;
import io.hbone.enrollment.Retries;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Registers the service accounts of enrolled namespaces at a SPIRE server, and takes back what is not wanted any more. Of several in
 * a cluster one leads; it may die at any point, and whoever leads next comes to the same end. Without the API server it changes
 * nothing; without the SPIRE server it waits for it. Safe for use by any thread.
 */
public final class Operator implements AutoCloseable {
    private final OperatorSettings settings;
    private final KubernetesClient client;
    private final ManagedChannel spire;
    private final OperatorObserver observer;
    private final Clock clock;
    private final ScheduledExecutorService working = thread("hbone-operator");
    private final ScheduledExecutorService telling = thread("hbone-operator-status");
    private final Leadership leadership;
    private @Nullable Term term; // guarded by this

    private Operator(Builder builder) {
        settings = builder.settings();
        client = builder.client;
        spire = builder.spire;
        observer = builder.observer;
        clock = builder.clock;
        leadership = new Leadership(client, settings.lease(), telling, this::won, this::lost);
    }

    /**
     * Begins an operator.
     *
     * @param client of the cluster; the operator does not close it
     * @param spire to the server's Entry API, as somebody who may use it; the operator does not close it
     * @param trustDomain of the server
     * @param lease who leads
     */
    public static Builder builder(
            KubernetesClient client, ManagedChannel spire, TrustDomain trustDomain, LeaseSettings lease) {
        return new Builder(client, spire, trustDomain, lease);
    }

    /** How it stands at this moment. */
    public synchronized OperatorStatus status() {
        Term current = term;
        return current == null
                ? new OperatorStatus(false, false, false, "", List.of())
                : new OperatorStatus(
                        leadership.isLeading(),
                        current.isSynced(),
                        current.isLive(),
                        current.spireProblem(),
                        current.reports());
    }

    /** Stops, and lets another lead at once. The entries stay. */
    @Override
    public void close() {
        leadership.close();
        working.shutdown();
        telling.shutdown();
        try {
            // What is under way must have ended before another leads.
            if (working.awaitTermination(settings.timeout().toMillis(), TimeUnit.MILLISECONDS)) {
                leadership.giveBack();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void won() {
        Term next = new Term(
                settings, client, spire, working, telling, observer, clock, new Random(), leadership::isLeading);
        term = next;
        observer.leading(true);
        next.start();
    }

    private synchronized void lost() {
        Term last = term;
        term = null;
        if (last != null) {
            last.close();
        }
        observer.leading(false);
    }

    private static ScheduledExecutorService thread(String name) {
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
        executor.setRemoveOnCancelPolicy(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        return executor;
    }

    /** Settings of an operator. */
    public static final class Builder {
        private final KubernetesClient client;
        private final ManagedChannel spire;
        private final TrustDomain trustDomain;
        private final LeaseSettings lease;
        private String parent = "/ztunnel";
        private @Nullable String owner;
        private Duration ttl = Duration.ZERO;
        private Duration resync = Duration.ofMinutes(5);
        private Duration timeout = Duration.ofSeconds(30);
        private Retries retries = Retries.STANDARD;
        private int batch = 200;
        private OperatorObserver observer = OperatorObserver.NONE;
        private Clock clock = Clock.systemUTC();

        private Builder(KubernetesClient client, ManagedChannel spire, TrustDomain trustDomain, LeaseSettings lease) {
            this.client = Objects.requireNonNull(client, "client");
            this.spire = Objects.requireNonNull(spire, "spire");
            this.trustDomain = Objects.requireNonNull(trustDomain, "trustDomain");
            this.lease = Objects.requireNonNull(lease, "lease");
        }

        /** Path of the identity that may hand the others out; {@code /ztunnel}, Cilium's delegate, if not set. */
        public Builder parent(String path) {
            parent = Objects.requireNonNull(path, "path");
            return this;
        }

        /**
         * Whose the entries are: their ids begin with it. 1 to 64 of {@code A-Z a-z 0-9 - _}. If not set, the UID of the namespace
         * kube-system, so that several clusters can share a server.
         */
        public Builder owner(@Nullable String name) {
            owner = name;
            return this;
        }

        /** Lifetime of SVIDs, whole seconds; zero, the server's default, if not set. */
        public Builder ttl(Duration lifetime) {
            ttl = Objects.requireNonNull(lifetime, "lifetime");
            return this;
        }

        /** After about how long it looks for entries that somebody else has changed; 5 minutes if not set. */
        public Builder resync(Duration interval) {
            resync = Objects.requireNonNull(interval, "interval");
            return this;
        }

        /** How long one call to the SPIRE server may take; 30 seconds if not set. */
        public Builder timeout(Duration limit) {
            timeout = Objects.requireNonNull(limit, "limit");
            return this;
        }

        /** The waits after failures; {@link Retries#STANDARD} if not set. */
        public Builder retries(Retries value) {
            retries = Objects.requireNonNull(value, "value");
            return this;
        }

        /** How many entries one call has, 1 to 1000; 200 if not set. */
        public Builder batch(int entries) {
            if (entries < 1 || entries > 1000) {
                throw new IllegalArgumentException("batch: " + entries + " (expected: 1 to 1000)");
            }
            batch = entries;
            return this;
        }

        /** Who hears of what it does; nobody if not set. */
        public Builder observer(OperatorObserver value) {
            observer = Objects.requireNonNull(value, "value");
            return this;
        }

        /** What time it is. */
        public Builder clock(Clock value) {
            clock = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Stands for election; leads when nobody else does.
         *
         * @throws IllegalArgumentException when a setting cannot be
         */
        public Operator start() {
            if (owner != null) {
                // To be told now, and not when it leads.
                new EntryTemplate(trustDomain, parent, owner, ttl);
            }
            Operator operator = new Operator(this);
            operator.leadership.stand();
            return operator;
        }

        private OperatorSettings settings() {
            return new OperatorSettings(trustDomain, parent, owner, ttl, resync, batch, timeout, retries, lease);
        }
    }
}
