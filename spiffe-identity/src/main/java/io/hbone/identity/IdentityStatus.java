package io.hbone.identity;

import io.hbone.core.TrustDomain;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import java.time.Instant;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a source holds for one workload, for the operator who asks.
 *
 * @param workload whose certificate it is
 * @param source the {@link ManagedIdentitySource#name()} of where it comes from
 * @param certificate what is held; null when nothing is. It may be out of date: see {@link #isServing}
 * @param nextRefresh when it will be asked for again; null when it is pushed, or nobody will ask
 * @param lastError what went wrong last, until it goes right again; null when nothing did
 * @param lastErrorAt when that was; null exactly when {@code lastError} is
 */
public record IdentityStatus(
        WorkloadIdentity workload,
        String source,
        @Nullable WorkloadCertificate certificate,
        @Nullable Instant nextRefresh,
        @Nullable String lastError,
        @Nullable Instant lastErrorAt) {

    public IdentityStatus {
        Objects.requireNonNull(workload, "workload");
        Objects.requireNonNull(source, "source");
    }

    /** Whether connections get a certificate at {@code time}. */
    public boolean isServing(Instant time) {
        return certificate != null && certificate.isValidAt(time);
    }

    /** The serial number as {@link WorkloadCertificate#serial()} spells it; null when nothing is held. */
    public @Nullable String serial() {
        return certificate == null ? null : certificate.serial();
    }

    /** From when on what is held is valid; null when nothing is held. */
    public @Nullable Instant notBefore() {
        return certificate == null ? null : certificate.notBefore();
    }

    /** Until when what is held is valid, inclusive; null when nothing is held. */
    public @Nullable Instant notAfter() {
        return certificate == null ? null : certificate.notAfter();
    }

    /** The trust domains by whose bundles peers are judged. Immutable, in no order; empty when nothing is held. */
    public Set<TrustDomain> trustDomains() {
        return certificate == null ? Set.of() : certificate.bundles().trustDomains();
    }
}
