package io.hbone.node.mesh;

import io.hbone.core.TrustDomain;
import io.hbone.node.config.ConfigException;
import io.hbone.node.config.LocalXds;
import io.hbone.xds.NamedResource;
import io.hbone.xds.Rejection;
import io.hbone.xds.ResourceSink;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.file.LocalFile;
import io.hbone.xds.file.LocalFileException;
import io.hbone.xds.file.LocalFileWatch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/** What a file, or a text, says of the mesh, delivered to where the mesh is held. Safe for use by any thread. */
final class LocalDescription implements AutoCloseable {
    /** How often a file is looked at: what is changed in it holds within a second. */
    private static final Duration INTERVAL = Duration.ofMillis(100);

    private final LocalXds source;
    private final ResourceSink sink;
    /** Names of what came from here, by type. */
    private final Map<String, Set<String>> names = new ConcurrentHashMap<>();

    private final @Nullable LocalFileWatch watch;

    /**
     * Reads and delivers it.
     *
     * @param trustDomain of workloads that name none
     * @throws ConfigException when it cannot be used
     */
    LocalDescription(LocalXds source, TrustDomain trustDomain, ResourceSink sink) {
        this.source = source;
        this.sink = sink;
        if (source instanceof LocalXds.File file) {
            watch = read(file, trustDomain);
        } else {
            read((LocalXds.Inline) source, trustDomain);
            watch = null;
        }
    }

    private LocalFileWatch read(LocalXds.File file, TrustDomain trustDomain) {
        String where = file.variable() + " " + file.path() + ": ";
        LocalFileWatch opened = new LocalFileWatch(file.path(), trustDomain, this::apply);
        try {
            opened.load();
        } catch (LocalFileException e) {
            throw new ConfigException(where + e.getMessage());
        }
        String error = opened.error();
        if (error != null) {
            throw new ConfigException(where + error);
        }
        return opened;
    }

    private void read(LocalXds.Inline inline, TrustDomain trustDomain) {
        try {
            LocalFile file = LocalFile.parse(inline.yaml(), trustDomain);
            List<Rejection> rejections = new ArrayList<>(apply(TypeUrl.AUTHORIZATION, file.policies(), List.of()));
            rejections.addAll(apply(TypeUrl.ADDRESS, file.addresses(), List.of()));
            if (!rejections.isEmpty()) {
                throw new ConfigException(inline.variable() + ": " + rejections);
            }
        } catch (LocalFileException e) {
            throw new ConfigException(inline.variable() + ": " + e.getMessage());
        }
    }

    private List<Rejection> apply(String typeUrl, List<NamedResource> upserts, List<String> removals) {
        Set<String> known = names.computeIfAbsent(typeUrl, type -> ConcurrentHashMap.newKeySet());
        List<Rejection> rejections = sink.apply(typeUrl, upserts, removals);
        removals.forEach(known::remove);
        upserts.forEach(resource -> known.add(resource.name()));
        rejections.forEach(rejection -> known.remove(rejection.name()));
        return rejections;
    }

    /** Whether a resource came from here. */
    boolean has(String typeUrl, String name) {
        return names.getOrDefault(typeUrl, Set.of()).contains(name);
    }

    /** The variable that it was told by. */
    String variable() {
        return source.variable();
    }

    /** Follows what changes, when it is a file, until it is closed. */
    void follow(ScheduledExecutorService executor) {
        if (watch != null) {
            watch.start(executor, INTERVAL);
        }
    }

    /** Why what was delivered is out of date; null when it is not. */
    @Nullable String error() {
        return watch == null ? null : watch.error();
    }

    @Override
    public void close() {
        if (watch != null) {
            watch.close();
        }
    }
}
