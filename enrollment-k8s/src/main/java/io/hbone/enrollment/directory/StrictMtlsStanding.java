package io.hbone.enrollment.directory;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a StrictMtls stands.
 *
 * @param generation of what it says
 * @param problem what of it cannot be read, as agents do, and what is done instead; empty when all can
 * @param told what its status says; null when nothing does
 */
record StrictMtlsStanding(
        long generation, String problem, @Nullable AcceptedCondition told) {
    static StrictMtlsStanding of(GenericKubernetesResource object) {
        return new StrictMtlsStanding(
                Objects.requireNonNullElse(object.getMetadata().getGeneration(), 0L),
                StrictFacts.ofStrictMtls(object).problem(),
                AcceptedCondition.of(object));
    }

    /** What its status should say. */
    AcceptedCondition wanted(Instant now) {
        boolean accepted = problem.isEmpty();
        String since = told != null && told.accepted() == accepted
                ? told.since()
                : now.truncatedTo(ChronoUnit.SECONDS).toString();
        return new AcceptedCondition(
                accepted,
                accepted ? "Accepted" : "Invalid",
                accepted ? "all of it can be read" : problem,
                generation,
                since);
    }
}
