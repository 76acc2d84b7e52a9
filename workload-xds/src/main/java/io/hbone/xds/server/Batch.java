package io.hbone.xds.server;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.hbone.xds.proto.discovery.DeltaDiscoveryResponse;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * A response in the making. Of one name only the last is said: clients take all resources of a response first and all removals
 * after them, whatever the order in which they came about (spec/cilium.md 4.3).
 */
final class Batch {
    /** Of a field's tag, its length, and what an alias adds. */
    private static final int OVERHEAD = 16;

    private final int maxBytes;
    private final Map<String, ByteString> added = new LinkedHashMap<>();
    private final Set<String> removed = new LinkedHashSet<>();
    private int bytes;

    /** @param maxBytes of which it is full; the resource that fills it may reach beyond */
    Batch(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    boolean hasRoom() {
        return bytes < maxBytes;
    }

    boolean isEmpty() {
        return added.isEmpty() && removed.isEmpty();
    }

    /**
     * Adds a resource by its name, or by the alias by which the client asked for it: ztunnel waits for the very name, and does not
     * look at aliases (spec/ztunnel.md 4.5).
     */
    void add(String name, Entry entry) {
        ByteString encoded = entry.encoded();
        if (encoded == null) {
            return;
        }
        removed.remove(name);
        added.put(name, name.equals(entry.name()) ? encoded : Entry.under(name, encoded));
        bytes += encoded.size() + OVERHEAD;
    }

    void remove(String name) {
        added.remove(name);
        if (removed.add(name)) {
            bytes += name.length() + OVERHEAD;
        }
    }

    /**
     * The response. Its resources are there by the number of their field and encoded already: on the wire that is the same, and
     * nothing is encoded again for each of a hundred clients. {@code getResourcesList()} does not show them.
     */
    DeltaDiscoveryResponse.Builder build() {
        DeltaDiscoveryResponse.Builder response =
                DeltaDiscoveryResponse.newBuilder().addAllRemovedResources(removed);
        if (!added.isEmpty()) {
            UnknownFieldSet.Field.Builder resources = UnknownFieldSet.Field.newBuilder();
            added.values().forEach(resources::addLengthDelimited);
            response.setUnknownFields(UnknownFieldSet.newBuilder()
                    .addField(DeltaDiscoveryResponse.RESOURCES_FIELD_NUMBER, resources.build())
                    .build());
        }
        return response;
    }
}
