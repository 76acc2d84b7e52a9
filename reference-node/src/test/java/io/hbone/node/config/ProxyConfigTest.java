package io.hbone.node.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.core.HboneSettings;
import io.hbone.core.TrustDomain;
import io.hbone.identity.UnixEndpoint;
import io.hbone.netty.socket.OriginalSource;
import io.hbone.netty.socket.Sockets.Keepalive;
import io.hbone.netty.socket.Transport;
import io.hbone.xds.ads.XdsAddress;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ProxyConfigTest {

    /** As pair.py starts a node. */
    private static final Map<String, String> MINIMAL = Map.of(
            "PROXY_MODE", "dedicated",
            "PROXY_WORKLOAD_INFO", "default/client/sa",
            "FAKE_CA", "true",
            "XDS_ADDRESS", "",
            "LOCAL_XDS_PATH", "/tmp/local.yaml");

    private static final String ONE_IDENTITY =
            "one identity is all it has (expected: with PROXY_MODE=shared, which is the default, a source for all"
                    + " pods: SPIRE_ENABLED=true, CA_ADDRESS, or for development FAKE_CA=true or HBONE_DEV_CA_DIR)";

    private static ProxyConfig with(String... changes) {
        return ProxyConfig.of(variables(changes), 8);
    }

    /** A value of {@code -} takes the variable away. */
    private static Map<String, String> variables(String... changes) {
        Map<String, String> variables = new HashMap<>(MINIMAL);
        for (int i = 0; i < changes.length; i += 2) {
            if (changes[i + 1].equals("-")) {
                variables.remove(changes[i]);
            } else {
                variables.put(changes[i], changes[i + 1]);
            }
        }
        return variables;
    }

    @Test
    void of_whatAProxyNeedsAtLeast_takesDefaultsForTheRest() {
        ProxyConfig config = with();

        assertThat(config.mode()).isEqualTo(new ProxyMode.Dedicated(new WorkloadInfo("default", "client", "sa")));
        assertThat(config.network()).isEmpty();
        assertThat(config.nodeName()).isEmpty();
        assertThat(config.clusterId()).isEqualTo("Kubernetes");
        assertThat(config.trustDomain()).isEqualTo(TrustDomain.of("cluster.local"));
        assertThat(config.localXds()).isEqualTo(new LocalXds.File(Path.of("/tmp/local.yaml")));
        assertThat(config.xds()).isNull();
        assertThat(config.loopbackTunnels()).isTrue();
        assertThat(config.logPolicies()).isFalse();
        assertThat(config.identity()).isEqualTo(new IdentityMaterial.DevelopmentCa(null, Duration.ofHours(24)));
        assertThat(config.sockets().mark()).isNull();
        assertThat(config.sockets().keepalive()).isEqualTo(Keepalive.DEFAULT);
        assertThat(config.sockets().originalSource()).isEqualTo(OriginalSource.AUTO);
        assertThat(config.sockets().transport()).isEqualTo(Transport.preferred());
        assertThat(config.tunnel()).isEqualTo(HboneSettings.DEFAULT);
        assertThat(config.responseBaggage()).isTrue();
        assertThat(config.drainDeadline()).isEqualTo(Duration.ofSeconds(5));
        assertThat(config.workers()).isEqualTo(2);
        assertThat(config.logFormat()).isEqualTo(LogFormat.PLAIN);
        assertThat(config.logLevels()).isEqualTo(LogLevels.DEFAULT);
        assertThat(config.ignored()).isEmpty();
        ListenPlan listen = config.listen();
        assertThat(listen.on(listen.outbound())).isEqualTo(new InetSocketAddress(15001));
        assertThat(listen.on(listen.inbound())).isEqualTo(new InetSocketAddress(15008));
        assertThat(listen.on(listen.plaintext())).isEqualTo(new InetSocketAddress(15006));
        assertThat(listen.on(listen.readiness())).isEqualTo(new InetSocketAddress(15021));
        assertThat(listen.on(listen.metrics())).isEqualTo(new InetSocketAddress(15020));
        assertThat(listen.onLoopback(listen.admin())).isEqualTo(new InetSocketAddress("127.0.0.1", 15000));
        assertThat(listen.illegalPorts()).isEqualTo(Set.of(15001, 15006, 15008));
        assertThat(listen.socks()).isNull();
    }

    static Stream<Arguments> settings() {
        return Stream.of(
                set("NETWORK", "net1", ProxyConfig::network, "net1"),
                set("NODE_NAME", "n1", ProxyConfig::nodeName, "n1"),
                set("CLUSTER_ID", "c1", ProxyConfig::clusterId, "c1"),
                set("ISTIO_META_CLUSTER_ID", "c2", ProxyConfig::clusterId, "c2"),
                set("TRUST_DOMAIN", "td.example", config -> config.trustDomain().name(), "td.example"),
                set("PACKET_MARK", "1337", config -> config.sockets().mark(), 1337),
                set("PACKET_MARK", "0x539", config -> config.sockets().mark(), 1337),
                set("PACKET_MARK", "4294967295", config -> config.sockets().mark(), -1),
                set("PACKET_MARK", "0", config -> config.sockets().mark(), null),
                set("PACKET_MARK", "", config -> config.sockets().mark(), null),
                set("ENABLE_ORIG_SRC", "true", config -> config.sockets().originalSource(), OriginalSource.ON),
                set("ENABLE_ORIG_SRC", "false", config -> config.sockets().originalSource(), OriginalSource.OFF),
                set("KEEPALIVE_ENABLED", "false", config -> config.sockets().keepalive(), null),
                set("KEEPALIVE_TIME", "1m", config -> keepalive(config).idle(), Duration.ofMinutes(1)),
                set("KEEPALIVE_INTERVAL", "15", config -> keepalive(config).interval(), Duration.ofSeconds(15)),
                set("KEEPALIVE_RETRIES", "3", config -> keepalive(config).retries(), 3),
                set("USER_TIMEOUT_ENABLED", "True", config -> keepalive(config).userTimeout(), true),
                set(
                        "HTTP2_STREAM_WINDOW_SIZE",
                        "1048576",
                        config -> config.tunnel().maxStreamWindow(),
                        1 << 20),
                set(
                        "HTTP2_STREAM_WINDOW_SIZE",
                        "65536",
                        config -> config.tunnel().initialStreamWindow(),
                        65_536),
                set(
                        "HTTP2_CONNECTION_WINDOW_SIZE",
                        "33554432",
                        config -> config.tunnel().connectionWindow(),
                        1 << 25),
                set("HTTP2_FRAME_SIZE", "16384", config -> config.tunnel().maxFrameSize(), 16_384),
                set(
                        "POOL_MAX_STREAMS_PER_CONNECTION",
                        "65535",
                        config -> config.tunnel().maxStreamsPerTunnel(),
                        65_535),
                set(
                        "POOL_UNUSED_RELEASE_TIMEOUT",
                        "90s",
                        config -> config.tunnel().tunnelIdleTimeout(),
                        Duration.ofSeconds(90)),
                set("CONNECTION_TERMINATION_DEADLINE", "1m", ProxyConfig::drainDeadline, Duration.ofMinutes(1)),
                set("CONNECTION_TERMINATION_DEADLINE", "0", ProxyConfig::drainDeadline, Duration.ZERO),
                set("TERMINATION_GRACE_PERIOD_SECONDS", "30", ProxyConfig::drainDeadline, Duration.ofSeconds(25)),
                set("TERMINATION_GRACE_PERIOD_SECONDS", "10", ProxyConfig::drainDeadline, Duration.ofSeconds(9)),
                set("TERMINATION_GRACE_PERIOD_SECONDS", "1", ProxyConfig::drainDeadline, Duration.ofSeconds(1)),
                set("TERMINATION_GRACE_PERIOD_SECONDS", "0", ProxyConfig::drainDeadline, Duration.ofSeconds(1)),
                set("ENABLE_RESPONSE_BAGGAGE", "false", ProxyConfig::responseBaggage, false),
                set("LOCALHOST_APP_TUNNEL", "false", ProxyConfig::loopbackTunnels, false),
                set("AUTHZ_POLICY_INFO_LOGGING", "true", ProxyConfig::logPolicies, true),
                set("ZTUNNEL_WORKER_THREADS", "50%", ProxyConfig::workers, 4),
                set("LOG_FORMAT", "json", ProxyConfig::logFormat, LogFormat.JSON),
                set("RUST_LOG", "warn", config -> config.logLevels().toString(), "warn"),
                set("HBONE_TRANSPORT", "nio", config -> config.sockets().transport(), Transport.NIO),
                set("SECRET_TTL", "1h", config -> developmentCa(config).lifetime(), Duration.ofHours(1)),
                set("HBONE_DEV_CA_DIR", "/d", config -> developmentCa(config).directory(), Path.of("/d")),
                set("UNSTABLE_ENABLE_SOCKS5", "true", config -> config.listen().socks(), 15080),
                set(
                        "UNSTABLE_ENABLE_SOCKS5",
                        "true",
                        config -> config.listen().illegalPorts(),
                        Set.of(15001, 15006, 15008, 15080)),
                set("HBONE_OUTBOUND_PORT", "1", config -> config.listen().outbound(), 1),
                set("HBONE_INBOUND_PORT", "2", config -> config.listen().inbound(), 2),
                set("HBONE_PLAINTEXT_PORT", "3", config -> config.listen().plaintext(), 3),
                set("HBONE_READINESS_PORT", "4", config -> config.listen().readiness(), 4),
                set("HBONE_ADMIN_PORT", "5", config -> config.listen().admin(), 5),
                set("HBONE_METRICS_PORT", "0", config -> config.listen().metrics(), 0),
                set("HBONE_OUTBOUND_PORT", "1", config -> config.listen().illegalPorts(), Set.of(1, 15006, 15008)),
                set("IPV6_ENABLED", "false", config -> config.listen().on(7), new InetSocketAddress("0.0.0.0", 7)),
                set(
                        "HBONE_BIND_ADDRESS",
                        "10.0.0.1",
                        config -> config.listen().on(7),
                        new InetSocketAddress("10.0.0.1", 7)),
                set(
                        "HBONE_BIND_ADDRESS",
                        "10.0.0.1",
                        config -> config.listen().onLoopback(7),
                        new InetSocketAddress("127.0.0.1", 7)),
                set(
                        "HBONE_BIND_ADDRESS",
                        "127.0.1.2",
                        config -> config.listen().onLoopback(7),
                        new InetSocketAddress("127.0.1.2", 7)),
                set(
                        "HBONE_BIND_ADDRESS",
                        "::1",
                        config -> config.listen().onLoopback(7),
                        new InetSocketAddress("::1", 7)));
    }

    private static Arguments set(String name, String value, Function<ProxyConfig, Object> read, Object expected) {
        return Arguments.of(name, value, read, expected);
    }

    private static Keepalive keepalive(ProxyConfig config) {
        return config.sockets().keepalive();
    }

    private static IdentityMaterial.DevelopmentCa developmentCa(ProxyConfig config) {
        return (IdentityMaterial.DevelopmentCa) config.identity();
    }

    @ParameterizedTest(name = "{0}={1}")
    @MethodSource("settings")
    void of_setting_isRead(String name, String value, Function<ProxyConfig, Object> read, Object expected) {
        assertThat(read.apply(with(name, value))).isEqualTo(expected);
    }

    @Test
    void of_bothClusterIds_prefersTheMoreSpecific() {
        assertThat(with("CLUSTER_ID", "a", "ISTIO_META_CLUSTER_ID", "b").clusterId())
                .isEqualTo("b");
    }

    @Test
    void of_deadlineAndGracePeriod_prefersTheDeadline() {
        ProxyConfig config = with("CONNECTION_TERMINATION_DEADLINE", "7s", "TERMINATION_GRACE_PERIOD_SECONDS", "60");

        assertThat(config.drainDeadline()).isEqualTo(Duration.ofSeconds(7));
    }

    @Test
    void of_pemFiles_areTheIdentity() {
        ProxyConfig config =
                with("FAKE_CA", "-", "HBONE_CERT_CHAIN", "/c", "HBONE_KEY", "/k", "HBONE_ROOT_CERTS", "/r");

        assertThat(config.identity()).isEqualTo(new IdentityMaterial.Pem(Path.of("/c"), Path.of("/k"), Path.of("/r")));
    }

    @Test
    void of_inlineFile_isTaken() {
        ProxyConfig config = with("LOCAL_XDS_PATH", "-", "LOCAL_XDS", "workloads: []");

        assertThat(config.localXds()).isEqualTo(new LocalXds.Inline("workloads: []"));
    }

    @Test
    void of_settingsWithoutEffect_areNamed() {
        ProxyConfig config = with("XDS_ON_DEMAND", "true", "PROXY_CONFIG", "concurrency: 2");

        assertThat(config.ignored()).containsExactly("PROXY_CONFIG", "XDS_ON_DEMAND");
    }

    @Test
    void of_noXdsAddress_isIstiodInKubernetes_andNobodyBesideALocalFileElsewhere() {
        ProxyConfig inKubernetes =
                with("XDS_ADDRESS", "-", "KUBERNETES_SERVICE_HOST", "10.0.0.1", "LOCAL_XDS_PATH", "-");

        assertThat(xds(inKubernetes).address()).hasToString("https://istiod.istio-system.svc:15012");
        assertThat(xds(inKubernetes).roots()).isEqualTo("./var/run/secrets/istio/root-cert.pem");
        assertThat(xds(inKubernetes).token()).isEmpty();
        assertThat(inKubernetes.localXds()).isNull();
        assertThat(with("XDS_ADDRESS", "-").xds()).isNull();
        assertThat(with("KUBERNETES_SERVICE_HOST", "10.0.0.1").xds()).isNull();
    }

    @Test
    void of_xdsServer_isReadWithAllThatGoesWithIt() {
        ProxyConfig config = with(
                "XDS_ADDRESS", "istiod:15012",
                "XDS_ROOT_CA", "SYSTEM",
                "ALT_XDS_HOSTNAME", "istiod.local",
                "AUTH_TOKEN", "secret-token",
                "XDS_HEADER_x-tenant", "secret-tenant",
                "XDS_ON_DEMAND", "true",
                "POD_NAME", "p",
                "POD_NAMESPACE", "n");

        XdsServer server = xds(config);
        assertThat(server.address()).isEqualTo(new XdsAddress.Tcp("istiod", 15012, true));
        assertThat(server.roots()).isEqualTo("SYSTEM");
        assertThat(server.alternativeName()).isEqualTo("istiod.local");
        assertThat(server.token()).isEqualTo("secret-token");
        assertThat(server.headers()).containsExactly(Map.entry("XDS_HEADER_x-tenant", "secret-tenant"));
        assertThat(server.node().id()).isEqualTo("ztunnel~1.1.1.1~p.n~n.svc.cluster.local");
        assertThat(server.onDemand()).isTrue();
        assertThat(config.ignored()).isEmpty();
        assertThat(config.localXds()).as("both are possible").isNotNull();
        assertThat(config.toString()).doesNotContain("secret");
    }

    @Test
    void of_proxyConfig_namesTheServer_whereXdsAddressDoesNot() {
        String mesh = "concurrency: 2\ndiscoveryAddress: istiod.other.svc:15012\n";
        ProxyConfig config = with("XDS_ADDRESS", "-", "PROXY_CONFIG", mesh, "KUBERNETES_SERVICE_HOST", "10.0.0.1");

        assertThat(xds(config).address()).hasToString("https://istiod.other.svc:15012");
        assertThat(config.ignored()).isEmpty();
        assertThat(xds(with("XDS_ADDRESS", "here:1", "PROXY_CONFIG", mesh)).address())
                .hasToString("https://here:1");
        assertThat(xds(with(
                                "XDS_ADDRESS", "-",
                                "PROXY_CONFIG", "concurrency: 2",
                                "KUBERNETES_SERVICE_HOST", "10.0.0.1"))
                        .address())
                .hasToString("https://istiod.istio-system.svc:15012");
    }

    @Test
    void of_unixXdsAddress_isTaken() {
        assertThat(xds(with("XDS_ADDRESS", "unix:///run/xds.sock")).address())
                .isEqualTo(new XdsAddress.Unix(Path.of("/run/xds.sock")));
    }

    @Test
    void of_noMode_isSharedWithTheAgentOfIstio() {
        ProxyConfig config = with("PROXY_MODE", "-", "PROXY_WORKLOAD_INFO", "-");

        assertThat(config.mode()).isEqualTo(new ProxyMode.Shared(Path.of("/var/run/ztunnel/ztunnel.sock"), true));
        assertThat(config.sockets().mark()).isEqualTo(1337);
        assertThat(config.ignored()).isEmpty();
    }

    @Test
    void of_shared_takesAnotherAgentAndMark() {
        ProxyConfig config = with(
                "PROXY_MODE", "shared",
                "INPOD_UDS", "/var/run/cilium/ztunnel.sock",
                "INPOD_PORT_REUSE", "false",
                "PACKET_MARK", "7");

        assertThat(config.mode()).isEqualTo(new ProxyMode.Shared(Path.of("/var/run/cilium/ztunnel.sock"), false));
        assertThat(config.sockets().mark()).isEqualTo(7);
        assertThat(config.ignored()).containsExactly("PROXY_WORKLOAD_INFO");
    }

    @Test
    void of_dedicated_hasNoUseForAnAgent() {
        assertThat(with("INPOD_UDS", "/run/agent.sock").ignored()).containsExactly("INPOD_UDS");
    }

    private static XdsServer xds(ProxyConfig config) {
        return Objects.requireNonNull(config.xds());
    }

    static Stream<Arguments> wrong() {
        return Stream.of(
                bad(
                        "HBONE_CERT_CHAIN: " + ONE_IDENTITY,
                        "PROXY_MODE",
                        "-",
                        "FAKE_CA",
                        "-",
                        "HBONE_CERT_CHAIN",
                        "a",
                        "HBONE_KEY",
                        "b",
                        "HBONE_ROOT_CERTS",
                        "c"),
                bad(
                        "SPIFFE_ENDPOINT_SOCKET: " + ONE_IDENTITY,
                        "PROXY_MODE",
                        "shared",
                        "FAKE_CA",
                        "-",
                        "SPIFFE_ENDPOINT_SOCKET",
                        "unix:///run/agent.sock"),
                bad(
                        "HBONE_WORKLOAD_PID: " + ONE_IDENTITY,
                        "PROXY_MODE",
                        "shared",
                        "FAKE_CA",
                        "-",
                        "SPIRE_ENABLED",
                        "true",
                        "HBONE_WORKLOAD_PID",
                        "12"),
                bad("PROXY_MODE: \"foo\" (expected: shared or dedicated)", "PROXY_MODE", "foo"),
                bad(
                        "PROXY_WORKLOAD_INFO: not set (expected: namespace/name/service-account)",
                        "PROXY_WORKLOAD_INFO",
                        "-"),
                bad(
                        "PROXY_WORKLOAD_INFO: \"a/b\" (expected: namespace/name/service-account)",
                        "PROXY_WORKLOAD_INFO",
                        "a/b"),
                bad(
                        "PROXY_WORKLOAD_INFO: \"a//b\" (expected: namespace/name/service-account)",
                        "PROXY_WORKLOAD_INFO",
                        "a//b"),
                bad(
                        "XDS_ADDRESS: not set (expected: the address of an xDS server, or LOCAL_XDS_PATH: a YAML file"
                                + " that says who is where)",
                        "XDS_ADDRESS",
                        "-",
                        "LOCAL_XDS_PATH",
                        "-"),
                bad(
                        "XDS_ADDRESS: \"ftp://istiod\" (expected: https://host:port, http://host:port or unix:///path)",
                        "XDS_ADDRESS",
                        "ftp://istiod"),
                bad(
                        "PROXY_CONFIG: \"discoveryAddress: [a]\" (expected: discoveryAddress: host:port)",
                        "XDS_ADDRESS",
                        "-",
                        "PROXY_CONFIG",
                        "discoveryAddress: [a]"),
                bad("ISTIO_METAJSON_X: { (expected: JSON)", "XDS_ADDRESS", "istiod:15012", "ISTIO_METAJSON_X", "{"),
                bad(
                        "LOCAL_XDS_PATH: not set (expected: a YAML file that says who is where, as there is no xDS)",
                        "LOCAL_XDS_PATH",
                        "-"),
                bad("LOCAL_XDS_PATH and LOCAL_XDS: both set (expected: one of them)", "LOCAL_XDS", "x"),
                bad("LOCAL_XDS_PATH: \"a\\u0000b\" (expected: a path)", "LOCAL_XDS_PATH", "a\0b"),
                bad(
                        "no source of certificates is set (expected: one of SPIRE_ENABLED=true,"
                                + " SPIFFE_ENDPOINT_SOCKET, CA_ADDRESS, HBONE_CERT_CHAIN with HBONE_KEY and"
                                + " HBONE_ROOT_CERTS, or for development FAKE_CA=true or HBONE_DEV_CA_DIR)",
                        "FAKE_CA",
                        "false"),
                bad(
                        "HBONE_KEY: not set (expected: a PEM file with the private key of HBONE_CERT_CHAIN)",
                        "FAKE_CA",
                        "-",
                        "HBONE_CERT_CHAIN",
                        "/c"),
                bad(
                        "HBONE_ROOT_CERTS: not set (expected: a PEM file with the roots that peers are verified by)",
                        "FAKE_CA",
                        "-",
                        "HBONE_CERT_CHAIN",
                        "/c",
                        "HBONE_KEY",
                        "/k"),
                bad(
                        "HBONE_CERT_CHAIN, HBONE_KEY, HBONE_ROOT_CERTS and a development CA: both set (expected: the"
                                + " files, or FAKE_CA or HBONE_DEV_CA_DIR, or SPIRE_ENABLED)",
                        "HBONE_CERT_CHAIN",
                        "/c"),
                bad(
                        "several sources of certificates are set (expected: one of SPIRE_ENABLED=true,"
                                + " SPIFFE_ENDPOINT_SOCKET, CA_ADDRESS, HBONE_CERT_CHAIN with HBONE_KEY and"
                                + " HBONE_ROOT_CERTS, or for development FAKE_CA=true or HBONE_DEV_CA_DIR)",
                        "FAKE_CA",
                        "-",
                        "CA_ADDRESS",
                        "https://ca:15012",
                        "SPIFFE_ENDPOINT_SOCKET",
                        "unix:///run/api.sock"),
                bad(
                        "SPIRE_ADMIN_ENDPOINT_SOCKET: socket: \"admin.sock\" (expected: unix:///path, unix:/path or an"
                                + " absolute path)",
                        "FAKE_CA",
                        "-",
                        "SPIRE_ENABLED",
                        "true",
                        "SPIRE_ADMIN_ENDPOINT_SOCKET",
                        "admin.sock"),
                bad(
                        "HBONE_SPIRE_SELECTORS: selector: \"k8s:ns:{pod}\" (expected: no place but {ns}, {path}, {sa},"
                                + " {td}, {uid})",
                        "FAKE_CA",
                        "-",
                        "SPIRE_ENABLED",
                        "true",
                        "HBONE_SPIRE_SELECTORS",
                        "k8s:ns:{pod}"),
                bad(
                        "SPIRE_TIMEOUT: \"0s\" (expected: a duration such as 300ms, 180s or 1h30m, from 100ms to 1h)",
                        "FAKE_CA",
                        "-",
                        "SPIRE_ENABLED",
                        "true",
                        "SPIRE_TIMEOUT",
                        "0s"),
                bad("FAKE_CA: \"yes\" (expected: true or false)", "FAKE_CA", "yes"),
                bad(
                        "TRUST_DOMAIN: \"A B\" (expected: only a-z, 0-9, '.', '-' and '_', at most 255 of them)",
                        "TRUST_DOMAIN",
                        "A B"),
                bad("PACKET_MARK: \"x\" (expected: a number from 0 to 4294967295)", "PACKET_MARK", "x"),
                bad("PACKET_MARK: \"-1\" (expected: a number from 0 to 4294967295)", "PACKET_MARK", "-1"),
                bad("PACKET_MARK: \"+1\" (expected: a number from 0 to 4294967295)", "PACKET_MARK", "+1"),
                bad(
                        "PACKET_MARK: \"4294967296\" (expected: a number from 0 to 4294967295)",
                        "PACKET_MARK",
                        "4294967296"),
                bad(
                        "POOL_MAX_STREAMS_PER_CONNECTION: \"99999\" (expected: a number from 1 to 65535)",
                        "POOL_MAX_STREAMS_PER_CONNECTION",
                        "99999"),
                bad(
                        "POOL_UNUSED_RELEASE_TIMEOUT: \"0\" (expected: a duration such as 300ms, 180s or 1h30m, from"
                                + " 1ms to 8760h)",
                        "POOL_UNUSED_RELEASE_TIMEOUT",
                        "0"),
                bad(
                        "KEEPALIVE_TIME: \"soon\" (expected: a duration such as 300ms, 180s or 1h30m)",
                        "KEEPALIVE_TIME",
                        "soon"),
                bad(
                        "KEEPALIVE_TIME: \"1d\" (expected: a duration such as 300ms, 180s or 1h30m)",
                        "KEEPALIVE_TIME",
                        "1d"),
                bad(
                        "KEEPALIVE_INTERVAL: \"100h\" (expected: a duration such as 300ms, 180s or 1h30m, from 1s to"
                                + " 32767s)",
                        "KEEPALIVE_INTERVAL",
                        "100h"),
                bad("KEEPALIVE_RETRIES: \"0\" (expected: a number from 1 to 127)", "KEEPALIVE_RETRIES", "0"),
                bad("HTTP2_FRAME_SIZE: \"1\" (expected: a number from 16384 to 16777215)", "HTTP2_FRAME_SIZE", "1"),
                bad(
                        "HTTP2_CONNECTION_WINDOW_SIZE: 4194304 (expected: at least twice the 4194304 of"
                                + " HTTP2_STREAM_WINDOW_SIZE, as equal windows can deadlock)",
                        "HTTP2_CONNECTION_WINDOW_SIZE",
                        "4194304"),
                bad(
                        "CONNECTION_TERMINATION_DEADLINE: \"-1s\" (expected: a duration such as 300ms, 180s or 1h30m)",
                        "CONNECTION_TERMINATION_DEADLINE",
                        "-1s"),
                bad("ENABLE_ORIG_SRC: \"yes\" (expected: true or false)", "ENABLE_ORIG_SRC", "yes"),
                bad(
                        "ENABLE_PROXY: \"false\" (expected: true: there is nothing to run but the proxy)",
                        "ENABLE_PROXY",
                        "false"),
                bad("TLS12_ENABLED: \"true\" (expected: false: tunnels are TLS 1.3 only)", "TLS12_ENABLED", "true"),
                bad(
                        "COMPLIANCE_POLICY: \"pqc\" (expected: not set, as compliance policies are yet to come)",
                        "COMPLIANCE_POLICY",
                        "pqc"),
                bad(
                        "RUST_LOG: \"loud\" (expected: error, warn, info, debug, trace or off, or a list of"
                                + " logger=level such as warn,access=debug)",
                        "RUST_LOG",
                        "loud"),
                bad("LOG_FORMAT: \"xml\" (expected: plain or json)", "LOG_FORMAT", "xml"),
                bad("HBONE_TRANSPORT: \"kqueue\" (expected: epoll, io_uring or nio)", "HBONE_TRANSPORT", "kqueue"),
                bad("HBONE_BIND_ADDRESS: \"localhost\" (expected: an IP address)", "HBONE_BIND_ADDRESS", "localhost"),
                bad("HBONE_ADMIN_PORT: \"65536\" (expected: a number from 0 to 65535)", "HBONE_ADMIN_PORT", "65536"),
                bad(
                        "SECRET_TTL: \"1s\" (expected: a duration such as 300ms, 180s or 1h30m, from 10s to 8760h)",
                        "SECRET_TTL",
                        "1s"));
    }

    private static Arguments bad(String message, String... changes) {
        return Arguments.of(String.join(" ", changes), message, changes);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("wrong")
    void of_wrongSetting_isOneSentenceThatNamesIt(String name, String message, String[] changes) {
        assertThatThrownBy(() -> with(changes))
                .isInstanceOf(ConfigException.class)
                .hasMessage(message);
    }

    @Test
    void of_wrongSetting_hasNoStackTrace() {
        StringWriter printed = new StringWriter();
        try {
            with("PROXY_MODE", "foo");
        } catch (ConfigException e) {
            e.printStackTrace(new PrintWriter(printed));
        }

        assertThat(printed.toString()).isNotEmpty().doesNotContain("\tat ");
    }

    @Test
    void of_hugeValue_isCutInTheMessage() {
        assertThatThrownBy(() -> with("LOG_FORMAT", "x".repeat(100_000)))
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(400));
    }

    @Test
    void identity_fromSpire_asksForTheProcessUnlessSelectorsAreSaid() {
        assertThat(with("FAKE_CA", "-", "SPIRE_ENABLED", "true", "CA_ADDRESS", "https://istiod:15012")
                        .identity())
                .isEqualTo(new IdentityMaterial.SpireByPid(
                        UnixEndpoint.parse("/run/spire/sockets/admin.sock"),
                        Duration.ofSeconds(10),
                        UnixEndpoint.parse("/run/containerd/containerd.sock"),
                        null));
        assertThat(with(
                                "FAKE_CA",
                                "-",
                                "SPIRE_ENABLED",
                                "true",
                                "SPIRE_TIMEOUT",
                                "3s",
                                "SPIRE_ADMIN_ENDPOINT_SOCKET",
                                "unix:///a.sock",
                                "HBONE_SPIRE_SELECTORS",
                                "k8s:ns:{ns},k8s:sa:{sa}")
                        .identity())
                .asString()
                .contains("SpireBySelectors", "/a.sock", "PT3S", "k8s:ns:{ns},k8s:sa:{sa}");
    }

    @Test
    void identity_inAPodWithNothingSaid_isIstiods() {
        IdentityMaterial.IstioCa ca = (IdentityMaterial.IstioCa)
                with("FAKE_CA", "-", "KUBERNETES_SERVICE_HOST", "10.0.0.1").identity();
        assertThat(ca.address()).isEqualTo("https://istiod.istio-system.svc:15012");
        assertThat(ca.lifetime()).isEqualTo(Duration.ofHours(24));
        assertThat(ca.headers()).isEmpty();
    }

    @Test
    void identity_fromACa_takesItsHeadersAndToken() {
        IdentityMaterial.IstioCa ca = (IdentityMaterial.IstioCa) with(
                        "FAKE_CA",
                        "-",
                        "CA_ADDRESS",
                        "ca:1",
                        "AUTH_TOKEN",
                        "/token",
                        "ALT_CA_HOSTNAME",
                        "ca.example",
                        "CA_HEADER_X_TEAM",
                        "red",
                        "SECRET_TTL",
                        "1h")
                .identity();
        assertThat(ca.address()).isEqualTo("ca:1");
        assertThat(ca.token()).isEqualTo(Path.of("/token"));
        assertThat(ca.alternativeHostname()).isEqualTo("ca.example");
        assertThat(ca.headers()).isEqualTo(Map.of("x_team", "red"));
        assertThat(ca.lifetime()).isEqualTo(Duration.ofHours(1));
    }

    @Test
    void identity_fromAWorkloadApi_isThisProcesssOwn() {
        assertThat(with("FAKE_CA", "-", "SPIFFE_ENDPOINT_SOCKET", "unix:///run/api.sock")
                        .identity())
                .isEqualTo(new IdentityMaterial.WorkloadApi(UnixEndpoint.parse("/run/api.sock")));
    }
}
