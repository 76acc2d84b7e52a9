package io.hbone.identity.dev;

import io.hbone.core.IdentitySource;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.internal.IdentityThreads;
import io.hbone.identity.internal.Subscriptions;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Certificates from a {@link DevCa}: issued at the first request for a workload, renewed when about half of their life is over
 * (spec/ztunnel.md 9.3), until the workload is forgotten. A renewal that fails is tried again after a second, and after twice
 * as long each time it fails again; requests that come in between get the last error at once.
 *
 * <p>Work is done, stages complete and listeners are called on the executor.
 */
public final class DevCaIdentitySource implements IdentitySource {
    private static final Logger log = LoggerFactory.getLogger(DevCaIdentitySource.class);

    private static final Duration MIN_BACKOFF = Duration.ofSeconds(1);
    private static final Duration MAX_BACKOFF = Duration.ofSeconds(150);

    /** Renewals happen up to this share of the lifetime after its half, so that nodes spread out. */
    private static final double REFRESH_JITTER = 0.1;

    private static final double BACKOFF_JITTER = 0.2;

    private final DevCa ca;
    private final Duration lifetime;
    private final Clock clock;
    private final ScheduledExecutorService executor;
    private final RandomGenerator random;
    private final Subscriptions subscriptions = new Subscriptions();
    private final Map<WorkloadIdentity, Entry> entries = new ConcurrentHashMap<>();
    private final boolean ownsExecutor;
    private volatile boolean closed;

    private DevCaIdentitySource(Builder builder) {
        ScheduledExecutorService given = builder.executor;
        this.ca = builder.ca;
        this.lifetime = builder.lifetime;
        this.clock = builder.clock;
        this.random = builder.random;
        this.executor = given == null ? IdentityThreads.single("hbone-dev-ca") : given;
        this.ownsExecutor = given == null;
    }

    /** A source of certificates of {@code ca}. */
    public static Builder builder(DevCa ca) {
        return new Builder(ca);
    }

    @Override
    public CompletionStage<WorkloadCertificate> certificate(WorkloadIdentity workload) {
        if (closed) {
            return CompletableFuture.failedStage(unavailable(workload, "the source is closed", null));
        }
        WorkloadCertificate certificate = current(workload);
        if (certificate != null) {
            return CompletableFuture.completedStage(certificate);
        }
        return entries.computeIfAbsent(workload, Entry::new).request();
    }

    @Override
    public @Nullable WorkloadCertificate current(WorkloadIdentity workload) {
        Entry entry = entries.get(workload);
        return entry == null ? null : entry.current();
    }

    @Override
    public Subscription subscribe(WorkloadIdentity workload, Listener listener) {
        return subscriptions.add(workload, listener);
    }

    @Override
    public void forget(WorkloadIdentity workload) {
        Entry entry = entries.remove(workload);
        if (entry != null) {
            entry.drop();
        }
        subscriptions.forget(workload);
    }

    @Override
    public void close() {
        closed = true;
        entries.keySet().forEach(this::forget);
        subscriptions.clear();
        if (ownsExecutor) {
            executor.shutdown();
        }
    }

    private static TunnelException unavailable(WorkloadIdentity workload, String why, @Nullable Throwable cause) {
        return new TunnelException(
                TunnelError.CERTIFICATE_UNAVAILABLE, "identity error: " + workload + ": " + why, cause);
    }

    /** What is held for one workload. All but {@code certificate} is guarded by the entry itself. */
    private final class Entry {
        private final WorkloadIdentity workload;
        private volatile @Nullable WorkloadCertificate certificate;
        private @Nullable CompletableFuture<WorkloadCertificate> underWay;
        private @Nullable TunnelException lastError;
        private @Nullable Future<?> timer;
        private int failures;
        private boolean dropped;

        Entry(WorkloadIdentity workload) {
            this.workload = workload;
        }

        @Nullable WorkloadCertificate current() {
            WorkloadCertificate held = certificate;
            return held != null && held.isValidAt(clock.instant()) ? held : null;
        }

        synchronized CompletionStage<WorkloadCertificate> request() {
            WorkloadCertificate held = current();
            if (held != null) {
                return CompletableFuture.completedStage(held);
            }
            if (underWay == null && lastError != null) {
                return CompletableFuture.failedStage(lastError);
            }
            CompletableFuture<WorkloadCertificate> fetch = fetch();
            // Minimal: one who waits must not be able to cancel it for the others.
            return fetch.minimalCompletionStage();
        }

