package io.hbone.node.identity;

import io.hbone.core.IdentitySource;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
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
 * <p>Work is done, stages complete and listeners are called on the executor, which the source does not shut down.
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
    private volatile boolean closed;

    /**
     * @param lifetime of the certificates
     * @param clock by which they are valid or not; the CA's should be the same
     * @param executor runs the work; one thread is enough
     * @param random spreads renewals; need not be secure
     */
    public DevCaIdentitySource(
            DevCa ca, Duration lifetime, Clock clock, ScheduledExecutorService executor, RandomGenerator random) {
        this.ca = ca;
        this.lifetime = lifetime;
        this.clock = clock;
        this.executor = executor;
        this.random = random;
    }

    @Override
    public CompletionStage<WorkloadCertificate> certificate(WorkloadIdentity workload) {
        if (closed) {
            return CompletableFuture.failedStage(unavailable(workload, "the node is shutting down", null));
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
                    fetch.completeExceptionally(unavailable(workload, "the node is shutting down", e));
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
}
