package io.hbone.enrollment.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.zds.NetworkNamespace;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Probes from a namespace that plays the machine. */
@Tag("peer")
class HostProbesTest {
    private static final int NODE = 15006;
    private static final int APPLICATION = 8080;

    private TestPod network;
    private HostProbes probes;

    @BeforeEach
    void setUp() throws Exception {
        network = TestPod.create();
        probes = HostProbes.of(network.peer());
        network.inPod("ip -4 route add default via 10.88.0.1");
        network.inPod("ip -6 route add default via fd88::1");
    }

    private void redirect(Convention convention) throws Exception {
        Redirection.of(RedirectSettings.builder(convention).exemptProbes(true).build())
                .install(network.pod());
    }

    @AfterEach
    void tearDown() throws Exception {
        if (network != null) {
            network.close();
        }
    }

    private static InetAddress address(Family family) throws Exception {
        return InetAddress.getByName(TestPod.podAddress(family));
    }

    private static Set<InetAddress> pod() throws Exception {
        return Set.of(address(Family.IPV4), address(Family.IPV6));
    }

    private String table() throws Exception {
        return network.inPeer("nft list ruleset");
    }

    /** Who {@code listener} sees when the pod's application is dialled. */
    private static InetAddress seen(NetworkNamespace from, Family family, ServerSocket listener) throws Exception {
        try (Socket client = TestPod.connect(from, TestPod.podAddress(family), APPLICATION);
                Socket taken = listener.accept()) {
            taken.setSoTimeout(TestPod.PATIENCE_MILLIS);
            client.getOutputStream().write(7);
            assertThat(taken.getInputStream().read()).isEqualTo(7);
            taken.getOutputStream().write(8);
            assertThat(client.getInputStream().read()).isEqualTo(8);
            return taken.getInetAddress();
        }
    }

    static Stream<Arguments> familiesAndConventions() {
        return Arrays.stream(Family.values())
                .flatMap(family ->
                        Arrays.stream(Convention.values()).map(convention -> Arguments.of(family, convention)));
    }

    @ParameterizedTest
    @MethodSource("familiesAndConventions")
    void probeOfTheMachine_passesTheNode_asLongAsItsPodIsNamed(Family family, Convention convention) throws Exception {
        redirect(convention);
        try (ServerSocket application = TestPod.listen(network.pod(), APPLICATION);
                ServerSocket node = TestPod.listen(network.pod(), NODE)) {
            InetAddress machine = InetAddress.getByName(TestPod.peerAddress(family));
            assertThat(seen(network.peer(), family, node)).isEqualTo(machine);

            probes.apply(pod());
            assertThat(seen(network.peer(), family, application))
                    .isEqualTo(family.probes().address());

            probes.apply(Set.of(InetAddress.getByName("10.88.0.77"), InetAddress.getByName("fd88::77")));
            assertThat(seen(network.peer(), family, node)).isEqualTo(machine);
        }
    }

    /** What other pods send passes through the machine, and must not pass the node. */
    @Test
    void connectionThatTheMachineForwards_isLedToTheNode() throws Exception {
        redirect(Convention.ISTIO);
        try (OtherPod other = OtherPod.behind(network);
                ServerSocket node = TestPod.listen(network.pod(), NODE)) {
            probes.apply(pod());

            assertThat(seen(other.namespace(), Family.IPV4, node)).isEqualTo(InetAddress.getByName(OtherPod.ADDRESS));
        }
    }

    /** A pod that the peer of the network leads to. */
    private record OtherPod(String name, NetworkNamespace namespace) implements AutoCloseable {
        static final String ADDRESS = "10.89.0.2";

        static OtherPod behind(TestPod network) throws Exception {
            String name = "probes-" + ProcessHandle.current().pid() + "-other";
            TestPod.sh("ip netns add " + name);
            network.inPeer("ip link add other type veth peer name eth0 netns " + name);
            network.inPeer("ip addr add 10.89.0.1/24 dev other");
            network.inPeer("ip link set other up");
            network.inPeer("sysctl -qw net.ipv4.ip_forward=1");
            for (String command : List.of(
                    "addr add " + ADDRESS + "/24 dev eth0", "link set eth0 up", "route add default via 10.89.0.1")) {
                TestPod.sh("ip -n " + name + ' ' + command);
            }
            return new OtherPod(name, NetworkNamespace.named(name));
        }

        @Override
        public void close() throws Exception {
            namespace.close();
            TestPod.sh("ip netns del " + name);
        }
    }

    @Test
    void whatIsThere_isSwapped_andNothingIsLeftWithoutPods_andOthersTablesStay() throws Exception {
        network.inPeer("nft add table inet somebody");
        probes.apply(pod());
        String first = table();
        probes.apply(pod());
        assertThat(table()).isEqualTo(first).contains("10.88.0.2", "fd88::2");

        probes.apply(Set.of(InetAddress.getByName("10.88.0.77")));
        assertThat(table()).contains("10.88.0.77").doesNotContain("10.88.0.2", "fd88::2");

        probes.apply(Set.of());
        assertThat(table()).contains("somebody").doesNotContain(NftHostProbes.TABLE);
        probes.apply(Set.of());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nft flush chain inet hbone-probes postrouting",
                "nft add element inet hbone-probes pods-v4 '{ 10.88.0.99 }'",
                "nft flush set inet hbone-probes pods-v6",
                "nft add rule inet hbone-probes postrouting ip daddr 10.88.0.9 snat ip to 10.88.0.8",
                "nft delete table inet hbone-probes",
            })
    void whatSomebodyChanged_isPutRight(String damage) throws Exception {
        probes.apply(pod());
        String whole = table();

        network.inPeer(damage);
        probes.apply(pod());

        assertThat(table()).isEqualTo(whole);
    }

    @Test
    void withoutNft_podsAreAFailure_andNoneAreNot() throws Exception {
        HostProbes without = new NftHostProbes(network.peer(), new NftBackend(new Tools(List.of(), List.of())));

        without.apply(Set.of());

        assertThatThrownBy(() -> without.apply(pod()))
                .isInstanceOf(RedirectException.class)
                .hasMessageContaining("there is no nft");
    }
}
