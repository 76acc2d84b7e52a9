package io.hbone.xds.routing;

import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/** Finds the addresses of workloads that have only a name (spec/ztunnel.md 4.2, "IP pick"). Safe for use by any thread. */
@FunctionalInterface
public interface HostnameResolver {
    /** Finds nothing. */
    HostnameResolver NONE = hostname -> CompletableFuture.completedFuture(List.of());

    /** Must return at once; empty or failed when there is no address. */
    CompletionStage<List<InetAddress>> resolve(String hostname);

    /**
     * By the system's resolver, which keeps answers for a while.
     *
     * @param executor its threads wait for answers; one that is full fails the look-up
     */
    static HostnameResolver system(Executor executor) {
        return hostname -> {
            CompletableFuture<List<InetAddress>> found = new CompletableFuture<>();
            try {
                executor.execute(() -> {
                    try {
                        found.complete(List.of(InetAddress.getAllByName(hostname)));
                    } catch (Exception e) {
                        found.completeExceptionally(e);
                    }
                });
            } catch (RejectedExecutionException e) {
                found.completeExceptionally(e);
            }
            return found;
        };
    }
}
