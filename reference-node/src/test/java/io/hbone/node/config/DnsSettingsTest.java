package io.hbone.node.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DnsSettingsTest {
    private static Map<String, String> environment(String... more) {
        Map<String, String> variables = new HashMap<>(Map.of(
                "PROXY_MODE", "dedicated",
                "PROXY_WORKLOAD_INFO", "shop/client/buyer",
                "XDS_ADDRESS", "https://xds:15012",
                "FAKE_CA", "true"));
        for (int i = 0; i < more.length; i += 2) {
            variables.put(more[i], more[i + 1]);
        }
        return variables;
    }

    private static @Nullable DnsSettings read(String... more) {
        return ProxyConfig.of(environment(more)).dns();
    }

    private static DnsSettings on(String... more) {
        return Objects.requireNonNull(read(more));
    }

    @Test
    void unset_isOn_onBothLoopbackAddresses() {
        DnsSettings settings = on();

        assertThat(settings.listenAddresses())
                .containsExactly(new InetSocketAddress("127.0.0.1", 15053), new InetSocketAddress("::1", 15053));
        assertThat(settings.clusterDomain()).isEqualTo("cluster.local");
        assertThat(settings.preferredNamespace()).isEmpty();
        assertThat(settings.ipv6()).isTrue();
        assertThat(settings.resolverFile()).isEqualTo(Path.of("/etc/resolv.conf"));
        assertThat(settings.searchOfFile())
                .as("the workload's file is the node's")
                .isTrue();
    }

    /** The README's manifest sets it: neither value may be complained about. */
    @ParameterizedTest
    @CsvSource({"true, true", "TRUE, true", "false, false", "no, false"})
    void capture_isHeardEitherWay(String value, boolean on) {
        ProxyConfig config = ProxyConfig.of(environment("ISTIO_META_DNS_CAPTURE", value));

        assertThat(config.dns() != null).isEqualTo(on);
        assertThat(config.ignored()).isEmpty();
    }

    @Test
    void pods_haveTheSearchDomainsOfKubernetes_notTheNodes() {
        Map<String, String> variables = environment("PROXY_MODE", "shared");
        variables.remove("PROXY_WORKLOAD_INFO");

        assertThat(Objects.requireNonNull(ProxyConfig.of(variables).dns()).searchOfFile())
                .isFalse();
    }

    @Test
    void everyVariable_counts() {
        DnsSettings settings = on(
                "CLUSTER_DOMAIN", "Corp.Example",
                "PREFERED_SERVICE_NAMESPACE", "central",
                "IPV6_ENABLED", "false",
                "HBONE_RESOLV_CONF", "/etc/node-resolv.conf",
                "HBONE_DNS_PORT", "53");

        assertThat(settings.clusterDomain()).isEqualTo("corp.example");
        assertThat(settings.preferredNamespace()).isEqualTo("central");
        assertThat(settings.ipv6()).isFalse();
        assertThat(settings.resolverFile()).isEqualTo(Path.of("/etc/node-resolv.conf"));
        assertThat(settings.listenAddresses()).containsExactly(new InetSocketAddress("127.0.0.1", 53));
        assertThat(on("ISTIO_META_DNS_PROXY_ADDR", "127.0.0.9:5353").listenAddresses())
                .containsExactly(new InetSocketAddress("127.0.0.9", 5353));
        assertThat(on("ISTIO_META_DNS_PROXY_ADDR", "[::1]:5353").listenAddresses())
                .containsExactly(new InetSocketAddress("::1", 5353));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0:15053", "10.0.0.1:15053", "localhost", "localhost:70000", "::1"})
    void addressThatOthersReach_orNone_isRefused(String address) {
        assertThatThrownBy(() -> read("ISTIO_META_DNS_PROXY_ADDR", address))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(
                        "ISTIO_META_DNS_PROXY_ADDR: \"" + address + "\" (expected: localhost or a loopback");
    }

    @Test
    void onDemand_turnsItOff_andRefusesBoth() {
        assertThat(read("XDS_ON_DEMAND", "true")).isNull();
        assertThat(read("XDS_ON_DEMAND", "true", "ISTIO_META_DNS_CAPTURE", "false"))
                .isNull();
        assertThatThrownBy(() -> read("XDS_ON_DEMAND", "true", "ISTIO_META_DNS_CAPTURE", "true"))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("ISTIO_META_DNS_CAPTURE: \"true\" (expected: false with XDS_ON_DEMAND");
    }
}
