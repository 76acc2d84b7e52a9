package io.hbone.node.admin;

import io.hbone.core.HboneSettings;
import io.hbone.core.TrustBundle;
import io.hbone.core.WorkloadCertificate;
import io.hbone.identity.IdentityStatus;
import io.hbone.netty.socket.Sockets;
import io.hbone.node.config.IdentityMaterial;
import io.hbone.node.config.ListenPlan;
import io.hbone.node.config.LocalXds;
import io.hbone.node.config.ProxyConfig;
import io.hbone.node.config.ProxyMode;
import io.hbone.node.mesh.Mesh;
import io.hbone.node.text.Ip;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * All that the node knows and how it is set up, in the words of ztunnel's {@code config_dump} (spec/ztunnel.md 11), which {@code
 * istioctl ztunnel-config} reads. Made anew for each request. Private keys are not in it.
 */
public final class ConfigDump {
    private final ProxyConfig config;
    private final String version;
    private final Mesh mesh;
    private final Supplier<List<IdentityStatus>> identities;
    private final Clock clock;
    private final Supplier<Map<String, Object>> workloadState;

    /**
     * @param identities the certificates at hand
     * @param clock by which they are valid
     * @param workloadState the pods that are served, by uid; empty where there are none to tell
     */
    public ConfigDump(
            ProxyConfig config,
            String version,
            Mesh mesh,
            Supplier<List<IdentityStatus>> identities,
            Clock clock,
            Supplier<Map<String, Object>> workloadState) {
        this.config = config;
        this.version = version;
        this.mesh = mesh;
        this.identities = identities;
        this.clock = clock;
        this.workloadState = workloadState;
    }

    Map<String, Object> dump() {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("workloads", mesh.dumpWorkloads());
        out.put("services", mesh.dumpServices());
        out.put("policies", mesh.dumpPolicies());
        out.put("stagedServices", mesh.dumpStaged());
        out.put("staticConfig", mesh.dumpLocal());
        String error = mesh.error();
        if (error != null) {
            out.put("staticConfigError", error);
        }
        Map<String, Object> xds = mesh.dumpXds();
        if (xds != null) {
            out.put("xds", xds);
        }
        out.put("version", version());
        out.put("config", config());
        out.put("certificates", certificates());
        out.put("workloadState", workloadState.get());
        return out;
    }

    private Map<String, Object> version() {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("version", version);
        out.put("javaVersion", Runtime.version().toString());
        return out;
    }

    private Map<String, Object> config() {
        HboneSettings tunnel = config.tunnel();
        ListenPlan listen = config.listen();
        Sockets sockets = config.sockets();
        Map<String, Object> out = new LinkedHashMap<>();
        mode(out);
        out.put("network", config.network());
        out.put("localNode", config.nodeName());
        out.put("clusterId", config.clusterId());
        out.put("trustDomain", config.trustDomain());
        out.put("xdsAddress", config.xds() == null ? null : config.xds().address());
        out.put("xdsOnDemand", config.xds() != null && config.xds().onDemand());
        out.put("localXds", local(config.localXds()));
        out.put("identity", identity(config.identity()));
        out.put("outboundAddr", listen.show(listen.outbound()));
        out.put("inboundAddr", listen.show(listen.inbound()));
        out.put("inboundPlaintextAddr", listen.show(listen.plaintext()));
        Integer socks = listen.socks();
        out.put("socks5Addr", socks == null ? null : Ip.format(listen.onLoopback(socks)));
        out.put("adminAddr", Ip.format(listen.onLoopback(listen.admin())));
        out.put("statsAddr", listen.show(listen.metrics()));
        out.put("readinessAddr", listen.show(listen.readiness()));
        out.put("illegalPorts", listen.illegalPorts());
        out.put("ipv6Enabled", listen.ipv6());
        Integer mark = sockets.mark();
        out.put("packetMark", mark == null ? null : Integer.toUnsignedLong(mark));
        out.put(
                "requireOriginalSource",
                switch (sockets.originalSource()) {
                    case AUTO -> null;
                    case ON -> true;
                    case OFF -> false;
                });
        out.put("socketConfig", keepalive(sockets));
        out.put("windowSize", tunnel.maxStreamWindow());
        out.put("connectionWindowSize", tunnel.connectionWindow());
        out.put("frameSize", tunnel.maxFrameSize());
        out.put("poolMaxStreamsPerConn", tunnel.maxStreamsPerTunnel());
        out.put("poolUnusedReleaseTimeout", duration(tunnel.tunnelIdleTimeout()));
        out.put("selfTerminationDeadline", duration(config.drainDeadline()));
        out.put("numWorkerThreads", config.workers());
        out.put("transport", sockets.transport());
        out.put("enableEnhancedBaggage", config.responseBaggage());
        out.put("localhostAppTunnel", config.loopbackTunnels());
        out.put("authzPolicyInfoLogging", config.logPolicies());
        out.put("ignored", config.ignored());
        return out;
    }

