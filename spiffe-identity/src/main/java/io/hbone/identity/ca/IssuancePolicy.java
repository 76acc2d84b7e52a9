package io.hbone.identity.ca;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a CA signs, whoever asks: service accounts of its trust domain, for no longer than it says.
 *
 * @param trustDomain of all identities
 * @param namespaces of which service accounts may be; none means all
 * @param maxLifetime of a certificate, positive; a request for more gets this much
 * @param defaultLifetime for requests that say nothing; at most {@code maxLifetime}
 */
public record IssuancePolicy(
        TrustDomain trustDomain, Set<String> namespaces, Duration maxLifetime, Duration defaultLifetime) {

    public IssuancePolicy {
        namespaces = Set.copyOf(namespaces);
        if (maxLifetime.toSeconds() < 1) {
            throw new IllegalArgumentException("maxLifetime: " + maxLifetime + " (expected: >= 1 s)");
        }
        if (defaultLifetime.toSeconds() < 1 || defaultLifetime.compareTo(maxLifetime) > 0) {
            throw new IllegalArgumentException(
                    "defaultLifetime: " + defaultLifetime + " (expected: 1 s to " + maxLifetime + ")");
        }
    }

    /** Every namespace; a day, and no more. */
    public static IssuancePolicy of(TrustDomain trustDomain) {
        return new IssuancePolicy(trustDomain, Set.of(), Duration.ofDays(1), Duration.ofDays(1));
    }

    /** Why {@code id} is not signed; null when it is. */
    @Nullable String refusal(SpiffeId id) {
        if (!id.trustDomain().equals(trustDomain)) {
            return "trust domain of " + id + " (expected: " + trustDomain + ")";
        }
        String namespace = id.namespace();
        if (namespace == null) {
            return id + " (expected: spiffe://" + trustDomain + "/ns/<namespace>/sa/<service account>)";
        }
        return namespaces.isEmpty() || namespaces.contains(namespace)
                ? null
                : "namespace of " + id + " (expected: one that this CA serves)";
    }

    /** @param seconds as asked; 0 and less say nothing */
    Duration lifetime(long seconds) {
        if (seconds <= 0) {
            return defaultLifetime;
        }
        return seconds >= maxLifetime.toSeconds() ? maxLifetime : Duration.ofSeconds(seconds);
    }
}
