package io.hbone.enrollment.directory;

import io.hbone.enrollment.Retries;
import io.hbone.enrollment.kubernetes.WorkQueue;
import io.hbone.xds.Rejection;
import io.hbone.xds.ResourceSink;
import io.hbone.xds.TypeUrl;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells nodes of resources that may be others. */
final class Publisher implements WorkQueue.Handler<ResourceKey>, AutoCloseable {
    private static final Logger logger = LoggerFactory.getLogger(Publisher.class);

    /** What is made under the lock at once: milliseconds. */
    private static final int BATCH = 2_000;

    private final ClusterFacts facts;
    private final Resources resources;
    private final ResourceSink nodes;
    private final Executor executor;
    private final DirectoryObserver observer;
    private final WorkQueue<ResourceKey> queue;
    private final CompletableFuture<Void> told = new CompletableFuture<>();

    Publisher(
            ClusterFacts facts,
            DirectorySettings settings,
            ResourceSink nodes,
            ScheduledExecutorService executor,
            Retries retries,
            DirectoryObserver observer) {
        this.facts = facts;
        this.nodes = nodes;
        this.executor = executor;
        this.observer = observer;
        resources = new Resources(facts, settings);
        queue = WorkQueue.builder("directory", executor, this)
                .batch(BATCH)
                .retries(retries)
                .troubled(failure -> logger.warn("nodes cannot be told for the moment", failure))
                .build();
    }

    /** A resource may be another. Any thread. */
    void touched(ResourceKey key) {
        queue.add(key);
    }

    /**
     * Tells nodes of everything.
     *
     * @param all has everything touched that there is
     * @return completes when they have been told all of it
     */
    CompletionStage<Void> begin(Runnable all) {
        synchronized (facts) {
            all.run();
        }
        // Behind what has just been queued, for it may be nothing.
        executor.execute(this::settle);
        return told;
    }

    boolean hasTold() {
        return told.isDone();
    }

    @Override
    public Set<ResourceKey> handle(List<ResourceKey> keys) {
        long begin = System.nanoTime();
        Resources.Made addresses = new Resources.Made();
        Resources.Made policies = new Resources.Made();
        synchronized (facts) {
            keys.forEach(key -> resources.make(key, addresses, policies));
        }
        // A workload must not name a policy that is not there yet, nor one that is not there any more.
        tell(TypeUrl.AUTHORIZATION, new Resources.Made(policies.there(), List.of()));
        tell(TypeUrl.ADDRESS, addresses);
        tell(TypeUrl.AUTHORIZATION, new Resources.Made(List.of(), policies.gone()));
        observer.told(
                addresses.there().size() + policies.there().size(),
                addresses.gone().size() + policies.gone().size(),
                System.nanoTime() - begin);
        settle();
        return Set.of();
    }

    private void settle() {
        if (queue.size() == 0) {
            told.complete(null);
        }
    }

    private void tell(String type, Resources.Made made) {
        if (made.there().isEmpty() && made.gone().isEmpty()) {
            return;
        }
        for (Rejection rejection : nodes.apply(type, made.there(), made.gone())) {
            logger.warn("nodes are not told of {}", rejection);
            observer.rejected(rejection);
        }
    }

    @Override
    public void close() {
        queue.close();
    }
}
