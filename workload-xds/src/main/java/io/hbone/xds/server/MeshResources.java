package io.hbone.xds.server;

import com.google.protobuf.ByteString;
import io.hbone.xds.NamedResource;
import io.hbone.xds.Rejection;
import io.hbone.xds.ResourceSink;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * What a server serves, by type and name. Whoever feeds it need not know of clients: a put of what is there already is nothing,
 * and between a put and a removal of one name only the last counts. Safe for use by any thread; no call waits for a client.
 *
 * <p>A resource without a version gets one made of its content, so that clients that come back after a restart of the server are
 * sent only what has changed.
 */
public final class MeshResources implements ResourceSink {
    /** The greatest body: what fits into the 4 MiB that gRPC clients take by default, with its name. */
    public static final int MAX_BODY = 3 << 20;

    private static final int VERSION_BYTES = 12;

    private final Map<String, ResourceTable> tables = new ConcurrentHashMap<>();
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    /**
     * Adds a resource, or replaces the one of its name.
     *
     * @throws IllegalArgumentException when it is too large, or has no name
     */
    public void put(String typeUrl, NamedResource resource) {
        List<Rejection> rejections = apply(typeUrl, List.of(resource), List.of());
        if (!rejections.isEmpty()) {
            throw new IllegalArgumentException(rejections.get(0).toString());
        }
    }

    /** Removes the resource of that name, if there is one. */
    public void remove(String typeUrl, String name) {
        apply(typeUrl, List.of(), List.of(name));
    }

    /** All resources of a type, as they are now. */
    public List<NamedResource> snapshot(String typeUrl) {
        return table(typeUrl).snapshot();
    }

    /**
     * Makes {@code resources} all that there is of a type.
     *
     * @return what was not taken; what was held under such a name stays
     */
    public List<Rejection> replace(String typeUrl, Collection<NamedResource> resources) {
        Set<String> gone = new HashSet<>();
        table(typeUrl).snapshot().forEach(held -> gone.add(held.name()));
        resources.forEach(resource -> gone.remove(resource.name()));
        return apply(typeUrl, List.copyOf(resources), List.copyOf(gone));
    }

    @Override
    public List<Rejection> apply(String typeUrl, List<NamedResource> upserts, List<String> removals) {
        List<Rejection> rejections = new ArrayList<>();
        Map<String, NamedResource> last = new LinkedHashMap<>();
        for (NamedResource resource : upserts) {
            String wrong = wrong(resource);
            if (wrong.isEmpty()) {
                last.put(resource.name(), versioned(resource));
            } else {
                rejections.add(new Rejection(resource.name(), wrong));
            }
        }
        Set<String> named = new HashSet<>();
        upserts.forEach(resource -> named.add(resource.name()));
        ResourceTable table = table(typeUrl);
        boolean changed = false;
        for (NamedResource resource : last.values()) {
            changed |= table.put(resource);
        }
        for (String name : removals) {
            changed |= !named.contains(name) && table.remove(name);
        }
        if (changed) {
            listeners.forEach(Runnable::run);
        }
        return rejections;
    }

    private static String wrong(NamedResource resource) {
        if (resource.name().isEmpty()) {
            return "no name (expected: one that is unique within the type)";
        }
        int size = resource.body().size();
        return size <= MAX_BODY ? "" : size + " bytes (expected: <= " + MAX_BODY + ")";
    }

    private static NamedResource versioned(NamedResource resource) {
        if (!resource.version().isEmpty()) {
            return resource;
        }
        return new NamedResource(resource.name(), digest(resource.body()), resource.aliases(), resource.body());
    }

    private static String digest(ByteString body) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(body.asReadOnlyByteBuffer());
            return HexFormat.of().formatHex(digest.digest(), 0, VERSION_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    ResourceTable table(String typeUrl) {
        return tables.computeIfAbsent(typeUrl, ResourceTable::new);
    }

    /** Calls {@code listener} after each change, on the thread that made it. @return ends that */
    Runnable onChange(Runnable listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    /** How many resources there are, by type. */
    public Map<String, Integer> sizes() {
        Map<String, Integer> sizes = new HashMap<>();
        tables.forEach((type, table) -> sizes.put(type, table.size()));
        return sizes;
    }
}
