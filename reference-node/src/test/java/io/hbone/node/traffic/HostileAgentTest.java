package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.InvalidProtocolBufferException;
import io.hbone.identity.testing.CapturedLog;
import io.hbone.node.Node;
import io.hbone.zds.ZdsClient;
import io.hbone.zds.proto.AddWorkload;
import io.hbone.zds.proto.DelWorkload;
import io.hbone.zds.proto.SnapshotSent;
import io.hbone.zds.proto.WorkloadInfo;
import io.hbone.zds.proto.WorkloadRequest;
import io.hbone.zds.proto.WorkloadResponse;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A running node whose agent, which is not of ours, sends what it should not: it says so, and goes on carrying the pods that it has. */
@InPods
@Timeout(120)
class HostileAgentTest {
    private InPodMesh mesh;
    private Pod client;
    private Pod server;
    private Program agent;
    private Node node;
    private CapturedLog log;
    private int asked;

    @BeforeEach
    void open() throws Exception {
        log = CapturedLog.of(ZdsClient.class);
        mesh = new InPodMesh("hostile-agent");
        client = mesh.pods().pod("client", "10.82.0.1");
        server = mesh.pods().pod("server", "10.82.0.2");
        mesh.workload("c", "client", "buyer", client.v4());
        mesh.workload("s", "server", "seller", server.v4());
        mesh.echo(server, InPodMesh.ECHO, "");
        agent = client.start("python3", client.file("agent.py"), client.file("hostile.sock"))
                .until("listening", Pod.PATIENCE);
        node = mesh.node(Map.of("INPOD_UDS", client.file("hostile.sock")));
        assertThat(ask(add("c", "client", "buyer"), netns(client))).isEmpty();
        assertThat(agent.out()).as("the version that the node speaks").contains("hello 0801");
        assertThat(ask(add("s", "server", "seller"), netns(server))).isEmpty();
        assertThat(ask(snapshot())).isEmpty();
        Mesh.redirect(client);
        Mesh.redirect(server);
    }

    @AfterEach
    void close() throws Exception {
        mesh.close();
        log.close();
    }

    private static String netns(Pod pod) {
        return "/run/netns/" + pod.namespace();
    }

    private static byte[] add(String uid, String name, String account) {
        WorkloadInfo info = WorkloadInfo.newBuilder()
                .setName(name)
                .setNamespace("shop")
                .setServiceAccount(account)
                .build();
        return WorkloadRequest.newBuilder()
                .setAdd(AddWorkload.newBuilder().setUid(uid).setWorkloadInfo(info))
                .build()
                .toByteArray();
    }

    private static byte[] delete(String uid) {
        return WorkloadRequest.newBuilder()
                .setDel(DelWorkload.newBuilder().setUid(uid))
                .build()
                .toByteArray();
    }

    private static byte[] snapshot() {
        return WorkloadRequest.newBuilder()
                .setSnapshotSent(SnapshotSent.getDefaultInstance())
                .build()
                .toByteArray();
    }