        /** Starts issuing unless that is under way. */
        private synchronized CompletableFuture<WorkloadCertificate> fetch() {
            CompletableFuture<WorkloadCertificate> fetch = underWay;
            if (fetch == null) {
                fetch = new CompletableFuture<>();
                underWay = fetch;
                try {
                    executor.execute(this::issue);
                } catch (RejectedExecutionException e) {
                    underWay = null;
                    fetch.completeExceptionally(unavailable(workload, "the source is closed", e));
                }
            }
            return fetch;
        }

        private void issue() {
            WorkloadCertificate issued = null;
            TunnelException error = null;
            try {
                issued = ca.issue(workload.spiffeId(), lifetime);
            } catch (GeneralSecurityException | RuntimeException e) {
                error = unavailable(workload, String.valueOf(e.getMessage()), e);
            }
            CompletableFuture<WorkloadCertificate> fetch;
            boolean replaces;
            synchronized (this) {
                fetch = underWay;
                underWay = null;
                if (dropped) {
                    if (fetch != null) {
                        fetch.completeExceptionally(unavailable(workload, "the workload is gone", null));
                    }
                    return;
                }
                replaces = issued != null && certificate != null;
                lastError = error;
                if (issued != null) {
                    certificate = issued;
                    failures = 0;
                    schedule(untilRenewal(issued));
                } else {
                    failures++;
                    schedule(backoff());
                }
            }
            if (issued != null) {
                log.debug("certificate issued: {}", issued);
                if (replaces) {
                    subscriptions.rotated(workload, issued);
                }
                if (fetch != null) {
                    fetch.complete(issued);
                }
            } else if (error != null) {
                log.warn("{}", error.getMessage());
                subscriptions.failed(workload, error);
                if (fetch != null) {
                    fetch.completeExceptionally(error);
                }
            }
        }

        private void schedule(Duration delay) {
            try {
                timer = executor.schedule(this::fetch, delay.toMillis(), TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException e) {
                timer = null;
            }
        }

        synchronized void drop() {
            dropped = true;
            certificate = null;
            if (timer != null) {
                timer.cancel(false);
                timer = null;
            }
        }

        private Duration untilRenewal(WorkloadCertificate issued) {
            Duration left = Duration.between(clock.instant(), issued.notAfter());
            double share = 0.5 + REFRESH_JITTER * random.nextDouble();
            return Duration.ofMillis((long) (left.toMillis() * share));
        }

        /** As long as a valid certificate is held, the next attempt is not after its end. */
        private Duration backoff() {
            long doubled = MIN_BACKOFF.toMillis() << Math.min(failures - 1, 10);
            double spread = 1 + BACKOFF_JITTER * (2 * random.nextDouble() - 1);
            Duration delay = Duration.ofMillis((long) (Math.min(doubled, MAX_BACKOFF.toMillis()) * spread));
            WorkloadCertificate held = current();
            if (held != null) {
                Duration left = Duration.between(clock.instant(), held.notAfter());
                return left.compareTo(delay) < 0 ? left : delay;
            }
            return delay;
        }
    }

    /** Makes a {@link DevCaIdentitySource}. */
    public static final class Builder {
        private static final Duration LIFETIME = Duration.ofHours(24);

        private final DevCa ca;
        private Duration lifetime = LIFETIME;
        private Clock clock = Clock.systemUTC();
        private RandomGenerator random = () -> ThreadLocalRandom.current().nextLong();
        private @Nullable ScheduledExecutorService executor;

        private Builder(DevCa ca) {
            this.ca = Objects.requireNonNull(ca, "ca");
        }

        /** Of the certificates, positive; a day if not said. */
        public Builder lifetime(Duration value) {
            if (value.isNegative() || value.isZero()) {
                throw new IllegalArgumentException("lifetime: " + value + " (expected: > 0)");
            }
            lifetime = value;
            return this;
        }

        /** By which they are valid or not, which should be the CA's; the system's if not said. */
        public Builder clock(Clock value) {
            clock = Objects.requireNonNull(value, "clock");
            return this;
        }

        /** Spreads renewals; need not be secure; safe for use by any thread. */
        public Builder random(RandomGenerator value) {
            random = Objects.requireNonNull(value, "random");
            return this;
        }

        /** Runs the work, one thread is enough, and stays the caller's; a thread of the source's own if not said. */
        public Builder executor(ScheduledExecutorService value) {
            executor = Objects.requireNonNull(value, "executor");
            return this;
        }

        public DevCaIdentitySource build() {
            return new DevCaIdentitySource(this);
        }
    }
}
