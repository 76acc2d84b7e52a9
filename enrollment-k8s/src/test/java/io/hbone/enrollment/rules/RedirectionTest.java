package io.hbone.enrollment.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.enrollment.rules.Redirection.State;
import io.hbone.xds.model.Cidr;
import io.hbone.zds.NetworkNamespace;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The rules at work, in real network namespaces, with every backend. */
@Tag("peer")
class RedirectionTest {
    private TestPod network;
    private NetworkNamespace pod;

    @BeforeEach
    void setUp() throws Exception {
        network = TestPod.create();
        pod = network.pod();
    }

    @AfterEach
    void tearDown() throws Exception {
        if (network != null) {
            network.close();
        }
    }

    static Stream<Arguments> everyBackendAndFamily() {
        return Stream.of(Backend.values())
                .flatMap(backend -> Stream.of(Family.values()).map(family -> Arguments.of(backend, family)));
    }

    private static Redirection with(Convention convention, Backend backend) {
        return Redirection.of(
                RedirectSettings.builder(convention).backend(backend).build());
    }

    @ParameterizedTest
    @MethodSource("everyBackendAndFamily")
    void outgoingConnections_afterInstall_goToTheNode(Backend backend, Family family) throws Exception {
        try (ServerSocket node = TestPod.listen(pod, 15001)) {
            with(Convention.CILIUM, backend).install(pod);

            try (Socket client = TestPod.connect(pod, TestPod.peerAddress(family), 8080);
                    Socket taken = node.accept()) {
                assertThat(taken.getPort()).isEqualTo(client.getLocalPort());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("everyBackendAndFamily")
    void incomingConnections_afterInstall_goToTheNode(Backend backend, Family family) throws Exception {
        try (ServerSocket plaintext = TestPod.listen(pod, 15006);
                ServerSocket hbone = TestPod.listen(pod, 15008)) {
            with(Convention.ISTIO, backend).install(pod);

            try (Socket client = TestPod.connect(network.peer(), TestPod.podAddress(family), 8080);
                    Socket taken = plaintext.accept()) {
                assertThat(taken.getPort()).isEqualTo(client.getLocalPort());
            }
            try (Socket client = TestPod.connect(network.peer(), TestPod.podAddress(family), 15008);
                    Socket taken = hbone.accept()) {
                assertThat(taken.getPort()).isEqualTo(client.getLocalPort());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("everyBackendAndFamily")
    void openConnections_areLetAlone_whileRulesComeAndGo(Backend backend, Family family) throws Exception {
        Redirection redirection = with(Convention.CILIUM, backend);
        try (ServerSocket inPeer = TestPod.listen(network.peer(), 8080);
                ServerSocket inPod = TestPod.listen(pod, 8080);
                Socket out = TestPod.connect(pod, TestPod.peerAddress(family), 8080);
                Socket outServed = inPeer.accept();
                Socket in = TestPod.connect(network.peer(), TestPod.podAddress(family), 8080);
                Socket inServed = inPod.accept()) {
            List<Socket> ends = List.of(out, outServed, in, inServed);
            for (Socket end : ends) {
                end.setSoTimeout(TestPod.PATIENCE_MILLIS);
            }
            talk(out, outServed);
            talk(in, inServed);

            redirection.install(pod);
            talk(out, outServed);
            talk(in, inServed);

            redirection.install(pod);
            talk(inServed, in);
            talk(outServed, out);

            redirection.remove(pod);
            talk(out, outServed);
            talk(in, inServed);
        }
    }

    @ParameterizedTest
    @MethodSource("everyBackendAndFamily")
    void defect_staleTracking_connectionsBegunWhileThereAreNoRules_areLetAloneWhenTheyComeBack(
            Backend backend, Family family) throws Exception {
        Redirection redirection = with(Convention.CILIUM, backend);
        int port;
        redirection.install(pod);
        try (ServerSocket node = TestPod.listen(pod, 15006)) {
            Socket client = TestPod.connect(network.peer(), TestPod.podAddress(family), 8080);
            port = client.getLocalPort();
            Socket taken = node.accept();
            talk(client, taken);
            taken.close(); // whose end this is first is in TIME_WAIT: the client's port must be free
            assertThat(client.getInputStream().read()).isEqualTo(-1);
            client.close();
        }
        redirection.remove(pod);

        try (ServerSocket inPod = TestPod.listen(pod, 8080);
                Socket client = TestPod.connectFrom(network.peer(), port, TestPod.podAddress(family), 8080);
                Socket served = inPod.accept()) {
            served.setSoTimeout(TestPod.PATIENCE_MILLIS);
            talk(client, served);
            redirection.install(pod);
            talk(client, served);
            talk(served, client);
        }
    }

    @ParameterizedTest
    @MethodSource("everyBackendAndFamily")
    void defect_staleTracking_connectionsThatEndedWhileThereWereNoRules_leadNoOthersPastThem(
            Backend backend, Family family) throws Exception {
        Redirection redirection = with(Convention.CILIUM, backend);
        int port;
        try (ServerSocket inPod = TestPod.listen(pod, 8080)) {
            Socket client = TestPod.connect(network.peer(), TestPod.podAddress(family), 8080);
            port = client.getLocalPort();
            Socket served = inPod.accept();
            redirection.install(pod);
            talk(client, served); // now the kernel knows it
            talk(served, client);
            redirection.remove(pod);
            client.setSoLinger(true, 0);
            client.close(); // and of this it does not know
            assertThatThrownBy(() -> served.getInputStream().read()).isInstanceOf(SocketException.class);
            served.close();
        }
        redirection.prepare(pod);
        redirection.install(pod);

        try (ServerSocket node = TestPod.listen(pod, 15006);
                Socket client = TestPod.connectFrom(network.peer(), port, TestPod.podAddress(family), 8080);
                Socket taken = node.accept()) {
            talk(client, taken);
        }
    }

    @ParameterizedTest
    @MethodSource("everyBackendAndFamily")
    void prepare_capturesNothing_andIsFollowedByInstall(Backend backend, Family family) throws Exception {
        Redirection redirection = with(Convention.CILIUM, backend);
        redirection.prepare(pod);
        assertThat(redirection.inspect(pod)).isEqualTo(State.STALE);
        try (ServerSocket inPeer = TestPod.listen(network.peer(), 8080);
                Socket direct = TestPod.connect(pod, TestPod.peerAddress(family), 8080);
                Socket served = inPeer.accept()) {
            served.setSoTimeout(TestPod.PATIENCE_MILLIS);
            talk(direct, served);
            redirection.prepare(pod);
            redirection.install(pod);
            assertThat(redirection.inspect(pod)).isEqualTo(State.INSTALLED);
            talk(direct, served);
            redirection.prepare(pod);
            assertThat(redirection.inspect(pod)).as("nothing is taken away").isEqualTo(State.INSTALLED);
        }
        redirection.prepare(pod);
        redirection.remove(pod);
        assertThat(redirection.inspect(pod)).isEqualTo(State.ABSENT);
    }

    @ParameterizedTest
    @MethodSource("everyBackendAndFamily")
    void capturedConnections_afterRelease_goOn(Backend backend, Family family) throws Exception {
        Redirection redirection = with(Convention.CILIUM, backend);
        redirection.install(pod);
        try (ServerSocket node = TestPod.listen(pod, 15001);
                ServerSocket inPeer = TestPod.listen(network.peer(), 8080);
                Socket client = TestPod.connect(pod, TestPod.peerAddress(family), 8080);
                Socket taken = node.accept()) {
            taken.setSoTimeout(TestPod.PATIENCE_MILLIS);
            talk(client, taken);

            redirection.release(pod);

            talk(client, taken);
            try (Socket direct = TestPod.connect(pod, TestPod.peerAddress(family), 8080);
                    Socket served = inPeer.accept()) {
                served.setSoTimeout(TestPod.PATIENCE_MILLIS);
                talk(direct, served);
            }
            assertThat(redirection.inspect(pod)).isEqualTo(State.STALE);
        }
        redirection.remove(pod);
        assertThat(redirection.inspect(pod)).isEqualTo(State.ABSENT);
    }

    private static void talk(Socket one, Socket other) throws IOException {
        say(one, other);
        say(other, one);
    }

    private static void say(Socket from, Socket to) throws IOException {
        from.getOutputStream().write(42);
        assertThat(to.getInputStream().read()).isEqualTo(42);
    }

    @ParameterizedTest
    @EnumSource(Backend.class)
    void removed_leavesNothing(Backend backend) throws Exception {
        Redirection redirection = Redirection.of(RedirectSettings.builder(Convention.ISTIO)
                .backend(backend)
                .captureDns(true)
                .build());
        assertThat(redirection.inspect(pod)).isEqualTo(State.ABSENT);
        redirection.remove(pod);

        redirection.install(pod);
        assertThat(redirection.inspect(pod)).isEqualTo(State.INSTALLED);
        String installed = network.everything();
        redirection.install(pod);
        assertThat(redirection.inspect(pod)).isEqualTo(State.INSTALLED);
        assertThat(network.everything()).isEqualTo(installed);

        redirection.remove(pod);
        assertThat(redirection.inspect(pod)).isEqualTo(State.ABSENT);
        assertThat(network.everything()).doesNotContainIgnoringCase("istio").doesNotContain("0x111", "table 100");
        redirection.remove(pod);
    }

    /** GAP of the original, which appends what is missing and never prunes (spec/cilium.md 3.5). */
    @ParameterizedTest
    @EnumSource(Backend.class)
    void changedRules_areSwapped_notAppendedBesideTheOld(Backend backend) throws Exception {
        RedirectSettings.Builder older =
                RedirectSettings.builder(Convention.CILIUM).backend(backend).outboundPort(25001);
        Redirection.of(older.captureDns(true).build()).install(pod);
        Redirection newer = with(Convention.CILIUM, backend);
        assertThat(newer.inspect(pod)).isEqualTo(State.STALE);

        newer.install(pod);

        assertThat(newer.inspect(pod)).isEqualTo(State.INSTALLED);
        assertThat(network.everything()).contains("15001").doesNotContain("25001", "15053", "zone");
    }

    /** GAP of the original: what an agent that died left in a pod that is not enrolled any more (spec/cilium.md 1.7). */
    @ParameterizedTest
    @EnumSource(Backend.class)
    void whatWasLeftOver_isFound_andRepairedOrRemoved(Backend backend) throws Exception {
        Redirection redirection = with(Convention.CILIUM, backend);
        redirection.install(pod);
        for (String damage : damages(backend)) {
            network.inPod(damage);
            assertThat(redirection.inspect(pod)).as(damage).isEqualTo(State.STALE);

            redirection.install(pod);
            assertThat(redirection.inspect(pod)).as(damage).isEqualTo(State.INSTALLED);
        }
        for (String damage : damages(backend)) {
            network.inPod(damage);
        }
        redirection.remove(pod);
        assertThat(redirection.inspect(pod)).isEqualTo(State.ABSENT);
        assertThat(network.everything()).doesNotContainIgnoringCase("cilium");
    }

    private static List<String> damages(Backend backend) {
        List<String> damages = new ArrayList<>(List.of(
                "ip -4 rule del priority 32764",
                "ip -6 route flush table 100",
                "ip -4 rule add priority 99 fwmark 0x111/0xfff lookup 100"));
        if (backend == Backend.NFT) {
            damages.add("nft delete table inet cilium-ztunnel-mangle");
            damages.add("nft flush chain inet cilium-ztunnel-nat output");
            damages.add("nft add rule inet cilium-ztunnel-nat cilium-output tcp dport 81 accept");
            damages.add("nft add set inet cilium-ztunnel-nat ports '{ type inet_service; }'");
        } else {
            String kind = backend == Backend.IPTABLES_NFT ? "-nft" : "-legacy";
            damages.add("iptables" + kind + " -t nat -D OUTPUT -j CILIUM_OUTPUT");
            damages.add("ip6tables" + kind + " -t nat -A OUTPUT -j CILIUM_OUTPUT");
            damages.add("iptables" + kind + " -t mangle -A INPUT -p tcp -m comment --comment 'a b' -j CILIUM_OUTPUT");
            damages.add("ip6tables" + kind + " -t mangle -F CILIUM_OUTPUT");
            damages.add("iptables" + kind + " -t nat -I CILIUM_OUTPUT -p tcp --dport 81 -j ACCEPT");
            damages.add("iptables" + kind + " -t raw -N CILIUM_OUTPUT");
        }
        return damages;
    }

    @ParameterizedTest
    @EnumSource(Backend.class)
    void rulesOfAnotherBackend_areReplaced(Backend backend) throws Exception {
        Redirection redirection = with(Convention.CILIUM, backend);
        for (Backend other : Backend.values()) {
            if (other != backend) {
                with(Convention.CILIUM, other).install(pod);
                assertThat(redirection.inspect(pod)).isEqualTo(State.STALE);

                redirection.install(pod);
                assertThat(redirection.inspect(pod)).isEqualTo(State.INSTALLED);
            }
        }
    }

    @Test
    void anyBackend_isTheOneThatIsThere() throws Exception {
        Redirection any = Redirection.of(RedirectSettings.DEFAULT);
        for (Backend backend : Backend.values()) {
            with(Convention.CILIUM, backend).install(pod);
            String installed = network.everything();

            any.install(pod);
            assertThat(any.inspect(pod)).isEqualTo(State.INSTALLED);
            assertThat(network.everything()).isEqualTo(installed);
            any.remove(pod);
        }
    }

    @Test
    void anyBackend_isIptablesLegacy_whereSomebodyUsesIt() throws Exception {
        network.inPod("iptables-legacy -t nat -A OUTPUT -p tcp --dport 1 -j ACCEPT");

        Redirection.of(RedirectSettings.DEFAULT).install(pod);

        assertThat(network.inPod("iptables-legacy-save")).contains("CILIUM_OUTPUT");
        assertThat(network.inPod("nft list ruleset")).doesNotContain("CILIUM");
    }

    @ParameterizedTest
    @MethodSource("everyBackendAndFamily")
    void rulesOfOthers_stay(Backend backend, Family family) throws Exception {
        String iptables = (family == Family.IPV4 ? "iptables" : "ip6tables")
                + (backend == Backend.IPTABLES_LEGACY ? "-legacy" : "-nft");
        network.inPod(iptables + " -t nat -N THEIRS");
        network.inPod(iptables + " -t nat -A OUTPUT -p tcp --dport 1 -j THEIRS");
        String before = network.inPod(iptables + "-save -t nat").replaceAll("#.*|\\[\\d+:\\d+]", "");
        Redirection redirection = with(Convention.CILIUM, backend);

        redirection.install(pod);
        redirection.install(pod);
        redirection.remove(pod);

        assertThat(network.inPod(iptables + "-save -t nat").replaceAll("#.*|\\[\\d+:\\d+]", ""))
                .isEqualTo(before);
    }

    @Test
    void rulesOfAnotherConvention_areNotTouched() throws Exception {
        Redirection istio = with(Convention.ISTIO, Backend.IPTABLES_NFT);
        istio.install(pod);
        Redirection cilium = with(Convention.CILIUM, Backend.NFT);

        assertThatThrownBy(() -> cilium.install(pod))
                .isInstanceOf(RedirectException.class)
                .hasMessageContaining("redirect rules of ISTIO");

        assertThat(istio.inspect(pod)).isEqualTo(State.INSTALLED);
    }

    @ParameterizedTest
    @MethodSource("everyBackendAndFamily")
    void dns_isCaptured_whenAskedFor(Backend backend, Family family) throws Exception {
        Redirection.of(RedirectSettings.builder(Convention.ISTIO)
                        .backend(backend)
                        .captureDns(true)
                        .build())
                .install(pod);
        InetAddress loopback = InetAddress.getByName(family == Family.IPV4 ? "127.0.0.1" : "::1");
        try (DatagramSocket node = pod.run(() -> new DatagramSocket(15053, loopback));
                DatagramSocket client = pod.run(() -> new DatagramSocket());
                ServerSocket nodeTcp = TestPod.listen(pod, 15053)) {
            node.setSoTimeout(TestPod.PATIENCE_MILLIS);
            client.setSoTimeout(TestPod.PATIENCE_MILLIS);
            InetSocketAddress server = new InetSocketAddress(TestPod.peerAddress(family), 53);
            client.send(new DatagramPacket(new byte[] {1, 2, 3}, 3, server));

            DatagramPacket question = new DatagramPacket(new byte[9], 9);
            node.receive(question);
            node.send(new DatagramPacket(new byte[] {4}, 1, question.getSocketAddress()));
            DatagramPacket answer = new DatagramPacket(new byte[9], 9);
            client.receive(answer);

            assertThat(question.getLength()).isEqualTo(3);
            assertThat(answer.getSocketAddress()).isEqualTo(server);
            try (Socket tcp = TestPod.connect(pod, TestPod.peerAddress(family), 53);
                    Socket taken = nodeTcp.accept()) {
                assertThat(taken.getPort()).isEqualTo(tcp.getLocalPort());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("everyBackendAndFamily")
    void probes_goPastTheNode(Backend backend, Family family) throws Exception {
        String probe = family.probes().toString();
        String source = probe.substring(0, probe.indexOf('/'));
        String version = family == Family.IPV4 ? "ip -4 " : "ip -6 ";
        network.inPeer(version + "addr add " + probe + " dev eth0" + (family == Family.IPV6 ? " nodad" : ""));
        network.inPod(version + "route add " + probe + " dev eth0");
        with(Convention.ISTIO, backend).install(pod);
        try (ServerSocket application = TestPod.listen(pod, 8080);
                Socket prober = TestPod.connect(network.peer(), source, TestPod.podAddress(family), 8080);
                Socket taken = application.accept()) {
            taken.setSoTimeout(TestPod.PATIENCE_MILLIS);
            talk(prober, taken);
        }
    }

    @ParameterizedTest
    @MethodSource("everyBackendAndFamily")
    void whatIsExcluded_goesPastTheNode(Backend backend, Family family) throws Exception {
        Cidr peer = IptablesRule.network(TestPod.peerAddress(family));
        RedirectSettings.Builder settings =
                RedirectSettings.builder(Convention.CILIUM).backend(backend).excludedInboundPorts(List.of(9090));
        try (ServerSocket inPeer = TestPod.listen(network.peer(), 3306);
                ServerSocket inPod = TestPod.listen(pod, 9090)) {
            Redirection.of(settings.excludedOutboundPorts(List.of(3306)).build())
                    .install(pod);
            connects(pod, TestPod.peerAddress(family), inPeer);
            connects(network.peer(), TestPod.podAddress(family), inPod);

            Redirection.of(settings.excludedOutboundPorts(List.of())
                            .excludedOutboundNetworks(List.of(peer))
                            .build())
                    .install(pod);
            connects(pod, TestPod.peerAddress(family), inPeer);
        }
    }

    private static void connects(NetworkNamespace from, String address, ServerSocket to) throws Exception {
        try (Socket client = TestPod.connect(from, address, to.getLocalPort());
                Socket served = to.accept()) {
            assertThat(served.getPort()).isEqualTo(client.getLocalPort());
        }
    }

    @ParameterizedTest
    @MethodSource("everyBackendAndFamily")
    void application_thatCallsItself_isLetAlone(Backend backend, Family family) throws Exception {
        with(Convention.CILIUM, backend).install(pod);
        try (ServerSocket application = TestPod.listen(pod, 8080)) {
            connects(pod, TestPod.podAddress(family), application);
            connects(pod, family == Family.IPV4 ? "127.0.0.1" : "::1", application);
        }
    }

    @Test
    void oneFamily_leavesTheOtherAlone() throws Exception {
        Redirection redirection = Redirection.of(RedirectSettings.builder(Convention.CILIUM)
                .families(Set.of(Family.IPV4))
                .build());
        Redirection.of(RedirectSettings.DEFAULT).install(pod);
        assertThat(redirection.inspect(pod)).isEqualTo(State.STALE);

        redirection.install(pod);

        assertThat(redirection.inspect(pod)).isEqualTo(State.INSTALLED);
        assertThat(network.inPod("ip6tables-nft-save")).doesNotContain("CILIUM");
        assertThat(network.inPod("ip -6 rule")).doesNotContain("0x111");
    }

    @Test
    void namespaceWithoutIpv6_getsRulesForIpv4() throws Exception {
        network.inPod("sh -c 'for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 > $f; done'");
        Redirection redirection = Redirection.of(RedirectSettings.DEFAULT);

        redirection.install(pod);

        assertThat(redirection.inspect(pod)).isEqualTo(State.INSTALLED);
        assertThat(network.inPod("ip6tables-nft-save")).doesNotContain("CILIUM");
        redirection.remove(pod);
        assertThat(redirection.inspect(pod)).isEqualTo(State.ABSENT);
    }

    /** A thread that stayed inside would keep the namespace alive after its pod has gone. */
    @Test
    void nobody_staysInside() throws Exception {
        Redirection redirection = Redirection.of(RedirectSettings.DEFAULT);
        redirection.install(pod);
        redirection.remove(pod);

        try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
            assertThat(threads.map(RedirectionTest::namespaceOf)).doesNotContain(pod.toString());
        }
    }

    private static String namespaceOf(Path thread) {
        try {
            return Files.readSymbolicLink(thread.resolve("ns/net")).toString();
        } catch (IOException e) {
            return "ended";
        }
    }

    /** Also from any one to any other: each must be read back as it was written. */
    @ParameterizedTest
    @EnumSource(Backend.class)
    void everySet_isReadBackAsWritten(Backend backend) throws Exception {
        for (RedirectSettings settings : RuleSetsTest.SETS.values()) {
            if (settings.convention() == Convention.ISTIO) {
                RedirectSettings with = settings.toBuilder().backend(backend).build();
                Redirection.of(with).install(pod);
                assertThat(Redirection.of(with).inspect(pod)).isEqualTo(State.INSTALLED);
            }
        }
        with(Convention.ISTIO, backend).remove(pod);
        Redirection all = Redirection.of(
                RuleSetsTest.SETS.get("cilium-all").toBuilder().backend(backend).build());
        all.install(pod);
        assertThat(all.inspect(pod)).isEqualTo(State.INSTALLED);
    }
}
