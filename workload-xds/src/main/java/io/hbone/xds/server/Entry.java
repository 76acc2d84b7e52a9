package io.hbone.xds.server;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.hbone.xds.NamedResource;
import io.hbone.xds.proto.discovery.Resource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The last change of a name.
 *
 * @param revision grows with every change of the type
 * @param resource null when it was removed
 * @param encoded the same as it is sent, encoded once for all clients; null when it was removed
 * @param lostAliases that the name had before, and has no more
 */
record Entry(
        long revision,
        String name,
        @Nullable NamedResource resource,
        @Nullable ByteString encoded,
        List<String> lostAliases) {
    static Entry of(long revision, String typeUrl, NamedResource resource, List<String> lostAliases) {
        Any body =
                Any.newBuilder().setTypeUrl(typeUrl).setValue(resource.body()).build();
        Resource message = Resource.newBuilder()
                .setName(resource.name())
                .setVersion(resource.version())
                .addAllAliases(resource.aliases())
                .setResource(body)
                .build();
        return new Entry(revision, resource.name(), resource, message.toByteString(), lostAliases);
    }

    static Entry removed(long revision, String name, List<String> lostAliases) {
        return new Entry(revision, name, null, null, lostAliases);
    }

    /** The same resource by a name that a client asked for it by. Of a field that comes twice the last counts. */
    static ByteString under(String name, ByteString encoded) {
        return encoded.concat(Resource.newBuilder().setName(name).build().toByteString());
    }
}