    private void mode(Map<String, Object> out) {
        if (config.mode() instanceof ProxyMode.Shared shared) {
            out.put("proxyMode", "Shared");
            out.put("inpodUds", shared.agent());
            out.put("inpodPortReuse", shared.sharedPorts());
        } else if (config.mode() instanceof ProxyMode.Dedicated dedicated) {
            out.put("proxyMode", "Dedicated");
            Map<String, Object> workload = new LinkedHashMap<>();
            workload.put("name", dedicated.workload().name());
            workload.put("namespace", dedicated.workload().namespace());
            workload.put("serviceAccount", dedicated.workload().serviceAccount());
            out.put("proxyWorkloadInformation", workload);
        }
    }

    private static @Nullable Object local(@Nullable LocalXds local) {
        return local instanceof LocalXds.File file ? file.path() : local == null ? null : "inline";
    }

    private static Map<String, Object> identity(IdentityMaterial material) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("source", material.name());
        if (material instanceof IdentityMaterial.Pem pem) {
            out.put("chain", pem.chain());
            out.put("key", pem.key());
            out.put("roots", pem.roots());
        } else if (material instanceof IdentityMaterial.DevelopmentCa ca) {
            out.put("developmentCa", ca.directory() == null ? "default" : ca.directory());
            out.put("secretTtl", duration(ca.lifetime()));
        } else if (material instanceof IdentityMaterial.IstioCa ca) {
            out.put("caAddress", ca.address());
            out.put("caRootCert", ca.roots());
            out.put("altCaHostname", ca.alternativeHostname());
            out.put("authToken", ca.token());
            out.put("secretTtl", duration(ca.lifetime()));
        } else if (material instanceof IdentityMaterial.SpireByPid spire) {
            out.put("spireAdminSocket", spire.admin());
            out.put("spireTimeout", duration(spire.timeout()));
            out.put("containerRuntimeSocket", spire.runtime());
        } else if (material instanceof IdentityMaterial.SpireBySelectors spire) {
            out.put("spireAdminSocket", spire.admin());
            out.put("spireTimeout", duration(spire.timeout()));
            out.put("spireSelectors", spire.selectors());
        } else if (material instanceof IdentityMaterial.WorkloadApi api) {
            out.put("workloadApiSocket", api.socket());
        }
        return out;
    }

    private static Map<String, Object> keepalive(Sockets sockets) {
        Sockets.Keepalive keepalive = sockets.keepalive();
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("keepaliveEnabled", keepalive != null);
        if (keepalive != null) {
            out.put("keepaliveTime", duration(keepalive.idle()));
            out.put("keepaliveInterval", duration(keepalive.interval()));
            out.put("keepaliveRetries", keepalive.retries());
            out.put("userTimeoutEnabled", keepalive.userTimeout());
        }
        return out;
    }

    private static Map<String, Object> duration(Duration duration) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("secs", duration.getSeconds());
        out.put("nanos", duration.getNano());
        return out;
    }

    private List<Object> certificates() {
        return identities.get().stream()
                .sorted(Comparator.comparing(
                        status -> status.workload().spiffeId().toString()))
                .<Object>map(this::certificates)
                .toList();
    }

    private Map<String, Object> certificates(IdentityStatus status) {
        WorkloadCertificate held = status.isServing(clock.instant()) ? status.certificate() : null;
        String error = status.lastError();
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("identity", status.workload().spiffeId());
        out.put("state", held != null ? "Available" : error == null ? "Unavailable" : "Unavailable: " + error);
        List<Object> chain = new ArrayList<>();
        List<Object> roots = new ArrayList<>();
        if (held != null) {
            for (X509Certificate certificate : held.chain()) {
                chain.add(certificate(certificate));
            }
            for (TrustBundle bundle : held.bundles().all()) {
                for (X509Certificate certificate : bundle.authorities()) {
                    roots.add(certificate(certificate));
                }
            }
        }
        out.put("certChain", chain);
        out.put("rootCerts", roots);
        return out;
    }

    private static Map<String, Object> certificate(X509Certificate certificate) {
        Map<String, Object> out = new LinkedHashMap<>();
        try {
            String pem = "-----BEGIN CERTIFICATE-----\n"
                    + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(certificate.getEncoded())
                    + "\n-----END CERTIFICATE-----\n";
            out.put("pem", Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.US_ASCII)));
        } catch (CertificateEncodingException e) {
            out.put("pem", "");
        }
        // As text: it has more digits than JSON's readers keep.
        out.put("serialNumber", certificate.getSerialNumber().toString());
        out.put("validFrom", certificate.getNotBefore().toInstant().toString());
        out.put("expirationTime", certificate.getNotAfter().toInstant().toString());
        return out;
    }
}