    /** What the node says to a message: empty for yes. */
    private String ask(byte[] message, String... files) throws InvalidProtocolBufferException {
        String number = "#" + ++asked;
        String hex = HexFormat.of().formatHex(message);
        agent.write((number + " " + hex + " " + String.join(" ", files) + "\n").getBytes(StandardCharsets.US_ASCII));
        agent.until(number + " ", Pod.PATIENCE);
        String reply = await().atMost(Pod.PATIENCE)
                .until(
                        () -> agent.out()
                                .lines()
                                .filter(line -> line.startsWith(number + " "))
                                .findFirst(),
                        found -> found.isPresent())
                .orElseThrow()
                .split(" ")[1];
        return WorkloadResponse.parseFrom(HexFormat.of().parseHex(reply))
                .getAck()
                .getError();
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    static Stream<Arguments> badRequests() {
        return Stream.of(
                Arguments.of("garbage", text("\u00ff\u00ff\u00ff"), "", "a request that is not the protocol's"),
                Arguments.of("of a newer version", new byte[] {66, 0}, "", "a request of an unknown kind, fields [8]"),
                Arguments.of("no descriptor", add("x", "x", "x"), "", "an AddWorkload with 0 file descriptors"),
                Arguments.of("two", add("x", "x", "x"), "self self", "an AddWorkload with 2 file descriptors"),
                Arguments.of("no namespace", add("x", "x", "x"), "/dev/null", "(expected: a network namespace)"),
                Arguments.of(
                        "a descriptor with a deletion", delete("c"), "self", "a DelWorkload with 1 file descriptors"),
                Arguments.of("oversize", new byte[2000], "self", "a message of 2000 bytes (expected: at most 1024)"),
                Arguments.of("without a uid", add("", "x", "x"), "self", "a workload without uid"),
                Arguments.of("second snapshot", snapshot(), "", "a second SnapshotSent"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badRequests")
    void badRequest_isRefusedWithTheReason_andOtherPodsAreCarriedOn(
            String what, byte[] request, String files, String reason) throws Exception {
        long before = openNamespaces();
        try (Socket open = InPodMesh.connect(client, server.v4(), InPodMesh.ECHO)) {
            open.getOutputStream().write(7);
            assertThat(open.getInputStream().read()).isEqualTo(7);

            String[] attached = files.isEmpty()
                    ? new String[0]
                    : files.replace("self", netns(client)).split(" ");
            assertThat(ask(request, attached)).contains(reason);

            open.getOutputStream().write(8);
            assertThat(open.getInputStream().read()).as("what was open").isEqualTo(8);
        }
        carriesOn();
        assertThat(log.lines())
                .as("what an operator reads")
                .anySatisfy(line -> assertThat(line)
                        .startsWith("refused a request of the agent at ")
                        .contains(reason));
        await("what came with it is closed")
                .untilAsserted(() -> assertThat(openNamespaces()).isEqualTo(before));
    }

    private static long openNamespaces() throws Exception {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.filter(fd -> {
                        try {
                            return Files.readSymbolicLink(fd).toString().startsWith("net:");
                        } catch (IOException e) {
                            return false; // closed meanwhile
                        }
                    })
                    .count();
        }
    }

    private void carriesOn() throws Exception {
        assertThat(InPodMesh.talk(client, server.v4(), InPodMesh.ECHO, "hello")).isEqualTo("hello");
        await().atMost(Pod.PATIENCE)
                .untilAsserted(() -> assertThat(InPodMesh.get(node.readinessAddress(), "/healthz/ready")
                                .statusCode())
                        .isEqualTo(200));
        assertThat(InPodMesh.get(node.metricsAddress(), "/metrics").body())
                .contains("workload_manager_active_proxy_count 2.0")
                .contains("workload_manager_proxies_stopped_total 0.0");
    }

    @Test
    void deletionOfAPodThatNobodyKnows_isDoneAlready() throws Exception {
        assertThat(ask(delete("nobody"))).isEmpty();

        carriesOn();
    }

    @Test
    void podThatCannotBeServed_isOneFailure_andADeletionEndsIt() throws Exception {
        Pod busy = mesh.pods().pod("busy", "10.82.0.3");
        try (ServerSocket taken = InPodMesh.in(busy, () -> new ServerSocket(15008))) {
            assertThat(ask(add("b", "busy", "buyer"), netns(busy)))
                    .contains("15008 for inbound: ")
                    .contains("in use");
            assertThat(InPodMesh.get(node.adminAddress(), "/config_dump").body())
                    .contains("15008 for inbound: ");
            assertThat(taken.isBound()).isTrue();
        }
        assertThat(ask(delete("b"))).isEmpty();

        carriesOn();
    }

    @Test
    void agentThatComesAgain_withTheSamePods_interruptsNothing() throws Exception {
        try (Socket open = InPodMesh.connect(client, server.v4(), InPodMesh.ECHO)) {
            open.getOutputStream().write(7);
            assertThat(open.getInputStream().read()).isEqualTo(7);
            agent.write(text("#again -\n")).until("#again closed", Pod.PATIENCE);

            assertThat(ask(add("c", "client", "buyer"), netns(client))).isEmpty();
            assertThat(ask(text("\u00ff\u00ff\u00ff"))).contains("not the protocol's");
            assertThat(ask(add("s", "server", "seller"), netns(server))).isEmpty();
            assertThat(ask(snapshot())).isEmpty();

            open.getOutputStream().write(8);
            assertThat(open.getInputStream().read()).isEqualTo(8);
        }
        carriesOn();
    }
}
