package io.hbone.identity.internal;

import io.hbone.core.TrustBundle;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.IdentityStatus;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is held for one workload. Lives on the actor, but for what says that any thread may call it. */
final class HeldCertificate implements CertificateFeed.Sink {
    private static final Logger log = LoggerFactory.getLogger(HeldCertificate.class);

    /** Replacements come at about half of the lifetime, so none by then is worth a warning. */
    private static final double WARN_AT = 2.0 / 3;

    /** Validity is whole seconds and inclusive at its end. */
    private static final Duration JUST_AFTER = Duration.ofMillis(1);

    private record State(
            @Nullable WorkloadCertificate certificate,
            @Nullable X509Certificate authority,
            @Nullable TunnelException error,
            @Nullable Instant errorAt) {
        static final State NOTHING = new State(null, null, null, null);
    }

    private final WorkloadIdentity workload;
    private final Clock clock;
    private final Actor actor;
    private final Witness witness;
    private final Subscriptions subscriptions;
    private final CertificateFeed feed;

    private volatile State state = State.NOTHING;
    private volatile boolean gone;
    private volatile CertificateFeed.@Nullable Supply supply;
    private @Nullable CompletableFuture<WorkloadCertificate> waiters;
    private @Nullable Future<?> watch;

    HeldCertificate(
            WorkloadIdentity workload,
            Clock clock,
            Actor actor,
            Witness witness,
            Subscriptions subscriptions,
            CertificateFeed feed) {
        this.workload = workload;
        this.clock = clock;
        this.actor = actor;
        this.witness = witness;
        this.subscriptions = subscriptions;
        this.feed = feed;
    }

    /** On any thread. */
    @Override
    public @Nullable WorkloadCertificate current() {
        WorkloadCertificate certificate = state.certificate();
        return certificate != null && !gone && certificate.isValidAt(clock.instant()) ? certificate : null;
    }

    /** On any thread. */
    IdentityStatus status() {
        State now = state;
        CertificateFeed.Supply from = supply;
        TunnelException error = now.error();
        return new IdentityStatus(
                workload,
                witness.source(),
                now.certificate(),
                from == null ? null : from.nextRefresh(),
                error == null ? null : error.getMessage(),
                now.errorAt());
    }

    void prefetch() {
        if (!gone && supply == null) {
            supply = feed.open(workload, FetchPriority.WARMUP, this);
        }
    }

    void request(CompletableFuture<WorkloadCertificate> promise) {
        if (gone) {
            promise.completeExceptionally(gone());
            return;
        }
        WorkloadCertificate current = current();
        if (current != null) {
            promise.complete(current);
            return;
        }
        CompletableFuture<WorkloadCertificate> all = waiters;
        if (all == null) {
            all = new CompletableFuture<>();
            waiters = all;
        }
        all.whenComplete((certificate, error) -> {
            if (error == null) {
                promise.complete(certificate);
            } else {
                promise.completeExceptionally(error);
            }
        });
        CertificateFeed.Supply from = supply;
        if (from == null) {
            supply = feed.open(workload, FetchPriority.REAL_TIME, this);
        } else if (!from.request(FetchPriority.REAL_TIME)) {
            TunnelException last = state.error();
            release(null, last == null ? Errors.of(workload, "no certificate so far", null) : last);
        }
    }

    /** On any thread: nothing is handed out from here on. */
    void drop() {
        gone = true;
        state = State.NOTHING;
    }

    void close() {
        stopWatch();
        CertificateFeed.Supply from = supply;
        if (from != null) {
            from.close();
        }
        state = State.NOTHING;
        release(null, gone());
    }

    @Override
    public @Nullable TunnelException offer(WorkloadCertificate certificate) {
        if (gone) {
            witness.tell((observer, source) -> observer.onDiscard(source, workload));
            return gone();
        }
        State before = state;
        X509Certificate authority;
        try {
            authority = judge(certificate, before);
        } catch (GeneralSecurityException e) {
            TunnelException error = Errors.of(workload, "a certificate was refused: " + e.getMessage(), e);
            refused(error);
            return error;
        }
        WorkloadCertificate previous = before.certificate();
        state = new State(certificate, authority, null, null);
        if (gone) {
            // Forgotten by another thread in between.
            state = State.NOTHING;
            return gone();
        }
        if (certificate.equals(previous)) {
            return null;
        }
        watch();
        if (before.error() != null) {
            log.info("certificate obtained again: {}", certificate);
        } else {
            log.debug("certificate obtained: {}", certificate);
        }
        witness.tell((observer, source) -> observer.onCertificate(source, workload, certificate));
        if (previous != null) {
            subscriptions.rotated(workload, certificate);
        }
        release(certificate, null);
        return null;
    }

