package io.hbone.enrollment.directory;

import io.fabric8.kubernetes.client.utils.Serialization;

/** Objects as people write them. */
final class Yaml {
    private Yaml() {}

    static <T> T read(String yaml, Class<T> type) {
        // The dashes keep what begins with a brace from being taken for JSON.
        return Serialization.unmarshal("---\n" + yaml, type);
    }
}
