package io.hbone.enrollment.directory;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An informer's memory that keeps facts instead of objects. An informer asks it only for names, to learn after it was away which
 * objects have gone meanwhile; it is given what has a name and nothing else.
 */
final class Items<T extends HasMetadata, F> implements ItemStore<T> {
    private final Object lock;
    private final Table<F> table;
    private final Function<T, @Nullable F> facts;

    /**
     * @param lock of the table
     * @param facts what is kept of an object; null for nothing
     */
    Items(Object lock, Table<F> table, Function<T, @Nullable F> facts) {
        this.lock = lock;
        this.table = table;
        this.facts = facts;
    }

    @Override
    public String getKey(T item) {
        return Cache.metaNamespaceKeyFunc(item);
    }

    @Override
    public @Nullable T put(String key, T item) {
        F kept = facts.apply(item);
        synchronized (lock) {
            table.put(namespace(item.getMetadata()), item.getMetadata().getName(), kept);
        }
        return null;
    }

    @Override
    public @Nullable T remove(String key) {
        int slash = key.indexOf('/');
        synchronized (lock) {
            table.put(slash < 0 ? "" : key.substring(0, slash), key.substring(slash + 1), null);
        }
        return null;
    }

    /** What it had is gone: nobody watches this kind any more. */
    void clear() {
        synchronized (lock) {
            table.clear();
        }
    }

    @Override
    public Stream<String> keySet() {
        return names().stream().map(Cache::metaNamespaceKeyFunc);
    }

    @Override
    @SuppressWarnings("unchecked") // nobody but the informer sees them, and it asks for their names alone
    public Stream<T> values() {
        return names().stream().map(name -> (T) name);
    }

    @Override
    public int size() {
        synchronized (lock) {
            return table.size();
        }
    }

    @Override
    public @Nullable T get(String key) {
        return null;
    }

    private List<Named> names() {
        synchronized (lock) {
            List<Named> names = new ArrayList<>(table.size());
            table.forEachEntry((namespace, name, known) -> names.add(new Named(namespace, name)));
            return names;
        }
    }

    private static String namespace(ObjectMeta meta) {
        return Objects.requireNonNullElse(meta.getNamespace(), "");
    }

    /** An object of which nothing is known but its name. */
    private record Named(String namespace, String name) implements HasMetadata {
        @Override
        public ObjectMeta getMetadata() {
            return new ObjectMetaBuilder()
                    .withNamespace(namespace.isEmpty() ? null : namespace)
                    .withName(name)
                    .build();
        }

        @Override
        public void setMetadata(ObjectMeta metadata) {
            throw new UnsupportedOperationException("a name is for reading");
        }

        @Override
        public void setApiVersion(String version) {
            throw new UnsupportedOperationException("a name is for reading");
        }
    }
}
