package io.hbone.node;

import io.hbone.core.IdentitySource;
import io.hbone.core.SpiffeId;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.dev.DevCa;
import io.hbone.identity.dev.DevCaIdentitySource;
import io.hbone.identity.pem.PemIdentitySource;
import io.hbone.node.config.ConfigException;
import io.hbone.node.config.IdentityMaterial;
import io.hbone.node.config.ProxyConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

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
        IdentitySource source = DevCaIdentitySource.builder(devCa(material, self, clock))
                .lifetime(material.lifetime())
                .clock(clock)
                .executor(executor)
                .build();
        // Issued while the listeners come up: the first connection need not wait for it.
        source.certificate(self);
        return source;
    }

    private static DevCa devCa(IdentityMaterial.DevelopmentCa material, WorkloadIdentity self, Clock clock) {
        try {
            Path directory = material.directory() == null ? DevCa.defaultDirectory() : material.directory();
            return DevCa.open(directory, self.spiffeId().trustDomain(), clock);
        } catch (IOException | UncheckedIOException e) {
            throw new ConfigException(String.valueOf(e.getMessage()), e);
        }
    }

    private static IdentitySource pem(
            IdentityMaterial.Pem pem, WorkloadIdentity self, Clock clock, ScheduledExecutorService executor) {
        PemIdentitySource source = PemIdentitySource.files(pem.chain(), pem.key(), pem.roots())
                .interval(LOOK)
                .clock(clock)
                .executor(executor)
                .open();
        if (source.ids().isEmpty()) {
            String problem = source.problem();
            source.close();
            throw new ConfigException("HBONE_CERT_CHAIN, HBONE_KEY, HBONE_ROOT_CERTS: " + problem);
        }
        SpiffeId id = source.ids().iterator().next();
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
