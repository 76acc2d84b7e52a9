package io.hbone.node.config;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Where the workload's certificate comes from. */
public sealed interface IdentityMaterial {

    /**
     * A development CA of our own: {@code FAKE_CA} or {@code HBONE_DEV_CA_DIR}.
     *
     * @param directory what nodes that trust each other share; null for one of this user's under the temporary directory
     * @param lifetime of the certificates that it issues: {@code SECRET_TTL}
     */
    record DevelopmentCa(@Nullable Path directory, Duration lifetime) implements IdentityMaterial {}

    /** PEM files that somebody else renews: {@code HBONE_CERT_CHAIN}, {@code HBONE_KEY}, {@code HBONE_ROOT_CERTS}. */
    record Pem(Path chain, Path key, Path roots) implements IdentityMaterial {}
}
