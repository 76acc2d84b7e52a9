package io.hbone.xds.server;

import io.hbone.xds.NamedResource;
import io.hbone.xds.Rejection;
import io.hbone.xds.ResourceSink;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Holds what it is given, by name. What has the text "bad" in its body is rejected. */
public final class RecordingSink implements ResourceSink {
    private final Map<String, NamedResource> held = new ConcurrentHashMap<>();
    public final AtomicInteger upserts = new AtomicInteger();
    public final AtomicInteger batches = new AtomicInteger();

    @Override
    public List<Rejection> apply(String typeUrl, List<NamedResource> resources, List<String> removals) {
        List<Rejection> rejections = new ArrayList<>();
        removals.forEach(held::remove);
        for (NamedResource resource : resources) {
            if (resource.body().toStringUtf8().contains("bad")) {
                rejections.add(new Rejection(resource.name(), "bad (expected: good)"));
            } else {
                held.put(resource.name(), resource);
            }
        }
        upserts.addAndGet(resources.size());
        batches.incrementAndGet();
        return rejections;
    }

    public Set<String> names() {
        return Set.copyOf(held.keySet());
    }

    public String body(String name) {
        NamedResource resource = held.get(name);
        return resource == null ? "" : resource.body().toStringUtf8();
    }
}
