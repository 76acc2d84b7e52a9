package io.hbone.identity.pem;

import io.hbone.core.SpiffeId;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.IdentityStatus;
import io.hbone.identity.ManagedIdentitySource;
import io.hbone.identity.internal.IdentityThreads;
import io.hbone.identity.internal.Subscriptions;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Certificates from PEM files that somebody else renews: cert-manager, spiffe-helper, a mounted Secret. The files are named, or
 * found in a folder.
 *
 * <p>The files are looked at every few seconds, which sees every way of replacing them (rewritten in place, renamed over,
 * behind a link that moves) on every file system. A set of files that does not fit together, because it is half written or
 * half replaced, or that is not valid now, is not taken: the last good one stays in use, the reason is reported once, and the
 * files are tried again until they can be taken. One set that is wrong does no harm to others.
 *
 * <p>Roots are those of the certificate's own trust domain. Listeners are called on the executor.
 */
public final class PemIdentitySource implements ManagedIdentitySource {
    private static final Logger log = LoggerFactory.getLogger(PemIdentitySource.class);

    private final PemSets sets;
    private final Clock clock;
    private final Future<?> watch;
    private final @Nullable ScheduledExecutorService own;
    private final Subscriptions subscriptions = new Subscriptions();

    /** The last ones that fitted. Replaced, never changed, so that it is read without a lock. */
    private volatile Map<SpiffeId, WorkloadCertificate> latest = Map.of();

    private volatile @Nullable String problem;

    /** What keeps the newest files of those in {@link #latest} from being taken. Replaced, never changed. */
    private volatile Map<SpiffeId, String> troubles = Map.of();

    private volatile Instant looked = Instant.EPOCH;

    /** Who was asked for, so that an operator can be told of them. */
    private final Set<WorkloadIdentity> known = ConcurrentHashMap.newKeySet();

    private PemIdentitySource(Builder builder) {
        this.sets = builder.sets;
        this.clock = builder.clock;
        ScheduledExecutorService executor = builder.executor;
        this.own = executor == null ? IdentityThreads.single("hbone-pem") : null;
        look();
        long millis = builder.interval.toMillis();
        this.watch = (executor == null ? Objects.requireNonNull(own) : executor)
                .scheduleWithFixedDelay(this::look, millis, millis, TimeUnit.MILLISECONDS);
    }

    /**
     * The certificate of one workload, in three files.
     *
     * @param chain the leaf first, then intermediates
     * @param key of the leaf
     * @param roots by which peers are verified
     */
    public static Builder files(Path chain, Path key, Path roots) {
        return new Builder(new PemSets.Named(new PemFiles(chain, key, roots)));
    }

    /**
     * Certificates by the usual names of their files: {@code tls.crt}, {@code tls.key} and {@code ca.crt} (cert-manager,
     * Kubernetes), {@code svid.pem}, {@code svid_key.pem} and {@code svid_bundle.pem} (spiffe-helper), or {@code cert-chain.pem},
     * {@code key.pem} and {@code root-cert.pem} (Istio).
     *
     * @param folder has these files itself, or a folder for each workload that has; these may come and go
     */
    public static Builder folder(Path folder) {
        return new Builder(new PemSets.Folder(folder));
    }

    /** What is wrong with the files as they are now; null when nothing is. */
    public @Nullable String problem() {
        return problem;
    }

    /** Whose certificates the files held when they last fitted. Immutable. */
    public Set<SpiffeId> ids() {
        return latest.keySet();
    }

    @Override
    public String name() {
        return "pem";
    }

    /** There is nothing to be obtained: files that are there have been read. */
    @Override
    public void prefetch(WorkloadIdentity workload) {
        known.add(workload);
    }

    /** Of those that were asked for; an error is as of the last look at the files. */
    @Override
    public List<IdentityStatus> identities() {
        return known.stream().map(this::status).toList();
    }

    private IdentityStatus status(WorkloadIdentity workload) {
        SpiffeId id = workload.spiffeId();
        String error = current(workload) == null ? unavailable(workload).getMessage() : troubles.get(id);
        return new IdentityStatus(workload, name(), latest.get(id), null, error, error == null ? null : looked);
    }

    @Override
    public CompletionStage<WorkloadCertificate> certificate(WorkloadIdentity workload) {
        known.add(workload);
        WorkloadCertificate certificate = current(workload);
        return certificate == null
                ? CompletableFuture.failedStage(unavailable(workload))
                : CompletableFuture.completedStage(certificate);
    }

    @Override
    public @Nullable WorkloadCertificate current(WorkloadIdentity workload) {
        WorkloadCertificate certificate = latest.get(workload.spiffeId());
        return certificate != null && certificate.isValidAt(clock.instant()) ? certificate : null;
    }

