package io.hbone.node.train;

import java.nio.file.Path;
import java.util.Map;

/** Of nodes that depend on nobody: a description of the mesh of their own, and a directory that makes them a CA. */
final class OwnFiles implements Surroundings {
    private final Path directory;
    private String mesh = "";

    /** @param directory of the CA */
    OwnFiles(Path directory) {
        this.directory = directory;
    }

    @Override
    public void tell(String mesh) {
        this.mesh = mesh;
    }

    @Override
    public Map<String, String> settings() {
        return Map.of("XDS_ADDRESS", "", "LOCAL_XDS", mesh, "HBONE_DEV_CA_DIR", directory.toString());
    }

    @Override
    public void close() {
        // Nothing runs.
    }
}
