package io.hbone.identity.dev;

import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.CertificateManager;
import io.hbone.identity.IdentityObserver;
import io.hbone.identity.IdentityStatus;
import io.hbone.identity.ManagedIdentitySource;
import io.hbone.identity.SourceContext;
import io.hbone.identity.internal.IdentityThreads;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Certificates from a {@link DevCa}: issued at the first request for a workload and kept fresh as {@link CertificateManager} says,
 * until the workload is forgotten.
 *
 * <p>Work is done, stages complete and listeners are called on the executor.
 */
public final class DevCaIdentitySource implements ManagedIdentitySource {
    private final ManagedIdentitySource managed;

    /** Null when the executor is the caller's. */
    private final @Nullable ScheduledExecutorService own;

    private DevCaIdentitySource(Builder builder) {
        ScheduledExecutorService given = builder.executor;
        ScheduledExecutorService executor = given == null ? IdentityThreads.single("hbone-dev-ca") : given;
        SourceContext context = new SourceContext(builder.clock, executor, builder.random, builder.observer);
        this.own = given == null ? executor : null;
        this.managed = CertificateManager.builder(new DevCaFetcher(builder.ca, builder.lifetime), context)
                .build();
    }

    /** A source of certificates of {@code ca}. */
    public static Builder builder(DevCa ca) {
        return new Builder(ca);
    }

    @Override
    public String name() {
        return managed.name();
    }

    @Override
    public CompletionStage<WorkloadCertificate> certificate(WorkloadIdentity workload) {
        return managed.certificate(workload);
    }

    @Override
    public @Nullable WorkloadCertificate current(WorkloadIdentity workload) {
        return managed.current(workload);
    }

    @Override
    public void prefetch(WorkloadIdentity workload) {
        managed.prefetch(workload);
    }

    @Override
    public Subscription subscribe(WorkloadIdentity workload, Listener listener) {
        return managed.subscribe(workload, listener);
    }

    @Override
    public void forget(WorkloadIdentity workload) {
        managed.forget(workload);
    }

    @Override
    public List<IdentityStatus> identities() {
        return managed.identities();
    }

    @Override
    public void close() {
        managed.close();
        if (own != null) {
            own.shutdown();
        }
    }

    /** Makes a {@link DevCaIdentitySource}. */
    public static final class Builder {
        private static final Duration LIFETIME = Duration.ofHours(24);

        private final DevCa ca;
        private Duration lifetime = LIFETIME;
        private Clock clock = Clock.systemUTC();
        private RandomGenerator random = () -> ThreadLocalRandom.current().nextLong();
        private IdentityObserver observer = IdentityObserver.NONE;
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

        /** Is told what happens; nobody is if not said. */
        public Builder observer(IdentityObserver value) {
            observer = Objects.requireNonNull(value, "observer");
            return this;
        }

        public DevCaIdentitySource build() {
            return new DevCaIdentitySource(this);
        }
    }
}