    @Override
    public Subscription subscribe(WorkloadIdentity workload, Listener listener) {
        return subscriptions.add(workload, listener);
    }

    /** Ends the subscriptions; the files stay, as they are not ours. */
    @Override
    public void forget(WorkloadIdentity workload) {
        known.remove(workload);
        subscriptions.forget(workload);
    }

    @Override
    public void close() {
        watch.cancel(false);
        if (own != null) {
            own.shutdown();
        }
        subscriptions.clear();
        known.clear();
        latest = Map.of();
        problem = "the source is closed";
    }

    private TunnelException unavailable(WorkloadIdentity workload) {
        WorkloadCertificate certificate = latest.get(workload.spiffeId());
        String trouble = problem;
        String why;
        if (certificate != null) {
            why = trouble == null ? sets + " ended " + certificate.notAfter() : trouble;
        } else if (latest.isEmpty()) {
            why = String.valueOf(trouble);
        } else {
            String ids =
                    latest.keySet().stream().map(SpiffeId::toString).sorted().collect(Collectors.joining(", "));
            why = sets + " is of " + ids;
        }
        return new TunnelException(TunnelError.CERTIFICATE_UNAVAILABLE, "identity error: " + workload + ": " + why);
    }

    /** Must not throw: the executor would not call again. */
    private synchronized void look() {
        List<String> problems = new ArrayList<>();
        Map<SpiffeId, WorkloadCertificate> next = new LinkedHashMap<>();
        Map<SpiffeId, String> failures = new LinkedHashMap<>();
        for (WatchedCertificate set : sets.look(clock, problems)) {
            boolean failed = set.look();
            WorkloadCertificate certificate = set.latest();
            if (certificate != null) {
                next.merge(certificate.id(), certificate, PemIdentitySource::later);
            }
            String trouble = set.problem();
            if (trouble != null) {
                problems.add(trouble);
                if (certificate != null) {
                    failures.put(certificate.id(), trouble);
                }
            }
            if (failed) {
                report(certificate, String.valueOf(trouble));
            }
        }
        problem = problems.isEmpty() ? null : String.join("; ", problems);
        looked = clock.instant();
        troubles = Map.copyOf(failures);
        Map<SpiffeId, WorkloadCertificate> before = latest;
        latest = Map.copyOf(next);
        for (WorkloadCertificate certificate : next.values()) {
            WorkloadCertificate replaced = before.get(certificate.id());
            if (!certificate.equals(replaced)) {
                log.info("certificate loaded: {}", certificate);
                // A first certificate after a time without one is news to those who wait, too.
                if (!before.isEmpty()) {
                    subscriptions.rotated(certificate);
                }
            }
        }
    }

    /** When two sets are of one workload, as while it moves from one folder to another. */
    private static WorkloadCertificate later(WorkloadCertificate one, WorkloadCertificate other) {
        return other.notAfter().isAfter(one.notAfter()) ? other : one;
    }

    private void report(@Nullable WorkloadCertificate held, String trouble) {
        log.warn("certificate not loaded{}: {}", held == null ? "" : ", the last one stays in use", trouble);
        TunnelException error = new TunnelException(TunnelError.CERTIFICATE_UNAVAILABLE, "identity error: " + trouble);
        if (held == null) {
            subscriptions.failed(error);
        } else {
            subscriptions.failed(held.id(), error);
        }
    }

    /** Opens a {@link PemIdentitySource}. */
    public static final class Builder {
        private static final Duration INTERVAL = Duration.ofSeconds(2);

        private final PemSets sets;
        private Duration interval = INTERVAL;
        private Clock clock = Clock.systemUTC();
        private @Nullable ScheduledExecutorService executor;

        private Builder(PemSets sets) {
            this.sets = sets;
        }

        /** How often the files are looked at, positive; 2 s if not said. */
        public Builder interval(Duration value) {
            if (value.toMillis() <= 0) {
                throw new IllegalArgumentException("interval: " + value + " (expected: >= 1 ms)");
            }
            interval = value;
            return this;
        }

        /** By which certificates are valid or not; the system's if not said. */
        public Builder clock(Clock value) {
            clock = Objects.requireNonNull(value, "clock");
            return this;
        }

        /** Where the files are read and listeners are called, which stays the caller's; a thread of the source's own if not said. */
        public Builder executor(ScheduledExecutorService value) {
            executor = Objects.requireNonNull(value, "executor");
            return this;
        }

        /** Reads the files, and goes on looking at them. That they do not fit is not an error yet: see {@link #problem}. */
        public PemIdentitySource open() {
            return new PemIdentitySource(this);
        }
    }
}
