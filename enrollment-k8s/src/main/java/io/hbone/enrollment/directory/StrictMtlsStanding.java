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
 * @param said what agents read in it
 * @param told what its status says; null when nothing does
 */
record StrictMtlsStanding(
        long generation, StrictFacts said, @Nullable AcceptedCondition told) {
    static StrictMtlsStanding of(GenericKubernetesResource object) {
        return new StrictMtlsStanding(
                Objects.requireNonNullElse(object.getMetadata().getGeneration(), 0L),
                StrictFacts.ofStrictMtls(object),
                AcceptedCondition.of(object));
    }

    /**
     * What its status should say. {@code Conflicted} is the Gateway API's word for one that another is put before.
     *
     * @param overruling the object that counts instead of it; null when it counts itself
     */
    AcceptedCondition wanted(@Nullable StrictFacts overruling, Instant now) {
        boolean readable = said.problem().isEmpty();
        boolean accepted = readable && overruling == null;
        String reason = accepted ? "Accepted" : readable ? "Conflicted" : "Invalid";
        String message = accepted ? "all of it can be read" : said.problem();
        if (overruling != null) {
            String before = overruling.created().equals(said.created()) ? "as old, first by name" : "older";
            message = (readable ? "" : message + "; ") + "overruled by StrictMtls " + overruling.name() + ", which is "
                    + before + " and for all of its workloads";
        }
        String since = told != null && told.accepted() == accepted
                ? told.since()
                : now.truncatedTo(ChronoUnit.SECONDS).toString();
        return new AcceptedCondition(accepted, reason, message, generation, since);
    }
}
