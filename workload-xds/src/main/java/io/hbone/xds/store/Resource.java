package io.hbone.xds.store;

import com.google.protobuf.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * A workload or a service, and where it came from.
 *
 * @param name of the resource
 * @param version of the resource; opaque, empty for unknown
 * @param encoded as it came; null when the store does not keep that
 */
public record Resource<T>(
        String name, String version, T value, @Nullable ByteString encoded) {
    /** The name and the version, for people. */
    @Override
    public String toString() {
        return version.isEmpty() ? name : name + '@' + version;
    }
}
