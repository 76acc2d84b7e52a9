package io.hbone.identity.istio;

import io.grpc.Metadata;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What goes along with every call: the token, the cluster, and what the operator wants to add.
 *
 * @param tokenFile read for every call, as tokens are renewed; null for none
 * @param clusterId null for none
 * @param headers by name
 */
record CallMetadata(@Nullable Path tokenFile, @Nullable String clusterId, Map<String, String> headers) {
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> CLUSTER_ID =
            Metadata.Key.of("clusterid", Metadata.ASCII_STRING_MARSHALLER);

    CallMetadata {
        headers = Map.copyOf(headers);
    }

    /** Reads the token. @throws IOException that says which file it was */
    Metadata read() throws IOException {
        Metadata metadata = new Metadata();
        if (tokenFile != null) {
            metadata.put(AUTHORIZATION, "Bearer " + token(tokenFile));
        }
        if (clusterId != null) {
            metadata.put(CLUSTER_ID, clusterId);
        }
        headers.forEach((name, value) -> metadata.put(key(name), value));
        return metadata;
    }

    static Metadata.Key<String> key(String name) {
        return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
    }

    private static String token(Path file) throws IOException {
        try {
            String token = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
            if (token.isEmpty()) {
                throw new IOException("token file " + file + ": empty");
            }
            if (token.chars().anyMatch(c -> c < 0x21 || c > 0x7e)) {
                throw new IOException("token file " + file + ": not one word of printable ASCII");
            }
            return token;
        } catch (NoSuchFileException e) {
            throw new IOException("token file " + file + ": no such file", e);
        }
    }
}
