package io.hbone.node.config;

import io.hbone.core.HboneSettings;
import io.hbone.core.TrustDomain;
import io.hbone.netty.socket.OriginalSource;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.Sockets.Keepalive;
import io.hbone.netty.socket.Transport;
import io.hbone.node.text.Ip;
import io.hbone.zds.ZdsSockets;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The settings of {@code hbone proxy}, read from the environment once and valid as a whole.
 *
 * @param mode {@code PROXY_MODE} and what goes with it
 * @param network {@code NETWORK}
 * @param nodeName {@code NODE_NAME}, empty when it is not known
 * @param clusterId {@code ISTIO_META_CLUSTER_ID}, else {@code CLUSTER_ID}
 * @param trustDomain {@code TRUST_DOMAIN}, of workloads whose entry names none
 * @param localXds {@code LOCAL_XDS_PATH} or {@code LOCAL_XDS}; null for none, when there is a server
 * @param xds {@code XDS_ADDRESS} and what goes with it; null for none, when there is a local description
 * @param identity where certificates come from
 * @param revocationLists {@code CRL_PATH}; null for none
 * @param listen where the node listens
 * @param dns the DNS proxy; null when it is off
 * @param sockets how it treats its TCP sockets: {@code HBONE_TRANSPORT}, {@code PACKET_MARK}, {@code KEEPALIVE_*}, {@code
 *     USER_TIMEOUT_ENABLED}, {@code ENABLE_ORIG_SRC}
 * @param tunnel how it treats its tunnels: {@code HTTP2_*}, {@code POOL_*}
 * @param responseBaggage {@code ENABLE_RESPONSE_BAGGAGE}: whether peers tell each other in baggage who they are
 * @param loopbackTunnels {@code LOCALHOST_APP_TUNNEL}: whether applications that take connections for others are reached by loopback
 * @param logPolicies {@code AUTHZ_POLICY_INFO_LOGGING}: whether decisions of policies are logged at info
 * @param drainDeadline how long connections may go on after SIGTERM: {@code CONNECTION_TERMINATION_DEADLINE}
 * @param workers how many threads carry traffic: {@code ZTUNNEL_WORKER_THREADS}
 * @param logFormat {@code LOG_FORMAT}
 * @param logLevels {@code RUST_LOG}
 * @param ignored the names of variables that are set and have no effect
 */
