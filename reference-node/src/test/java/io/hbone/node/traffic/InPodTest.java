package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.hbone.core.ConnectionObserver.ConnectionDetails;
import io.hbone.core.ConnectionObserver.Direction;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.identity.testing.CapturedLog;
import io.hbone.node.Node;
import io.hbone.xds.ads.AdsClient;
import io.hbone.xds.server.AdsServer;
import io.hbone.xds.server.MeshResources;
import io.hbone.zds.NetworkNamespace;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pods that one node, or two, serve from outside, with an application in each. */
@InPods
@Timeout(120)
class InPodTest {
    private static final String CLIENT_ID = "spiffe://cluster.local/ns/shop/sa/buyer";
    private static final String SERVER_ID = "spiffe://cluster.local/ns/shop/sa/seller";

    private InPodMesh mesh;
    private Pod client;
    private Pod server;

    @BeforeEach
    void open() throws Exception {
        mesh = new InPodMesh("inpod");
        client = mesh.pods().pod("client", "10.78.0.1");
        server = mesh.pods().pod("server", "10.78.0.2");
        mesh.workload("c", "client", "buyer", client.v4());
        mesh.workload("s", "server", "seller", server.v4());
        mesh.echo(server, InPodMesh.ECHO, "");
    }

    @AfterEach
    void close() throws Exception {
        mesh.close();
    }

    private Node enrolled() throws Exception {
        Node node = mesh.node();
        mesh.agent().seeded();
        mesh.enroll("c", "client", "buyer", client);
        mesh.enroll("s", "server", "seller", server);
        Mesh.redirect(client);
        Mesh.redirect(server);
        return node;
    }

    @Test
    void twoPodsOfOneProcess_talkThroughATunnelAsWhoTheyAre() throws Exception {
        Node node = enrolled();

        assertThat(InPodMesh.talk(client, server.v4(), InPodMesh.ECHO, "hello")).isEqualTo("hello");

        ConnectionDetails outbound = mesh.seen().last(Direction.OUTBOUND);
        assertThat(outbound.mutualTls()).isTrue();
        assertThat(outbound.sourceWorkload().identity()).hasToString(CLIENT_ID);
        assertThat(outbound.destinationWorkload().identity()).hasToString(SERVER_ID);
        ConnectionDetails inbound = mesh.seen().last(Direction.INBOUND);
        assertThat(inbound.sourceWorkload().identity()).hasToString(CLIENT_ID);
        assertThat(inbound.destinationWorkload().identity()).hasToString(SERVER_ID);
        assertThat(inbound.source().getAddress()).isEqualTo(outbound.source().getAddress());
        assertThat(mesh.seen().failures).isEmpty();
        await().untilAsserted(() -> assertThat(
                        InPodMesh.get(node.readinessAddress(), "/healthz/ready").statusCode())
                .isEqualTo(200));
        String metrics = InPodMesh.get(node.metricsAddress(), "/metrics").body();
        assertThat(metrics)
                .contains("workload_manager_active_proxy_count 2.0")
                .contains("workload_manager_proxies_started_total 2.0");
        for (String reporter : new String[] {"source", "destination"}) {
            assertThat(metrics.lines().filter(line -> line.startsWith("istio_tcp_connections_opened_total{")))
                    .as("of the pod that is the " + reporter)
                    .filteredOn(line -> line.contains("reporter=\"" + reporter + '"'))
                    .singleElement()
                    .asString()
                    .contains("source_principal=\"" + CLIENT_ID + '"', "destination_principal=\"" + SERVER_ID + '"')
                    .endsWith(" 1.0");
        }
    }

    @Test
    void twoPodsOfTwoProcesses_talkThroughATunnel() throws Exception {
        mesh.node();
        mesh.agent().seeded();
        mesh.enroll("c", "client", "buyer", client);
        Mesh.redirect(client);
        try (InPodMesh other = new InPodMesh("inpod-other")) {
            other.workload("c", "client", "buyer", client.v4());
            other.workload("s", "server", "seller", server.v4());
            other.node(Map.of(
                    "HBONE_DEV_CA_DIR", mesh.pods().directory().resolve("ca").toString()));
            other.agent().seeded();
            other.enroll("s", "server", "seller", server);
            Mesh.redirect(server);

            assertThat(InPodMesh.talk(client, server.v4(), InPodMesh.ECHO, "hello"))
                    .isEqualTo("hello");

            assertThat(other.seen().last(Direction.INBOUND).sourceWorkload().identity())
                    .hasToString(CLIENT_ID);
            assertThat(mesh.seen()
                            .last(Direction.OUTBOUND)
                            .destinationWorkload()
                            .identity())
                    .hasToString(SERVER_ID);
        }
    }