    @Override
    public void failed(TunnelException error) {
        if (!gone) {
            witness.tell((observer, source) -> observer.onFailure(source, workload, error));
            report(error);
        }
    }

    @Override
    public void refused(TunnelException error) {
        if (!gone) {
            witness.tell((observer, source) -> observer.onRefusal(source, workload, error));
            report(error);
        }
    }

    @Override
    public void withdrawn(TunnelException error) {
        if (gone) {
            return;
        }
        stopWatch();
        state = new State(null, null, error, clock.instant());
        log.warn("certificate withdrawn: {}", error.getMessage());
        witness.tell((observer, source) -> observer.onWithdrawal(source, workload, error));
        subscriptions.failed(workload, error);
        release(null, error);
    }

    private void report(TunnelException error) {
        State before = state;
        TunnelException last = before.error();
        // A long outage says so once and not once a retry.
        if (last == null || !String.valueOf(last.getMessage()).equals(error.getMessage())) {
            log.warn("{}", error.getMessage());
        } else {
            log.debug("again: {}", error.getMessage());
        }
        state = new State(before.certificate(), before.authority(), error, clock.instant());
        subscriptions.failed(workload, error);
        release(null, error);
    }

    private @Nullable X509Certificate judge(WorkloadCertificate certificate, State before)
            throws GeneralSecurityException {
        if (!certificate.id().equals(workload.spiffeId())) {
            throw new GeneralSecurityException("it is of " + certificate.id() + " (expected: " + workload.spiffeId()
                    + "): look at what the authority has registered for this workload");
        }
        Instant now = clock.instant();
        if (now.isBefore(certificate.notBefore())) {
            throw new GeneralSecurityException(
                    "it is valid from " + certificate.notBefore() + " (expected: by now, which is " + now
                            + " here): compare this machine's clock with the authority's");
        }
        if (now.isAfter(certificate.notAfter())) {
            throw new GeneralSecurityException(
                    "it was valid until " + certificate.notAfter() + " (expected: still, and it is " + now
                            + " here): compare this machine's clock with the authority's");
        }
        X509Certificate authority = before.authority();
        WorkloadCertificate held = before.certificate();
        if (authority != null && held != null && held.chain().equals(certificate.chain())) {
            TrustBundle own = certificate.bundles().of(certificate.id().trustDomain());
            if (own != null && own.authorities().contains(authority)) {
                // Merely the bundles are new, and what signed it is still among them: ten thousand such need no
                // signature each.
                return authority;
            }
        }
        return Chains.verify(certificate, now);
    }

    /** Warns of a certificate that is not replaced, and drops it when it is over. */
    private void watch() {
        stopWatch();
        WorkloadCertificate certificate = state.certificate();
        if (certificate == null) {
            return;
        }
        Instant now = clock.instant();
        Duration life = Duration.between(certificate.notBefore(), certificate.notAfter());
        Instant warnAt = certificate.notBefore().plusMillis((long) (life.toMillis() * WARN_AT));
        Instant over = certificate.notAfter().plus(JUST_AFTER);
        if (now.isBefore(warnAt)) {
            watch = actor.schedule(this::watch, Duration.between(now, warnAt));
        } else if (now.isBefore(over)) {
            TunnelException error = state.error();
            log.warn(
                    "certificate not replaced so far: {}{}",
                    certificate,
                    error == null ? "" : "; last error: " + error.getMessage());
            watch = actor.schedule(this::watch, Duration.between(now, over));
        } else {
            expire(certificate);
        }
    }

    private void expire(WorkloadCertificate certificate) {
        State before = state;
        TunnelException last = before.error();
        TunnelException error = Errors.of(
                workload,
                "the certificate was valid until " + certificate.notAfter() + " and was not replaced"
                        + (last == null ? "" : ": " + last.getMessage()),
                last);
        state = new State(null, null, error, clock.instant());
        log.error("{}", error.getMessage());
        witness.tell((observer, source) -> observer.onExpiry(source, workload, certificate));
        subscriptions.failed(workload, error);
    }

    private void stopWatch() {
        Future<?> running = watch;
        if (running != null) {
            running.cancel(false);
            watch = null;
        }
    }

    private void release(@Nullable WorkloadCertificate certificate, @Nullable TunnelException error) {
        CompletableFuture<WorkloadCertificate> all = waiters;
        waiters = null;
        if (all == null) {
            return;
        }
        if (error == null) {
            all.complete(certificate);
        } else {
            all.completeExceptionally(error);
        }
    }

    private TunnelException gone() {
        return Errors.of(workload, "the workload is gone", null);
    }
}
