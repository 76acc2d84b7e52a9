package io.hbone.enrollment.kubernetes;

import io.hbone.enrollment.Retries;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keys of things that something may have to be done about. A key that is in the queue is not put there again; one that comes while it
 * is handled is handled once more afterwards, never twice at once. They are handled in the order in which they came, many together.
 *
 * <p>There are two kinds of failure. A handler that names keys had trouble with these: each is tried again on its own, later each
 * time. A handler that throws could do nothing, because what it works with is away: all keys stay, nothing at all is handled for a
 * while, and then all of them together.
 *
 * <p>Adding is for any thread and never waits. Handling takes place on the executor, which the handler may block.
 *
 * @param <K> with an equals method
 */
public final class WorkQueue<K> implements AutoCloseable {
    private static final Logger logger = LoggerFactory.getLogger(WorkQueue.class);

    private final String name;
    private final ScheduledExecutorService executor;
    private final Handler<K> handler;
    private final Retries retries;
    private final RandomGenerator random;
    private final int batch;
    private final Consumer<RuntimeException> troubled;

    private final Object lock = new Object();
    private final Set<K> waiting = new LinkedHashSet<>(); // guarded by lock
    private boolean scheduled; // guarded by lock
    private boolean closed; // guarded by lock

    // Touched by the executor's thread alone.
    private final Map<K, Integer> failures = new HashMap<>();

    private final Set<K> retrying = new HashSet<>();
    private int failuresOfAll;

    private WorkQueue(Builder<K> builder) {
        this.name = builder.name;
        this.executor = builder.executor;
        this.handler = builder.handler;
        this.retries = builder.retries;
        this.random = builder.random;
        this.batch = builder.batch;
        this.troubled = builder.troubled;
    }

    /**
     * Begins a queue.
     *
     * @param name for the log: what is handled
     * @param executor does one task at a time; the queue does not shut it down
     */
    public static <K> Builder<K> builder(String name, ScheduledExecutorService executor, Handler<K> handler) {
        return new Builder<>(name, executor, handler);
    }

    /** Has a key looked at soon, which is also when it waits to be tried again. */
    public void add(K key) {
        Objects.requireNonNull(key, "key");
        synchronized (lock) {
            if (!closed && waiting.add(key) && !scheduled) {
                scheduled = true;
                schedule(Duration.ZERO, this::drain);
            }
        }
    }

    /** Has a key looked at after a while. What comes earlier does not put that off. */
    public void addAfter(K key, Duration wait) {
        Objects.requireNonNull(key, "key");
        schedule(wait, () -> add(key));
    }

    /** How many keys wait, without those whose next try has not come. */
    public int size() {
        synchronized (lock) {
            return waiting.size();
        }
    }

    /** Handles nothing more. What is being handled is not interrupted. */
    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            waiting.clear();
        }
    }

    private void drain() {
        List<K> keys = take();
        if (keys.isEmpty()) {
            return;
        }
        Duration pause = Duration.ZERO;
        try {
            settle(keys, handler.handle(keys));
            failuresOfAll = 0;
        } catch (RuntimeException e) {
            putBack(keys);
            pause = retries.after(++failuresOfAll, random);
            logger.debug("{}: {} keys wait {} ms", name, keys.size(), pause.toMillis(), e);
            troubled.accept(e);
        }
        synchronized (lock) {
            scheduled = !closed && !waiting.isEmpty();
            if (scheduled) {
                schedule(pause, this::drain);
            }
        }
    }

    private List<K> take() {
        synchronized (lock) {
            List<K> keys = new ArrayList<>(Math.min(batch, waiting.size()));
            Iterator<K> each = waiting.iterator();
            while (each.hasNext() && keys.size() < batch) {
                keys.add(each.next());
                each.remove();
            }
            if (keys.isEmpty()) {
                scheduled = false;
            }
            return keys;
        }
    }

    /** Before those that came meanwhile: they have waited longer. */
    private void putBack(List<K> keys) {
        synchronized (lock) {
            if (!closed) {
                Set<K> came = new LinkedHashSet<>(waiting);
                waiting.clear();
                waiting.addAll(keys);
                waiting.addAll(came);
            }
        }
    }

    private void settle(List<K> handled, Set<K> failed) {
        for (K key : handled) {
            if (failed.contains(key)) {
                int times = failures.merge(key, 1, Integer::sum);
                // One that is also added otherwise is not to be tried again by several, each at its own time.
                if (retrying.add(key)) {
                    schedule(retries.after(times, random), () -> {
                        retrying.remove(key);
                        add(key);
                    });
                }
            } else {
                failures.remove(key);
            }
        }
    }

    private void schedule(Duration delay, Runnable task) {
        try {
            executor.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            logger.debug("{}: the executor is shut down", name);
        }
    }

    /**
     * Does what is to be done.
     *
     * @param <K> the keys
     */
    public interface Handler<K> {
        /**
         * Looks at some keys.
         *
         * @param keys one or more, none twice
         * @return those of them that are to be tried again later; others are ignored
         * @throws RuntimeException when nothing can be done at present
         */
        Set<K> handle(List<K> keys);
    }

    /**
     * Settings of a queue.
     *
     * @param <K> the keys
     */
    public static final class Builder<K> {
        private final String name;
        private final ScheduledExecutorService executor;
        private final Handler<K> handler;
        private Retries retries = Retries.STANDARD;
        private RandomGenerator random = new java.util.Random();
        private int batch = 1000;
        private Consumer<RuntimeException> troubled = failure -> {};

        private Builder(String name, ScheduledExecutorService executor, Handler<K> handler) {
            this.name = Objects.requireNonNull(name, "name");
            this.executor = Objects.requireNonNull(executor, "executor");
            this.handler = Objects.requireNonNull(handler, "handler");
        }

        /** The waits after failures; {@link Retries#STANDARD} if not set. */
        public Builder<K> retries(Retries value) {
            retries = Objects.requireNonNull(value, "retries");
            return this;
        }

        /** Where the jitter comes from. */
        public Builder<K> random(RandomGenerator value) {
            random = Objects.requireNonNull(value, "random");
            return this;
        }

        /** How many keys are handled together at most, 1 or more; 1000 if not set. */
        public Builder<K> batch(int value) {
            if (value < 1) {
                throw new IllegalArgumentException("batch: " + value + " (expected: 1 or more)");
            }
            batch = value;
            return this;
        }

        /** Hears on the executor's thread why nothing can be done at present; nobody if not set. */
        public Builder<K> troubled(Consumer<RuntimeException> value) {
            troubled = Objects.requireNonNull(value, "troubled");
            return this;
        }

        /** The queue, empty. */
        public WorkQueue<K> build() {
            return new WorkQueue<>(this);
        }
    }
}