    /** Agents let a pod start when the node has it, and control planes see pods that have started. */
    @Test
    void podThatTheMeshDoesNotKnowYet_isServed_andItsConnectionsWait() throws Exception {
        mesh.forget("c");
        mesh.node();
        mesh.agent().seeded();
        mesh.enroll("c", "client", "buyer", client);
        mesh.enroll("s", "server", "seller", server);
        Mesh.redirect(client);
        Mesh.redirect(server);
        CompletableFuture<String> answer = CompletableFuture.supplyAsync(() -> {
            try {
                return InPodMesh.talk(client, server.v4(), InPodMesh.ECHO, "patience");
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });

        mesh.workload("c", "client", "buyer", client.v4());

        assertThat(answer.get(20, TimeUnit.SECONDS)).isEqualTo("patience");
        assertThat(mesh.seen().last(Direction.INBOUND).sourceWorkload().identity())
                .hasToString(CLIENT_ID);
    }

    @Test
    void deletedPod_isServedNoMore_andNoOtherPodFeelsIt() throws Exception {
        Node node = enrolled();
        assertThat(InPodMesh.talk(client, server.v4(), InPodMesh.ECHO, "before"))
                .isEqualTo("before");
        try (Socket open = InPodMesh.connect(client, server.v4(), InPodMesh.ECHO)) {
            open.getOutputStream().write(7);
            assertThat(open.getInputStream().read()).isEqualTo(7);

            mesh.withdraw("c");

            // at once, without a grace (spec/ztunnel.md 8.3)
            assertThat(endOf(open)).isTrue();
        }
        assertThat(isRefused(client, 15001)).isTrue();
        assertThat(isRefused(server, 15001)).isFalse();
        assertThat(InPodMesh.get(node.metricsAddress(), "/metrics").body())
                .contains("workload_manager_active_proxy_count 1.0")
                .contains("workload_manager_proxies_stopped_total 1.0");
        assertThat(InPodMesh.get(node.adminAddress(), "/config_dump").body())
                .contains("\"workloadState\"")
                .doesNotContain("\"c\": {");
    }

    private static boolean endOf(Socket socket) {
        try {
            return socket.getInputStream().read() < 0;
        } catch (IOException e) {
            return true;
        }
    }

    private static boolean isRefused(Pod pod, int port) throws Exception {
        try (Socket socket = InPodMesh.connect(pod, "127.0.0.1", port)) {
            return !socket.isConnected();
        } catch (ConnectException e) {
            return true;
        }
    }

    @Test
    void namespaceThatDisappears_hurtsNothingElse_andTheUidComesBackInAnother() throws Exception {
        enrolled();
        client.bash("ip link del eth0").success();
        Pod again = mesh.pods().pod("again", client.v4());

        mesh.enroll("c", "client", "buyer", again);
        Mesh.redirect(again);

        assertThat(InPodMesh.talk(again, server.v4(), InPodMesh.ECHO, "back")).isEqualTo("back");
        assertThat(isRefused(client, 15001)).isTrue();
    }

    /** The mesh may still say that the address is the old pod's; the agent has said whose namespace it is. */
    @Test
    void addressThatIsUsedAgain_neverServesTheOldIdentity() throws Exception {
        enrolled();
        assertThat(InPodMesh.talk(client, server.v4(), InPodMesh.ECHO, "old")).isEqualTo("old");
        for (int i = 0; i < 3; i++) {
            String uid = "s" + i;
            server.bash("ip link del eth0").success();
            Pod next = mesh.pods().pod("next" + i, server.v4());
            client.bash("ip neigh flush all").success(); // as if the new pod had announced itself
            mesh.echo(next, InPodMesh.ECHO, uid + ":");
            mesh.workload(uid, "server" + i, "thief" + i, "10.78.0.99"); // not yet where it is
            // The new pod is enrolled before the old one's deletion has come round.
            mesh.enroll(uid, "server" + i, "thief" + i, next);
            Mesh.redirect(next);

            // Known by its old owner: the tunnel expects that one and nothing is sent.
            mesh.seen().failures.clear();
            assertThatThrownBy(() -> talkOrFail(client, next.v4())).isInstanceOf(IOException.class);
            assertThat(mesh.seen().failures)
                    .extracting(TunnelException::error)
                    .contains(TunnelError.PEER_IDENTITY_MISMATCH);

            mesh.withdraw(i == 0 ? "s" : "s" + (i - 1));
            mesh.forget(i == 0 ? "s" : "s" + (i - 1));
            mesh.workload(uid, "server" + i, "thief" + i, server.v4());
            String expected = uid + ":new";
            await().atMost(Duration.ofSeconds(20))
                    .ignoreExceptions()
                    .until(() -> InPodMesh.talk(client, server.v4(), InPodMesh.ECHO, "new")
                            .equals(expected));
            assertThat(mesh.seen().last(Direction.INBOUND).destinationWorkload().identity())
                    .hasToString("spiffe://cluster.local/ns/shop/sa/thief" + i);
            assertThat(mesh.seen()
                            .last(Direction.OUTBOUND)
                            .destinationWorkload()
                            .identity())
                    .hasToString("spiffe://cluster.local/ns/shop/sa/thief" + i);
            server = next;
        }
    }

    private static String talkOrFail(Pod from, String to) throws Exception {
        String answer = InPodMesh.talk(from, to, InPodMesh.ECHO, "secret");
        if (answer.isEmpty()) {
            throw new IOException("closed without an answer");
        }
        return answer;
    }

    @Test
    void agentThatRestarts_takesWhatItDoesNotNameAndLeavesTheRestAlone() throws Exception {
        Node node = enrolled();
        try (Socket open = InPodMesh.connect(client, server.v4(), InPodMesh.ECHO)) {
            open.getOutputStream().write(7);
            assertThat(open.getInputStream().read()).isEqualTo(7);
            mesh.agent().close();
            await().untilAsserted(() -> assertThat(InPodMesh.get(node.readinessAddress(), "/healthz/ready")
                            .body())
                    .contains("workload proxy manager"));
            open.getOutputStream().write(8);
            assertThat(open.getInputStream().read()).isEqualTo(8);
            Pod other = mesh.pods().pod("other", "10.78.0.3");

            mesh.startAgent();
            mesh.agent().enroll(InPodMesh.zds("c", "client", "buyer"), NetworkNamespace.named(client.namespace()));
            mesh.agent().enroll(InPodMesh.zds("s", "server", "seller"), NetworkNamespace.named(server.namespace()));
            mesh.enrollLater("o", "other", "buyer", other);
            mesh.agent().seeded();

            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> assertThat(InPodMesh.get(node.readinessAddress(), "/healthz/ready")
                                    .statusCode())
                            .isEqualTo(200));
            assertThat(isRefused(other, 15001)).isFalse();
            open.getOutputStream().write(9);
            assertThat(open.getInputStream().read()).isEqualTo(9);
        }
        mesh.agent().close();
        mesh.startAgent();
        mesh.agent().enroll(InPodMesh.zds("c", "client", "buyer"), NetworkNamespace.named(client.namespace()));
        mesh.agent().seeded();
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(isRefused(server, 15001)).isTrue());
        assertThat(isRefused(client, 15001)).isFalse();
    }

    /** It commonly is the xDS server, too, which is not to be waited for as long as it was away. */
    @Test
    void agentThatComesBack_letsTheNodeTryItsXdsServerAtOnce() throws Exception {
        Path socket = mesh.pods().directory().resolve("xds.sock");
        try (CapturedLog log = CapturedLog.of(AdsClient.class);
                AdsServer xds = AdsServer.builder(new MeshResources()).listen(socket)) {
            mesh.node(Map.of("XDS_ADDRESS", "unix://" + socket));
            mesh.agent().close();
            xds.close();
            await().until(() -> pauses(log).anyMatch(pause -> pause >= 80));
            long before = pauses(log).count();

            mesh.startAgent();

            // Without that they would only become longer.
            await().until(() -> pauses(log).skip(before).anyMatch(pause -> pause <= 10));
        }
    }

    /** In milliseconds. */
    private static LongStream pauses(CapturedLog log) {
        return log.lines().stream()
                .map(Pattern.compile("; next in (\\d+) ms")::matcher)
                .filter(Matcher::find)
                .mapToLong(matcher -> Long.parseLong(matcher.group(1)));
    }

    /** Upstream resets what is in the queue of the listener that closes, and handshakes that are under way. */
    @Test
    void secondNode_takesOverFromTheFirst_andNoRequestFails() throws Exception {
        Node first = enrolled();
        assertThat(InPodMesh.talk(client, server.v4(), InPodMesh.ECHO, "warm")).isEqualTo("warm");
        try (Requests requests = Requests.start(client, server.v4(), InPodMesh.ECHO, 500)) {
            requests.awaitMore(500);
            Node second = mesh.node();
            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> assertThat(InPodMesh.get(second.readinessAddress(), "/healthz/ready")
                                    .statusCode())
                            .isEqualTo(200));
            requests.awaitMore(500);

            first.drain();

            requests.awaitMore(500);
            assertThat(requests.failures()).isEmpty();
        }
    }

    @Test
    void portThatIsTaken_failsOnePodWithTheReason_andIsTriedAgain() throws Exception {
        Node node = mesh.node();
        mesh.agent().seeded();
        ServerSocket taken = InPodMesh.in(client, () -> new ServerSocket(15006));
        mesh.enrollLater("c", "client", "buyer", client);
        mesh.enroll("s", "server", "seller", server);

        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(InPodMesh.get(node.adminAddress(), "/config_dump")
                                .body())
                        .contains("\"state\": \"Pending\"")
                        .contains("15006 for inbound plaintext"));
        assertThat(InPodMesh.get(node.readinessAddress(), "/healthz/ready").body())
                .contains("workload proxy manager");
        assertThat(isRefused(client, 15001)).isTrue();
        assertThat(isRefused(server, 15001)).isFalse();
        taken.close();

        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(InPodMesh.get(node.readinessAddress(), "/healthz/ready")
                                .statusCode())
                        .isEqualTo(200));
    }
}
