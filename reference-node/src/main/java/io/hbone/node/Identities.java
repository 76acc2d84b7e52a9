package io.hbone.node;

import io.hbone.core.IdentitySource;
import io.hbone.core.SpiffeId;
import io.hbone.core.WorkloadIdentity;
import io.hbone.node.config.ConfigException;
import io.hbone.node.config.IdentityMaterial;
import io.hbone.node.config.ProxyConfig;
import io.hbone.node.identity.DevCa;
import io.hbone.node.identity.DevCaIdentitySource;
import io.hbone.node.identity.PemIdentitySource;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;

/** Opens the source of certificates that the settings ask for. */
final class Identities {
    private static final Duration LOOK = Duration.ofSeconds(2);

    private Identities() {}

    /** One daemon thread: certificates are made and read here, and listeners hear of them here. */
    static ScheduledExecutorService newExecutor() {
        return Executors.newSingleThreadScheduledExecutor(work -> {
            Thread thread = new Thread(work, "hbone-identity");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** @throws ConfigException when there cannot be a certificate for {@code self} */
    static IdentitySource open(
            ProxyConfig config, WorkloadIdentity self, Clock clock, ScheduledExecutorService executor) {
        if (config.identity() instanceof IdentityMaterial.Pem pem) {
            return pem(pem, self, clock, executor);
        }
        IdentityMaterial.DevelopmentCa material = (IdentityMaterial.DevelopmentCa) config.identity();
        Path directory = material.directory() == null ? DevCa.defaultDirectory() : material.directory();
        DevCa ca = DevCa.open(directory, self.spiffeId().trustDomain(), clock);
        IdentitySource source = new DevCaIdentitySource(
                ca,
                material.lifetime(),
                clock,
                executor,
                () -> ThreadLocalRandom.current().nextLong());
        // Issued while the listeners come up: the first connection need not wait for it.
        source.certificate(self);
        return source;
    }

    private static IdentitySource pem(
            IdentityMaterial.Pem pem, WorkloadIdentity self, Clock clock, ScheduledExecutorService executor) {
        PemIdentitySource source = new PemIdentitySource(pem.chain(), pem.key(), pem.roots(), LOOK, clock, executor);
        SpiffeId id = source.id();
        if (id == null) {
            String problem = source.problem();
            source.close();
            throw new ConfigException("HBONE_CERT_CHAIN, HBONE_KEY, HBONE_ROOT_CERTS: " + problem);
        }
        if (!id.equals(self.spiffeId())) {
            source.close();
            throw ConfigException.of(
                    "HBONE_CERT_CHAIN",
                    pem.chain().toString(),
                    "a certificate of " + self.spiffeId() + ", not of " + id);
        }
        return source;
    }
}
