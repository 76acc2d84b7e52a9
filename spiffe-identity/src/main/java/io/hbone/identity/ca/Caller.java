package io.hbone.identity.ca;

import io.hbone.core.SpiffeId;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Who a token proved somebody to be, and what that allows. Safe for use by any thread. */
public interface Caller {

    /** For the log: one word, no secret. */
    String name();

    /** Whose certificate it gets when it names nobody; null when it has to name somebody. */
    @Nullable SpiffeId self();

    /**
     * Whether it may have a certificate of {@code id}.
     *
     * @param impersonated whether it asks as a node for one of its workloads, and not for itself
     * @return completes exceptionally when that cannot be found out now
     */
    CompletionStage<Boolean> mayHave(SpiffeId id, boolean impersonated);
}
