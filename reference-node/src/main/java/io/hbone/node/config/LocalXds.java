package io.hbone.node.config;

import java.nio.file.Path;

/** Where the static description of the mesh comes from. */
public sealed interface LocalXds {

    /** The variable that says so, for error messages. */
    String variable();

    /** {@code LOCAL_XDS_PATH}. */
    record File(Path path) implements LocalXds {
        @Override
        public String variable() {
            return "LOCAL_XDS_PATH";
        }
    }

    /** {@code LOCAL_XDS}. */
    record Inline(String yaml) implements LocalXds {
        @Override
        public String variable() {
            return "LOCAL_XDS";
        }
    }
}
