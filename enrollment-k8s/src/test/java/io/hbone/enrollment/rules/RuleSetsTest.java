package io.hbone.enrollment.rules;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.xds.model.Cidr;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is written for whom, word for word: the files beside this test are what iptables-restore and nft read. */
class RuleSetsTest {
    /** Names of the files, and what they are for. */
    static final Map<String, RedirectSettings> SETS = Map.of(
            "cilium", RedirectSettings.builder(Convention.CILIUM).build(),
            "istio", RedirectSettings.builder(Convention.ISTIO).build(),
            "istio-dns",
                    RedirectSettings.builder(Convention.ISTIO).captureDns(true).build(),
            "istio-ingress",
                    RedirectSettings.builder(Convention.ISTIO)
                            .captureInbound(false)
                            .build(),
            "istio-virtual-machine",
                    RedirectSettings.builder(Convention.ISTIO)
                            .virtualInterfaces(List.of("k6t-eth0"))
                            .build(),
            "cilium-all",
                    RedirectSettings.builder(Convention.CILIUM)
                            .captureDns(true)
                            .exemptProbes(true)
                            .excludedInboundPorts(List.of(9090, 22))
                            .excludedOutboundPorts(List.of(3306))
                            .excludedOutboundNetworks(List.of(network("10.96.0.0", 12), network("fd00:10:96::", 112)))
                            .packetMark(0x7)
                            .outboundPort(25001)
                            .inboundPlaintextPort(25006)
                            .inboundPort(25008)
                            .dnsPort(25053)
                            .build());

    private static Cidr network(String address, int prefix) {
        try {
            return Cidr.of(InetAddress.getByName(address), prefix);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    static Stream<Arguments> everySetAndFamily() {
        return SETS.keySet().stream()
                .sorted()
                .flatMap(name -> Stream.of(Family.values()).map(family -> Arguments.of(name, family)));
    }

    static Stream<String> everySet() {
        return SETS.keySet().stream().sorted();
    }

    @ParameterizedTest
    @MethodSource("everySetAndFamily")
    void iptables_getsTheSet_asItsTextSays(String name, Family family) throws IOException {
        RuleSet rules = RuleSets.of(SETS.get(name), family);

        String script = IptablesState.NONE.to(IptablesState.of(rules));

        assertThat(script).isEqualTo(golden(name + '.' + (family == Family.IPV4 ? "iptables" : "ip6tables")));
    }

    @ParameterizedTest
    @MethodSource("everySetAndFamily")
    void iptables_savesTheSet_asItWasWritten(String name, Family family) {
        IptablesState state = IptablesState.of(RuleSets.of(SETS.get(name), family));

        String saved = IptablesState.NONE.to(state);

        assertThat(IptablesState.parse(saved, SETS.get(name).convention())).isEqualTo(state);
    }

    @ParameterizedTest
    @MethodSource("everySet")
    void nft_getsBothFamilies_asItsTextSays(String name) throws IOException {
        RedirectSettings settings = SETS.get(name);
        NftState state = NftState.of(List.of(RuleSets.of(settings, Family.IPV4), RuleSets.of(settings, Family.IPV6)));

        assertThat(state.script(settings.convention(), NftState.NONE)).isEqualTo(golden(name + ".nft"));
    }

    @ParameterizedTest
    @MethodSource("everySet")
    void nft_getsOneFamily_withoutAWordAboutTheOther(String name) {
        RedirectSettings settings = SETS.get(name);
        NftState state = NftState.of(Set.of(RuleSets.of(settings, Family.IPV6)));

        assertThat(state.script(settings.convention(), NftState.NONE))
                .contains("meta nfproto ipv6")
                .doesNotContain("ipv4", "ip saddr", "ip daddr");
    }

    private static String golden(String file) throws IOException {
        try (InputStream in = RuleSetsTest.class.getResourceAsStream("golden/" + file)) {
            return in == null ? "no file " + file : new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
