package io.hbone.xds.routing;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Gets resources that are not there yet, where not everything is sent unasked (spec/ztunnel.md 4.5). Safe for use by any thread. */
@FunctionalInterface
public interface OnDemand {
    /** Everything that can be known is there already. */
    OnDemand NEVER = name -> CompletableFuture.completedFuture(null);

    /**
     * @param name {@code network/ip}, {@code namespace/hostname} or a uid
     * @return complete when it is there, or is known not to be, or was waited for long enough; never fails
     */
    CompletionStage<?> fetch(String name);
}
