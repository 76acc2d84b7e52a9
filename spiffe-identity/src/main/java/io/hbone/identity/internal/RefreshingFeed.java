package io.hbone.identity.internal;

import io.hbone.core.TrustBundles;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.CertificateFetcher;
import io.hbone.identity.SourceContext;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Asks a {@link CertificateFetcher} for each workload's certificate, and for the next one when about half of its life is over
 * (spec/ztunnel.md 9.3). A few fetches are under way at a time; a waiting connection comes before a refresh.
 */
public final class RefreshingFeed implements CertificateFeed {
    private static final Duration SPREAD_DELAY = Duration.ofSeconds(1);

    private final CertificateFetcher fetcher;
    private final Actor actor;
    private final Witness witness;
    private final Clock clock;
    private final RefreshSchedule schedule;
    private final Admission admission;
    private final Duration patience;
    private final Set<Fetching> all = new LinkedHashSet<>();
    private @Nullable TrustBundles bundles;
    private boolean spreading;

    /**
     * @param slots how many fetches may be under way at a time
     * @param patience after which a fetch has failed, should the fetcher not keep its promise to answer
     */
    public RefreshingFeed(
            CertificateFetcher fetcher,
            SourceContext context,
            Actor actor,
            Witness witness,
            int slots,
            Duration patience) {
        this.fetcher = fetcher;
        this.actor = actor;
        this.witness = witness;
        this.clock = context.clock();
        this.schedule = new RefreshSchedule(context.random());
        this.admission = new Admission(slots);
        this.patience = patience;
    }

    @Override
    public String name() {
        return fetcher.name();
    }

    @Override
    public Supply open(WorkloadIdentity workload, FetchPriority priority, Sink sink) {
        Fetching fetching = new Fetching(workload, sink);
        all.add(fetching);
        fetching.enqueue(priority);
        return fetching;
    }

    @Override
    public void close() {
        fetcher.close();
    }

    /**
     * One authority has one set of roots: when an answer brings new ones, those who got theirs earlier must not refuse peers until
     * their own refresh (spec/cilium.md 6.5, GAP). Together for all answers of a moment, as all workloads are told.
     */
    private void spread(TrustBundles newest) {
        TrustBundles before = bundles;
        bundles = newest;
        if (before == null || newest.equals(before) || spreading) {
            return;
        }
        spreading = true;
        actor.schedule(this::spreadNow, SPREAD_DELAY);
    }

    private void spreadNow() {
        spreading = false;
        TrustBundles newest = bundles;
        if (newest == null) {
            return;
        }
        for (Fetching fetching : List.copyOf(all)) {
            WorkloadCertificate current = fetching.sink.current();
            if (current != null && !current.bundles().equals(newest)) {
                fetching.sink.offer(current.withBundles(newest));
            }
        }
    }

    /** The fetches of one workload, of which never two are under way. */
    private final class Fetching implements Supply, Admission.Ticket {
        private final WorkloadIdentity workload;
        private final Sink sink;
        private volatile @Nullable Instant nextRefresh;
        private @Nullable Future<?> timer;
        private int failures;
        /** Each fetch has a number, so that its late answer is not taken for the next one's. */
        private long flight;

        private boolean queued;
        private boolean flying;
        private boolean closed;

        Fetching(WorkloadIdentity workload, Sink sink) {
            this.workload = workload;
            this.sink = sink;
        }

        @Override
        public boolean request(FetchPriority priority) {
            if (flying) {
                return true;
            }
            if (!queued && failures > 0) {
                return false;
            }
            enqueue(priority);
            return true;
        }

        @Override
        public @Nullable Instant nextRefresh() {
            return nextRefresh;
        }

        @Override
        public void close() {
            closed = true;
            all.remove(this);
            admission.cancel(this);
            if (!flying) {
                // The timer of a fetch that is under way gives its slot back, should it never be answered.
                stopTimer();
            }
        }

        void enqueue(FetchPriority priority) {
            if (closed || flying) {
                return;
            }
            stopTimer();
            nextRefresh = null;
            queued = true;
            WorkloadCertificate current = sink.current();
            if (current != null) {
                // Many others may come before a refresh, but not until what is held is over.
                Duration left = Duration.between(clock.instant(), current.notAfter());
                timer = actor.schedule(() -> admission.enqueue(this, FetchPriority.REAL_TIME), left.dividedBy(2));
            }
            admission.enqueue(this, priority);
        }

        @Override
        public void admitted() {
            stopTimer();
            queued = false;
            flying = true;
            long number = ++flight;
            witness.tell((observer, source) -> observer.onFetch(source, workload));
            timer = actor.schedule(() -> landed(number, null, overdue()), patience);
            CompletionStage<WorkloadCertificate> fetch;
            try {
                fetch = fetcher.fetch(workload);
            } catch (RuntimeException e) {
                actor.execute(() -> landed(number, null, e));
                return;
            }
            fetch.whenComplete((certificate, error) -> actor.execute(() -> landed(number, certificate, error)));
        }

        private void landed(long number, @Nullable WorkloadCertificate certificate, @Nullable Throwable error) {
            if (!flying || number != flight) {
                return;
            }
            flying = false;
            stopTimer();
            if (certificate != null) {
                // Also when closed: the sink says that it was for nothing.
                TunnelException refusal = sink.offer(certificate);
                failures = refusal == null ? 0 : failures + 1;
                if (refusal == null) {
                    spread(certificate.bundles());
                }
            } else if (!closed) {
                failures++;
                sink.failed(Errors.of(workload, error == null ? overdue() : error));
            }
            if (!closed) {
                again(certificate);
            }
            admission.release();
        }

        private void again(@Nullable WorkloadCertificate certificate) {
            Instant now = clock.instant();
            Duration delay = failures == 0 && certificate != null
                    ? schedule.untilRefresh(certificate, now)
                    : schedule.untilRetry(failures, sink.current(), now);
            nextRefresh = now.plus(delay);
            timer = actor.schedule(() -> enqueue(FetchPriority.BACKGROUND), delay);
        }

        private TunnelException overdue() {
            return Errors.of(workload, fetcher.name() + " did not answer (expected: within " + patience + ")", null);
        }

        private void stopTimer() {
            Future<?> running = timer;
            if (running != null) {
                running.cancel(false);
                timer = null;
            }
        }
    }
}
