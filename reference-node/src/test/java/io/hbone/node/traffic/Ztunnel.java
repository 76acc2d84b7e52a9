package io.hbone.node.traffic;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The stock node of Istio and Cilium, where it is installed. */
public final class Ztunnel {
    private Ztunnel() {}

    /** Where it is; what asks for it is not run, and says so, where it is not. */
    public static Path program() {
        Path found = find();
        assumeTrue(found != null, "missing: ztunnel (expected: ZTUNNEL_BIN, or ztunnel on PATH)");
        return found;
    }

    /** Where it is; null where it is not. */
    static Path find() {
        String named = System.getenv("ZTUNNEL_BIN");
        Stream<Path> candidates = named != null
                ? Stream.of(Path.of(named))
                : Stream.of(System.getenv("PATH").split(":")).map(folder -> Path.of(folder, "ztunnel"));
        return candidates.filter(Files::isExecutable).findFirst().orElse(null);
    }
}
