package io.hbone.xds;

import com.google.protobuf.ByteString;
import java.util.List;

/**
 * One resource as it came, still encoded.
 *
 * @param name unique within its type; what a removal or a rejection refers to it by
 * @param version opaque, empty for unknown; only ever compared for equality
 * @param aliases other names that somebody may have asked for it by, such as {@code network/ip}
 * @param body the encoded message of the resource's type: the value of the {@code Any}, without its type URL
 */
public record NamedResource(String name, String version, List<String> aliases, ByteString body) {
    public NamedResource {
        aliases = List.copyOf(aliases);
    }

    public NamedResource(String name, String version, ByteString body) {
        this(name, version, List.of(), body);
    }
}
