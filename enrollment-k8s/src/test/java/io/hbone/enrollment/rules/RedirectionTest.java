package io.hbone.enrollment.rules;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.enrollment.rules.Redirection.State;
import io.hbone.zds.NetworkNamespace;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
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
}
