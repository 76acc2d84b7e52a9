package io.hbone.node.proxy;

import io.hbone.node.mesh.Mesh;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Lets connections wait for what the mesh does not say yet: pods run before control planes see them. Safe for use by any thread. */
final class Arrivals implements AutoCloseable {
    /** How long a connection waits (spec/ztunnel.md 8.5). */
    static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Map<CompletableFuture<Void>, BooleanSupplier> waiting = new ConcurrentHashMap<>();
    private final ScheduledExecutorService timer;
    private final Runnable unregister;

    /** @param timer must be there for as long as this */
    Arrivals(Mesh mesh, ScheduledExecutorService timer) {
        this.timer = timer;
        unregister = mesh.onChange(change -> look());
    }

    /** @return complete when {@code there} is true, at the latest after {@link #PATIENCE}; never fails */
    CompletableFuture<Void> await(BooleanSupplier there) {
        CompletableFuture<Void> arrived = new CompletableFuture<>();
        waiting.put(arrived, there);
        if (there.getAsBoolean()) { // it came between the question and the entry
            arrived.complete(null);
        }
        try {
            Future<?> limit = timer.schedule(() -> arrived.complete(null), PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
            arrived.whenComplete((done, failure) -> {
                limit.cancel(false);
                waiting.remove(arrived);
            });
        } catch (RejectedExecutionException e) {
            waiting.remove(arrived);
            arrived.complete(null); // everything ends
        }
        return arrived;
    }

    private void look() {
        waiting.forEach((arrived, there) -> {
            if (there.getAsBoolean()) {
                arrived.complete(null);
            }
        });
    }

    @Override
    public void close() {
        unregister.run();
        waiting.keySet().forEach(arrived -> arrived.complete(null));
    }
}