public record ProxyConfig(
        ProxyMode mode,
        String network,
        String nodeName,
        String clusterId,
        TrustDomain trustDomain,
        @Nullable LocalXds localXds,
        @Nullable XdsServer xds,
        IdentityMaterial identity,
        @Nullable Path revocationLists,
        ListenPlan listen,
        @Nullable DnsSettings dns,
        Sockets sockets,
        HboneSettings tunnel,
        boolean responseBaggage,
        boolean loopbackTunnels,
        boolean logPolicies,
        Duration drainDeadline,
        int workers,
        LogFormat logFormat,
        LogLevels logLevels,
        List<String> ignored) {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration YEAR = Duration.ofDays(365);

    /** What Linux takes for TCP_KEEPIDLE and TCP_KEEPINTVL. */
    private static final Duration MAX_KEEPALIVE = Duration.ofSeconds(32_767);

    /** What the redirect rules of agents know a node's packets by (spec/ztunnel.md 15). */
    private static final long SHARED_MARK = 1337;

    private static final Duration DEFAULT_DRAIN = Duration.ofSeconds(5);

    /** Of ztunnel's variables those that cannot do harm when they have no effect. */
    private static final List<String> WITHOUT_EFFECT = List.of("PROXY_CONFIG");

    public ProxyConfig {
        ignored = List.copyOf(ignored);
    }

    /**
     * Reads the settings.
     *
     * @param variables as {@link System#getenv()} gives them
     * @throws ConfigException when a setting is missing or wrong
     */
    public static ProxyConfig of(Map<String, String> variables) {
        return of(variables, Runtime.getRuntime().availableProcessors());
    }

    /** The same on a machine with that many CPUs. */
    static ProxyConfig of(Map<String, String> variables, int cores) {
        Environment env = new Environment(variables);
        refuseWhatWouldBeUnsafeToIgnore(env);
        ProxyMode mode = mode(env);
        LocalXds local = XdsSettings.local(env);
        XdsServer xds = XdsSettings.server(env, local);
        ListenPlan listen = listen(env);
        return new ProxyConfig(
                mode,
                env.text("NETWORK", ""),
                env.text("NODE_NAME", ""),
                env.text("ISTIO_META_CLUSTER_ID", env.text("CLUSTER_ID", "Kubernetes")),
                trustDomain(env),
                local,
                xds,
                IdentitySettings.read(env, mode),
                env.path("CRL_PATH"),
                listen,
                DnsSettings.read(env, mode, listen, xds != null && xds.onDemand()),
                sockets(env, mode),
                tunnel(env),
                env.flag("ENABLE_RESPONSE_BAGGAGE", true),
                env.flag("LOCALHOST_APP_TUNNEL", true),
                env.flag("AUTHZ_POLICY_INFO_LOGGING", false),
                drainDeadline(env),
                WorkerThreads.count(env, cores),
                logFormat(env),
                logLevels(env),
                ignored(env, xds != null, mode));
    }

    private static void refuseWhatWouldBeUnsafeToIgnore(Environment env) {
        if (!env.flag("ENABLE_PROXY", true)) {
            throw ConfigException.of("ENABLE_PROXY", "false", "true: there is nothing to run but the proxy");
        }
        if (env.flag("TLS12_ENABLED", false)) {
            throw ConfigException.of("TLS12_ENABLED", "true", "false: tunnels are TLS 1.3 only");
        }
        refuse(env, "COMPLIANCE_POLICY", "not set, as compliance policies are yet to come");
    }

    private static ProxyMode mode(Environment env) {
        String mode = env.text("PROXY_MODE", "shared");
        return switch (mode) {
            case "dedicated" -> new ProxyMode.Dedicated(workload(env));
            case "shared" -> {
                Path agent = env.path("INPOD_UDS");
                yield new ProxyMode.Shared(
                        agent == null ? ZdsSockets.ISTIO : agent, env.flag("INPOD_PORT_REUSE", true));
            }
            default -> throw ConfigException.of("PROXY_MODE", mode, "shared or dedicated");
        };
    }

    private static void refuse(Environment env, String name, String expected) {
        String value = env.text(name);
        if (value != null) {
            throw ConfigException.of(name, value, expected);
        }
    }

    private static WorkloadInfo workload(Environment env) {
        String value = env.text("PROXY_WORKLOAD_INFO");
        WorkloadInfo info = value == null ? null : WorkloadInfo.parse(value);
        if (info == null) {
            throw ConfigException.of("PROXY_WORKLOAD_INFO", value, "namespace/name/service-account");
        }
        return info;
    }

    private static TrustDomain trustDomain(Environment env) {
        String value = env.text("TRUST_DOMAIN", "cluster.local");
        try {
            return TrustDomain.of(value);
        } catch (IllegalArgumentException e) {
            throw ConfigException.of("TRUST_DOMAIN", value, "only a-z, 0-9, '.', '-' and '_', at most 255 of them");
        }
    }

    private static ListenPlan listen(Environment env) {
        boolean socks = env.flag("UNSTABLE_ENABLE_SOCKS5", false);
        return new ListenPlan(
                bindAddress(env),
                env.flag("IPV6_ENABLED", true),
                port(env, "HBONE_OUTBOUND_PORT", 15001),
                port(env, "HBONE_INBOUND_PORT", ListenPlan.HBONE),
                port(env, "HBONE_PLAINTEXT_PORT", 15006),
                socks ? port(env, "HBONE_SOCKS_PORT", 15080) : null,
                port(env, "HBONE_READINESS_PORT", 15021),
                port(env, "HBONE_ADMIN_PORT", 15000),
                port(env, "HBONE_METRICS_PORT", 15020));
    }

    private static @Nullable InetAddress bindAddress(Environment env) {
        String value = env.text("HBONE_BIND_ADDRESS");
        if (value == null) {
            return null;
        }
        InetAddress address = Ip.parse(value);
        if (address == null) {
            throw ConfigException.of("HBONE_BIND_ADDRESS", value, "an IP address");
        }
        return address;
    }

    private static int port(Environment env, String name, int otherwise) {
        return env.number(name, otherwise, 0, 65_535);
    }

    private static Sockets sockets(Environment env, ProxyMode mode) {
        // A mark is 32 bits without a sign; Java's int has one, and the bits are what counts.
        Long mark = env.number("PACKET_MARK", 0, 0xffff_ffffL);
        if (mark == null && mode instanceof ProxyMode.Shared) {
            mark = SHARED_MARK;
        }
        Keepalive keepalive = new Keepalive(
                env.duration("KEEPALIVE_TIME", Keepalive.DEFAULT.idle(), SECOND, MAX_KEEPALIVE),
                env.duration("KEEPALIVE_INTERVAL", Keepalive.DEFAULT.interval(), SECOND, MAX_KEEPALIVE),
                env.number("KEEPALIVE_RETRIES", Keepalive.DEFAULT.retries(), 1, 127),
                env.flag("USER_TIMEOUT_ENABLED", false));
        return new Sockets(
                transport(env),
                mark == null || mark == 0 ? null : mark.intValue(),
                env.flag("KEEPALIVE_ENABLED", true) ? keepalive : null,
                originalSource(env));
    }

    private static OriginalSource originalSource(Environment env) {
        Boolean value = env.flag("ENABLE_ORIG_SRC");
        if (value == null) {
            return OriginalSource.AUTO;
        }
        return value ? OriginalSource.ON : OriginalSource.OFF;
    }

    private static HboneSettings tunnel(Environment env) {
        HboneSettings defaults = HboneSettings.DEFAULT;
        int stream = env.number("HTTP2_STREAM_WINDOW_SIZE", defaults.maxStreamWindow(), 16 * 1024, 1 << 30);
        int connection =
                env.number("HTTP2_CONNECTION_WINDOW_SIZE", defaults.connectionWindow(), 65_535, Integer.MAX_VALUE);
        if (connection < 2L * stream) {
            throw new ConfigException("HTTP2_CONNECTION_WINDOW_SIZE: " + connection + " (expected: at least twice the "
                    + stream + " of HTTP2_STREAM_WINDOW_SIZE, as equal windows can deadlock)");
        }
        return defaults.toBuilder()
                .initialStreamWindow(Math.min(defaults.initialStreamWindow(), stream))
                .maxStreamWindow(stream)
                .connectionWindow(connection)
                .maxFrameSize(env.number("HTTP2_FRAME_SIZE", defaults.maxFrameSize(), 16_384, 16_777_215))
                .maxStreamsPerTunnel(
                        env.number("POOL_MAX_STREAMS_PER_CONNECTION", defaults.maxStreamsPerTunnel(), 1, 65_535))
                .tunnelIdleTimeout(env.duration(
                        "POOL_UNUSED_RELEASE_TIMEOUT", defaults.tunnelIdleTimeout(), Duration.ofMillis(1), YEAR))
                .build();
    }

    /** spec/ztunnel.md 13, "Deadline". */
    private static Duration drainDeadline(Environment env) {
        Duration deadline = env.duration("CONNECTION_TERMINATION_DEADLINE");
        if (deadline != null) {
            return deadline;
        }
        Long grace = env.number("TERMINATION_GRACE_PERIOD_SECONDS", 0, Integer.MAX_VALUE);
        if (grace == null) {
            return DEFAULT_DRAIN;
        }
        return Duration.ofSeconds(Math.max(1, grace > 10 ? grace - 5 : grace - 1));
    }

    private static Transport transport(Environment env) {
        String value = env.text("HBONE_TRANSPORT");
        if (value == null) {
            return Transport.preferred();
        }
        Transport transport;
        try {
            transport = Transport.of(value);
        } catch (IllegalArgumentException e) {
            throw ConfigException.of("HBONE_TRANSPORT", value, "epoll, io_uring or nio");
        }
        if (!transport.isAvailable()) {
            throw ConfigException.of("HBONE_TRANSPORT", value, "one that works here, such as " + Transport.preferred());
        }
        return transport;
    }

    private static LogFormat logFormat(Environment env) {
        String value = env.text("LOG_FORMAT", "plain");
        return switch (value) {
            case "plain" -> LogFormat.PLAIN;
            case "json" -> LogFormat.JSON;
            default -> throw ConfigException.of("LOG_FORMAT", value, "plain or json");
        };
    }

    private static LogLevels logLevels(Environment env) {
        String value = env.text("RUST_LOG");
        if (value == null) {
            return LogLevels.DEFAULT;
        }
        LogLevels levels = LogLevels.parse(value);
        if (levels == null) {
            throw ConfigException.of("RUST_LOG", value, LogLevels.EXPECTED);
        }
        return levels;
    }

    private static List<String> ignored(Environment env, boolean server, ProxyMode mode) {
        List<String> candidates = new ArrayList<>(WITHOUT_EFFECT);
        if (mode instanceof ProxyMode.Shared) {
            candidates.add("PROXY_WORKLOAD_INFO");
        } else {
            candidates.add("INPOD_UDS");
            candidates.add("INPOD_PORT_REUSE");
        }
        if (!server) {
            candidates.addAll(XdsSettings.OF_A_SERVER);
        }
        if (XdsSettings.areByProxyConfig(env)) {
            candidates.remove("PROXY_CONFIG");
        }
        List<String> names = new ArrayList<>();
        for (String name : candidates) {
            if (env.text(name) != null) {
                names.add(name);
            }
        }
        return names;
    }
}
