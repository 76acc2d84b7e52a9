package io.hbone.enrollment.kubernetes;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.Indexer;
import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kinds of objects that are watched together. Lists come in pages, and of each object only what is needed is kept. An API server that
 * is away is tried again for ever; what was there before it went stays meanwhile.
 *
 * <p>Set up by one thread, then started once; what it hands out is for any thread.
 */
public final class ClusterWatch implements AutoCloseable {
    private static final Logger logger = LoggerFactory.getLogger(ClusterWatch.class);
    private static final long PAGE = 500;

    private final List<SharedIndexInformer<?>> informers = new ArrayList<>();
    private volatile boolean closed;

    /**
     * Watches one kind.
     *
     * @param objects which ones
     * @param kind what they are, for the log
     * @param reduce what is kept of each
     * @param changed hears of each that came, changed or went, after the index has it; quick, and for any thread
     * @return what is there, kept up to date once this is started
     */
    public <T extends HasMetadata> Indexer<T> watch(
            Informable<T> objects, String kind, UnaryOperator<T> reduce, Consumer<T> changed) {
        SharedIndexInformer<T> informer = informer(objects, kind, new ReducedItems<>(reduce));
        informer.addEventHandler(new Changes<>(changed));
        return informer.getIndexer();
    }

    /**
     * Watches one kind of which somebody else keeps what is needed, and in his own way.
     *
     * @param objects which ones
     * @param kind what they are, for the log
     * @param items is given each that comes or changes, and the name of each that went, one after another
     */
    public <T extends HasMetadata> void watch(Informable<T> objects, String kind, ItemStore<T> items) {
        informer(objects, kind, items).removeNamespaceIndex();
    }

    private <T extends HasMetadata> SharedIndexInformer<T> informer(
            Informable<T> objects, String kind, ItemStore<T> items) {
        SharedIndexInformer<T> informer = objects.withLimit(PAGE).runnableInformer(0);
        informer.itemStore(items);
        informer.exceptionHandler((started, failure) -> {
            if (!closed) {
                logger.warn("{} cannot be watched for the moment: {}", kind, failure.getMessage());
            }
            return !closed;
        });
        informers.add(informer);
        return informer;
    }

    /**
     * Begins to watch.
     *
     * @return completes when all that there is is known, however long the API server is away before
     */
    public CompletionStage<Void> start() {
        return CompletableFuture.allOf(informers.stream()
                .map(informer -> informer.start().toCompletableFuture())
                .toArray(CompletableFuture<?>[]::new));
    }

    /**
     * Whether news would come: false while the API server is away. Needs a client of {@link ClusterClients}: others say so of a watch
     * that goes without WebSocket only after its first event.
     */
    public boolean isLive() {
        return informers.stream().allMatch(informer -> informer.hasSynced() && informer.isWatching());
    }

    /** Stops watching. What was handed out stays as it was. */
    @Override
    public void close() {
        closed = true;
        informers.forEach(SharedIndexInformer::stop);
    }

    private record Changes<T>(Consumer<T> changed) implements ResourceEventHandler<T> {
        @Override
        public void onAdd(T object) {
            changed.accept(object);
        }

        @Override
        public void onUpdate(T before, T object) {
            changed.accept(object);
        }

        @Override
        public void onDelete(T object, boolean finalStateUnknown) {
            changed.accept(object);
        }
    }
}
