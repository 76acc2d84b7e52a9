package io.hbone.identity;

import io.hbone.identity.internal.HeldCertificates;
import io.hbone.identity.internal.RefreshingFeed;
import java.time.Duration;
import java.util.Objects;

/**
 * Makes an identity source of an authority that has to be asked (spec/ztunnel.md 9.3).
 *
 * <p>Each workload's certificate is fetched once, whoever asks, and again when about half of its life is over. When that fails it
 * stays in use until it is over, and the fetch is repeated after a second, two, four and so on up to 150 seconds, each 20 % more
 * or less, and not later than the certificate's end. Who asks in between, with none at hand, gets the last error at once. Waiting
 * connections come first, then what was prefetched, then refreshes.
 *
 * <p>What comes must be of the workload's id, valid now, and signed by an authority of its own trust domain; else it is refused.
 */
public final class CertificateManager {
    private CertificateManager() {}

    public static Builder builder(CertificateFetcher fetcher, SourceContext context) {
        return new Builder(fetcher, context);
    }

    /** Not safe for use by several threads. */
    public static final class Builder {
        private static final int CONCURRENT_FETCHES = 8;
        private static final Duration PATIENCE = Duration.ofSeconds(60);

        private final CertificateFetcher fetcher;
        private final SourceContext context;
        private int concurrentFetches = CONCURRENT_FETCHES;
        private Duration patience = PATIENCE;

        private Builder(CertificateFetcher fetcher, SourceContext context) {
            this.fetcher = Objects.requireNonNull(fetcher, "fetcher");
            this.context = Objects.requireNonNull(context, "context");
        }

        /** How many fetches may be under way at a time, at least 1; 8 unless set. */
        public Builder concurrentFetches(int count) {
            if (count < 1) {
                throw new IllegalArgumentException("concurrentFetches: " + count + " (expected: >= 1)");
            }
            concurrentFetches = count;
            return this;
        }

        /** After how long without an answer a fetch has failed, more than zero; a minute unless set. */
        public Builder patience(Duration duration) {
            if (duration.isZero() || duration.isNegative()) {
                throw new IllegalArgumentException("patience: " + duration + " (expected: more than zero)");
            }
            patience = duration;
            return this;
        }

        /** The source, which closes the fetcher when it is closed. */
        public ManagedIdentitySource build() {
            int slots = concurrentFetches;
            Duration limit = patience;
            return new HeldCertificates(
                    fetcher.name(),
                    context,
                    (actor, witness) -> new RefreshingFeed(fetcher, context, actor, witness, slots, limit));
        }
    }
}
