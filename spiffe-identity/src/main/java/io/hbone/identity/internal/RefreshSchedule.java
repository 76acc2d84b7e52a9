package io.hbone.identity.internal;

import io.hbone.core.WorkloadCertificate;
import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** When to ask for the next certificate (spec/ztunnel.md 9.3). Safe for use by any thread. */
public final class RefreshSchedule {
    private static final Duration MIN_BACKOFF = Duration.ofSeconds(1);
    private static final Duration MAX_BACKOFF = Duration.ofSeconds(150);
    private static final double BACKOFF_JITTER = 0.2;

    /** So far to either side of the half of the lifetime, as a share of the lifetime: nodes that began together part. */
    private static final double REFRESH_JITTER = 0.05;

    /** An authority that hands out certificates that are nearly over must not be asked all the time. */
    private static final Duration MIN_REFRESH = Duration.ofSeconds(1);

    private final RandomGenerator random;

    public RefreshSchedule(RandomGenerator random) {
        this.random = random;
    }

    /** How long after {@code now} to replace {@code certificate}: at about half of its lifetime, and before its end. */
    public Duration untilRefresh(WorkloadCertificate certificate, Instant now) {
        Duration life = Duration.between(certificate.notBefore(), certificate.notAfter());
        double share = 0.5 + REFRESH_JITTER * (2 * random.nextDouble() - 1);
        Instant due = certificate.notBefore().plusMillis((long) (life.toMillis() * share));
        Duration left = Duration.between(now, certificate.notAfter());
        return min(max(Duration.between(now, due), MIN_REFRESH), left);
    }

    /**
     * How long after {@code now} to try again.
     *
     * @param failures in a row, at least one
     * @param held what is still in use; no retry is later than its end
     */
    public Duration untilRetry(int failures, @Nullable WorkloadCertificate held, Instant now) {
        long doubled = MIN_BACKOFF.toMillis() << Math.min(failures - 1, 10);
        double spread = 1 + BACKOFF_JITTER * (2 * random.nextDouble() - 1);
        long millis = Math.min((long) (doubled * spread), MAX_BACKOFF.toMillis());
        Duration delay = Duration.ofMillis(millis);
        return held == null ? delay : min(delay, Duration.between(now, held.notAfter()));
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }

    private static Duration max(Duration a, Duration b) {
        return a.compareTo(b) > 0 ? a : b;
    }
}
