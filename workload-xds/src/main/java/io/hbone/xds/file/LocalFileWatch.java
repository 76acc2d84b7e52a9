package io.hbone.xds.file;

import io.hbone.core.FileStamp;
import io.hbone.core.TrustDomain;
import io.hbone.xds.NamedResource;
import io.hbone.xds.Rejection;
import io.hbone.xds.ResourceSink;
import io.hbone.xds.TypeUrl;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a {@link ResourceSink} as a local file says. It is looked at again and again rather than watched by the kernel: mounted
 * ConfigMaps are swapped by symbolic links, and network file systems tell nobody. What did not change is not delivered again.
 */
public final class LocalFileWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LocalFileWatch.class);

    private final Path path;
    private final TrustDomain trustDomain;
    private final ResourceSink sink;
    /** What was delivered: versions by name, by type. */
    private final Map<String, Map<String, String>> delivered = new HashMap<>();

    private @Nullable FileStamp seen;
    private volatile @Nullable String error;
    private @Nullable ScheduledFuture<?> task;

    /** @param trustDomain of workloads that name none */
    public LocalFileWatch(Path path, TrustDomain trustDomain, ResourceSink sink) {
        this.path = path;
        this.trustDomain = trustDomain;
        this.sink = sink;
    }

    /**
     * Delivers the file for the first time.
     *
     * @throws LocalFileException when it cannot be used; nothing is delivered then
     */
    public synchronized Counts load() {
        seen = FileStamp.find(path);
        return readAndDeliver();
    }

    /** How much there is in the file. */
    public record Counts(int workloads, int services, int policies) {
        /** For the log. */
        @Override
        public String toString() {
            return workloads + " workloads, " + services + " services, " + policies + " policies";
        }
    }

    /**
     * Looks whether the file changed, and delivers what did.
     *
     * @return whether it was looked into
     */
    public synchronized boolean poll() {
        FileStamp now = FileStamp.find(path);
        if (now != null && now.equals(seen)) {
            return false;
        }
        seen = now;
        try {
            LOG.info("{} changed: {}", path, readAndDeliver());
        } catch (LocalFileException e) {
            String message = String.valueOf(e.getMessage());
            if (!message.equals(error)) {
                LOG.warn("{} is not used, what it said before counts: {}", path, message);
            }
            error = message;
        }
        return true;
    }

    /** Why the file as it is now is not what counts; null when it is. From any thread. */
    public @Nullable String error() {
        return error;
    }

    /** Looks at the file now and again. {@link #close} ends it. */
    public synchronized void start(ScheduledExecutorService executor, Duration interval) {
        long nanos = interval.toNanos();
        task = executor.scheduleWithFixedDelay(this::pollSafely, nanos, nanos, TimeUnit.NANOSECONDS);
    }

    private void pollSafely() {
        try {
            poll();
        } catch (RuntimeException e) {
            LOG.error("{} could not be followed", path, e);
        }
    }

    @Override
    public synchronized void close() {
        if (task != null) {
            task.cancel(false);
        }
    }

    private Counts readAndDeliver() {
        EncodedEntries entries =
                LocalFileReader.read(() -> Files.newBufferedReader(path), trustDomain, EncodedEntries::new);
        // Policies first: a workload must not name one that is not there yet.
        List<Rejection> rejections = new ArrayList<>(deliver(TypeUrl.AUTHORIZATION, entries.policies()));
        rejections.addAll(deliver(TypeUrl.ADDRESS, entries.addresses()));
        error = rejections.isEmpty() ? null : "not used of it: " + rejections;
        if (!rejections.isEmpty()) {
            LOG.warn("{}: {}", path, error);
        }
        return entries.counts();
    }

    private List<Rejection> deliver(String typeUrl, List<NamedResource> resources) {
        Map<String, String> before = delivered.getOrDefault(typeUrl, Map.of());
        Map<String, String> after = new HashMap<>();
        List<NamedResource> upserts = new ArrayList<>();
        for (NamedResource resource : resources) {
            after.put(resource.name(), resource.version());
            if (!resource.version().equals(before.get(resource.name()))) {
                upserts.add(resource);
            }
        }
        List<String> removals = new ArrayList<>(before.keySet());
        removals.removeIf(after::containsKey);
        if (upserts.isEmpty() && removals.isEmpty()) {
            return List.of();
        }
        List<Rejection> rejections = sink.apply(typeUrl, upserts, removals);
        for (Rejection rejection : rejections) {
            // What was held before is held still; this one is tried again.
            String held = before.get(rejection.name());
            if (held == null) {
                after.remove(rejection.name());
            } else {
                after.put(rejection.name(), held);
            }
        }
        delivered.put(typeUrl, after);
        return rejections;
    }
}
