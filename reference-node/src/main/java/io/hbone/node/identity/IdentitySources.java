package io.hbone.node.identity;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.CertificateManager;
import io.hbone.identity.ManagedIdentitySource;
import io.hbone.identity.SourceContext;
import io.hbone.identity.dev.DevCa;
import io.hbone.identity.dev.DevCaIdentitySource;
import io.hbone.identity.istio.IstioCaFetcher;
import io.hbone.identity.istio.IstioCaFetcherBuilder;
import io.hbone.identity.pem.PemIdentitySource;
import io.hbone.identity.process.CriPidLookup;
import io.hbone.identity.process.PidLookup;
import io.hbone.identity.spire.SpireDelegatedSource;
import io.hbone.identity.spire.WorkloadApiSource;
import io.hbone.node.config.ConfigException;
import io.hbone.node.config.IdentityMaterial;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import org.jspecify.annotations.Nullable;

/** Opens the source of certificates that the settings ask for. */
public final class IdentitySources {
    private static final Duration LOOK = Duration.ofSeconds(2);
    private static final Duration FIRST_SVID = Duration.ofSeconds(10);

    private final @Nullable WorkloadIdentity self;
    private final TrustDomain trustDomain;
    private final String clusterId;
    private final @Nullable Integer mark;
    private final SourceContext context;

    /**
     * @param self the workload of a node that has one; null where it serves whom it is told to
     * @param trustDomain of a development CA
     * @param clusterId sent to a CA
     * @param mark the packet mark of connections to a CA, null for none
     */
    public IdentitySources(
            @Nullable WorkloadIdentity self,
            TrustDomain trustDomain,
            String clusterId,
            @Nullable Integer mark,
            SourceContext context) {
        this.self = self;
        this.trustDomain = trustDomain;
        this.clusterId = clusterId;
        this.mark = mark;
        this.context = context;
    }

    /**
     * One daemon thread: certificates are made and read here, and listeners hear of them here. Its shutdown lets sources close what
     * they have open, and forgets what was to be done later.
     */
    public static ScheduledExecutorService newExecutor() {
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, work -> {
            Thread thread = new Thread(work, "hbone-identity");
            thread.setDaemon(true);
            return thread;
        });
        executor.setRemoveOnCancelPolicy(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        return executor;
    }

    /**
     * The source, which has begun to obtain the certificate of the node's workload, if it has one: the first connection need not
     * wait for it.
     *
     * @throws ConfigException when there cannot be a certificate for the workload
     */
    public ManagedIdentitySource open(IdentityMaterial material) {
        ManagedIdentitySource source;
        if (material instanceof IdentityMaterial.Pem pem) {
            source = pem(pem, Objects.requireNonNull(self, "self"));
        } else if (material instanceof IdentityMaterial.DevelopmentCa ca) {
            source = developmentCa(ca);
        } else if (material instanceof IdentityMaterial.IstioCa ca) {
            source = istioCa(ca);
        } else if (material instanceof IdentityMaterial.SpireByPid spire) {
            source = SpireDelegatedSource.byPid(spire.admin(), processes(spire), context)
                    .timeout(spire.timeout())
                    .build();
        } else if (material instanceof IdentityMaterial.SpireBySelectors spire) {
            source = SpireDelegatedSource.bySelectors(spire.admin(), spire.selectors(), context)
                    .timeout(spire.timeout())
                    .build();
        } else {
            IdentityMaterial.WorkloadApi api = (IdentityMaterial.WorkloadApi) material;
            source = WorkloadApiSource.of(api.socket(), FIRST_SVID, context);
        }
        if (self != null) {
            source.prefetch(self);
        }
        return source;
    }

    private PidLookup processes(IdentityMaterial.SpireByPid spire) {
        Integer pid = spire.pid();
        return pid == null || self == null
                ? new CriPidLookup(spire.runtime(), spire.timeout())
                : PidLookup.of(Map.of(self.uid(), pid));
    }

    private ManagedIdentitySource istioCa(IdentityMaterial.IstioCa ca) {
        IstioCaFetcherBuilder fetcher;
        try {
            fetcher = IstioCaFetcher.builder(ca.address());
            ca.headers().forEach(fetcher::header);
        } catch (IllegalArgumentException e) {
            throw new ConfigException("CA_ADDRESS, CA_HEADER_*: " + e.getMessage(), e);
        }
        fetcher.roots(ca.roots())
                .alternativeHostname(ca.alternativeHostname())
                .tokenFile(ca.token())
                .clusterId(clusterId)
                .mark(mark)
                .impersonate(self == null)
                .lifetime(ca.lifetime())
                .clock(context.clock());
        return CertificateManager.builder(fetcher.build(), context).build();
    }

    private ManagedIdentitySource developmentCa(IdentityMaterial.DevelopmentCa material) {
        DevCa ca;
        try {
            Path directory = material.directory() == null ? DevCa.defaultDirectory() : material.directory();
            ca = DevCa.open(
                    directory, self == null ? trustDomain : self.spiffeId().trustDomain(), context.clock());
        } catch (IOException | UncheckedIOException e) {
            throw new ConfigException(String.valueOf(e.getMessage()), e);
        }
        return DevCaIdentitySource.builder(ca)
                .lifetime(material.lifetime())
                .clock(context.clock())
                .executor(context.executor())
                .observer(context.observer())
                .build();
    }

    private ManagedIdentitySource pem(IdentityMaterial.Pem pem, WorkloadIdentity workload) {
        PemIdentitySource source = PemIdentitySource.files(pem.chain(), pem.key(), pem.roots())
                .interval(LOOK)
                .clock(context.clock())
                .executor(context.executor())
                .open();
        if (source.ids().isEmpty()) {
            String problem = source.problem();
            source.close();
            throw new ConfigException("HBONE_CERT_CHAIN, HBONE_KEY, HBONE_ROOT_CERTS: " + problem);
        }
        SpiffeId id = source.ids().iterator().next();
        if (!id.equals(workload.spiffeId())) {
            source.close();
            throw ConfigException.of(
                    "HBONE_CERT_CHAIN",
                    pem.chain().toString(),
                    "a certificate of " + workload.spiffeId() + ", not of " + id);
        }
        return source;
    }
}
