package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.hbone.enrollment.testing.KubeApi;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * {@code hbone agent --kubernetes} between a real API server and a node, as the service account and with the rights that the manifest
 * gives it. Pods are network namespaces; a {@link FakeKubelet} writes their objects.
 */
@InPods
@Tag("peer")
@SuppressWarnings("try") // programs are there to be talked to through the network
class KubernetesAgentPeerTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Path MANIFEST = Path.of("src/main/kubernetes/agent.yaml");
    private static final int PORT = 8080;
    private static final String NODE = "n1";
    private static final String TOKEN = "token-of-the-machines-node";

    private static KubeApi cluster;
    private static KubernetesClient admin;
    private static Pods pods;
    private static Pod machine;
    private static FakeKubelet kubelet;
    private static Path kubeconfig;
    private static NodeProcess node;
    private static Program agent;
    private static int port;
    private static int addresses;

    private final String shop = "shop-" + UUID.randomUUID().toString().substring(0, 8);
    private final Map<String, String> running = new HashMap<>();
    private Pod client;
    private Pod server;

    @BeforeAll
    static void open() throws IOException {
        assumeTrue(KubeApi.missing().isEmpty(), KubeApi::missing);
        cluster = KubeApi.start();
        admin = cluster.admin();
        cluster.kubectl("apply", "-f", MANIFEST.toString());
        kubeconfig = cluster.kubeconfig("kube-system", "hbone-agent");
        pods = new Pods("kubernetes-agent");
        machine = pods.machine("machine", "10.79.0.254");
        kubelet = new FakeKubelet(admin, NODE, pods.directory().resolve("cri.sock"));
        port = freePort();
        agent = startAgent();
        node = startNode();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** In the network of the API server, as a pod with the machine's network is. */
    private static Program startAgent() {
        List<String> arguments =
                new ArrayList<>(List.of("agent", "--kubernetes", "--kubeconfig", kubeconfig.toString()));
        arguments.addAll(List.of("--node", NODE, "--container-runtime", kubelet.socket()));
        arguments.addAll(List.of("--zds-socket", machine.file("zds.sock"), "--xds-socket", machine.file("xds.sock")));
        arguments.addAll(List.of("--admin", "127.0.0.1:" + port, "--verify", "PT2S", "--drain", "PT5S"));
        String network = "--net=/proc/" + ProcessHandle.current().pid() + "/ns/net";
        return NodeProcess.hbone(machine, Map.of(), List.of("nsenter", network), arguments);
    }

    private static NodeProcess startNode() throws IOException {
        Path folder = pods.directory();
        Files.writeString(
                Files.createFile(
                        folder.resolve("tokens"),
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))),
                TOKEN + " node impersonate spiffe://cluster.local/ns/*/sa/*\n");
        ZtunnelCaTest.startCa(machine, folder);
        Map<String, String> variables = new HashMap<>(ZtunnelCaTest.fromTheCa(folder, "token", TOKEN));
        variables.putAll(Map.of(
                "PROXY_MODE",
                "shared",
                "INPOD_UDS",
                machine.file("zds.sock"),
                "XDS_ADDRESS",
                "unix://" + machine.file("xds.sock"),
                "NODE_NAME",
                NODE,
                "ISTIO_META_DNS_CAPTURE",
                "false",
                "ZTUNNEL_WORKER_THREADS",
                "1"));
        return NodeProcess.start(machine, variables).awaitReady();
    }

    @AfterAll
    static void close() {
        if (kubelet != null) {
            kubelet.close();
        }
        if (pods != null) {
            pods.close();
        }
        if (admin != null) {
            admin.close();
        }
        if (cluster != null) {
            cluster.close();
        }
    }

    @BeforeEach
    void twoPods() {
        cluster.kubectl("create", "namespace", shop);
        for (String account : List.of("buyer", "seller")) {
            cluster.kubectl("create", "serviceaccount", account, "-n", shop);
        }
        client = network();
        server = network();
        server.app("echo", PORT);
        run("client", "buyer", client);
        run("server", "seller", server);
    }

    @AfterEach
    void noPods() {
        running.forEach((pod, uid) -> kubelet.end(pod.split("/")[0], pod.split("/")[1], uid));
        cluster.kubectl("delete", "namespace", shop, "--ignore-not-found", "--wait=false");
        await().atMost(SOON).until(() -> !status().contains(shop));
    }

    /** As a pod has it: used once. */
    private static Pod network() {
        addresses++;
        return pods.pod(machine, "pod" + addresses, "10.79.0." + addresses);
    }

    private void run(String name, String account, Pod network) {
        running.put(shop + '/' + name, kubelet.run(shop, name, account, network));
    }

    private void end(String name) {
        kubelet.end(shop, name, running.remove(shop + '/' + name));
    }

    private void label(String value) {
        cluster.kubectl("label", "namespace", shop, "io.cilium/mtls-enabled" + value, "--overwrite");
    }

    /** As the API server has it: the readiness gate of whoever waits for encryption. */
    private void awaitEnrolled() {
        cluster.kubectl("wait", "--for=condition=hbone.io/Enrolled", "pod", "--all", "-n", shop, "--timeout=60s");
    }

    private void awaitPlain() {
        await("both to be out of the mesh").atMost(SOON).untilAsserted(() -> {
            assertThat(cluster.kubectl("get", "pods", "-n", shop, "-o", "yaml"))
                    .doesNotContain("hbone.io/Enrolled")
                    .doesNotContain("ambient.istio.io/redirection");
            assertThat(rules(client) + rules(server)).doesNotContain("CILIUM").doesNotContain("32764");
        });
    }

    private static String rules(Pod pod) {
        return pod.run("iptables-save").out() + pod.run("ip", "rule").out();
    }

    private static String status() {
        Program.Output answer = machine.run(
                "nsenter",
                "--net=/proc/" + ProcessHandle.current().pid() + "/ns/net",
                "curl",
                "-sS",
                "-m",
                "10",
                "http://127.0.0.1:" + port + "/status");
        return answer.out();
    }

    /** A connection that stays open, of which the other end says what it is told. */
    private Program connect() {
        Program connection = client.start("nc", server.v4(), String.valueOf(PORT));
        say(connection, "hello");
        return connection;
    }

    private static void say(Program connection, String word) {
        connection.write((word + '\n').getBytes(StandardCharsets.UTF_8)).until(word, SOON);
    }

    private String onTheWire(Runnable traffic) {
        try (Program tcpdump = server.start("tcpdump", "-lnni", "eth0", "--immediate-mode", "tcp")) {
            await().until(() -> tcpdump.err().contains("listening on"));
            traffic.run();
            await().until(() -> tcpdump.out().contains(server.v4() + "."));
            return tcpdump.out();
        }
    }

    private void assertEncrypted() {
        assertThat(onTheWire(() -> connect().close()))
                .contains(server.v4() + ".15008")
                .doesNotContain(server.v4() + '.' + PORT);
    }

    private void assertPlain() {
        assertThat(onTheWire(() -> connect().close())).contains(server.v4() + '.' + PORT);
    }

    @Test
    void label_encryptsRunningPods_andWithoutItAllIsGone() {
        assertPlain();
        try (Program before = connect()) {
            label("=true");
            awaitEnrolled();
            assertEncrypted();
            say(before, "from-before");
            assertThat(cluster.kubectl("get", "pod", "server", "-n", shop, "-o", "jsonpath={.metadata.annotations}"))
                    .contains("\"ambient.istio.io/redirection\":\"enabled\"");
            assertThat(cluster.kubectl("get", "pod", "server", "-n", shop, "-o", "yaml"))
                    .contains("type: Ready");
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(admin.events()
                                    .v1()
                                    .events()
                                    .inNamespace(shop)
                                    .list()
                                    .getItems())
                            .as("cluster events: one for each pod")
                            .hasSize(2)
                            .extracting(Event::getReason)
                            .containsOnly("Enrolled"));
            try (Program during = connect()) {
                label("-");
                awaitPlainForNewConnections();
                say(during, "drained-not-cut");
            }
            awaitPlain();
            assertPlain();
            say(before, "still-there");
        }
        assertThat(agent.out()).doesNotContain("Forbidden").doesNotContain("forbidden");
    }

    private void awaitPlainForNewConnections() {
        await().atMost(SOON).untilAsserted(() -> assertThat(status()).contains("draining"));
        assertPlain();
    }

    @Test
    void podThatOptsOut_isPlain_whileItsNamespaceIsEncrypted() {
        cluster.kubectl("label", "pod", "server", "-n", shop, "io.cilium/mtls-enabled=false");
        label("=true");
        cluster.kubectl("wait", "--for=condition=hbone.io/Enrolled", "pod/client", "-n", shop, "--timeout=60s");
        assertPlain();
        assertThat(rules(server)).doesNotContain("CILIUM");
        cluster.kubectl("label", "pod", "server", "-n", shop, "io.cilium/mtls-enabled-");
        awaitEnrolled();
        assertEncrypted();
    }

    @Test
    void podThatFails_saysWhy_andHasAnEvent() {
        // Another one has its network.
        running.put(shop + "/twin", kubelet.run(shop, "twin", "buyer", client, "10.79.0.250"));
        label("=true");
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(cluster.kubectl("events", "-n", shop, "--types=Warning"))
                        .contains("EnrollmentFailed")
                        .contains("one workload for each"));
        end("twin");
        await().atMost(SOON).untilAsserted(() -> assertThat(status()).doesNotContain("\"failed\""));
        awaitEnrolled();
    }

    /** Nothing changes meanwhile, and what is asked for once it is back comes: watches are begun anew. */
    @Test
    void apiServerThatIsAway_leavesTrafficEncrypted_andIsCaughtUpWith() {
        label("=true");
        awaitEnrolled();
        try (Program during = connect()) {
            cluster.killApi();
            await().atMost(SOON).untilAsserted(() -> assertThat(status()).contains("the API server is away"));
            assertEncrypted();
            say(during, "while-it-is-away");
            cluster.startApi();
            label("-");
            awaitPlainForNewConnections();
            say(during, "not-cut");
        }
        awaitPlain();
    }

    @Test
    void agentThatIsKilledWhileItEnrolls_isFinishedByTheNext_andNothingIsInTheClear() {
        label("=true");
        await().atMost(SOON)
                .until(() -> rules(client).contains("CILIUM") || rules(server).contains("CILIUM"));
        agent.kill();
        agent = startAgent();
        awaitEnrolled();
        assertEncrypted();
        agent.kill();
        assertEncrypted();
        label("-");
        agent = startAgent();
        awaitPlain();
        assertPlain();
    }

    @Test
    void namespaceDeletedWithItsPods_leavesNothingBehind() {
        label("=true");
        awaitEnrolled();
        try (Program during = connect()) {
            cluster.kubectl("delete", "namespace", shop, "--wait=false");
            say(during, "while-it-is-deleted");
            end("client");
            end("server");
            await().atMost(SOON).until(() -> !status().contains(shop));
        }
        cluster.kubectl("wait", "--for=delete", "namespace/" + shop, "--timeout=60s");
    }

    @Test
    void labelThatFlapsTenTimesASecond_endsAsItWasLast_andCutsNobody() {
        try (Program during = connect()) {
            for (int i = 0; i < 30; i++) {
                String value = i % 2 == 0 ? "true" : "false";
                admin.namespaces().withName(shop).edit(namespace -> {
                    namespace.getMetadata().setLabels(Map.of("io.cilium/mtls-enabled", value));
                    return namespace;
                });
                say(during, "flap-" + i);
            }
            label("=true");
            awaitEnrolled();
            say(during, "not-cut");
            assertEncrypted();
        }
    }

    /** Stale knowledge would send it HBONE, with the name of the one before it. */
    @Test
    void addressThatAPodOfAnotherNamespaceTakesOver_isThatOnes() {
        label("=true");
        awaitEnrolled();
        assertEncrypted();
        String other = shop + "-other";
        cluster.kubectl("create", "namespace", other);
        cluster.kubectl("create", "serviceaccount", "thief", "-n", other);
        end("server");
        server.run("ip", "link", "del", "eth0").success();
        server = pods.pod(machine, "thief", server.v4());
        server.app("echo", PORT);
        client.run("ip", "neigh", "flush", "all");
        String uid = kubelet.run(other, "server", "thief", server);
        try {
            await().atMost(SOON).untilAsserted(() -> assertThat(status()).contains(uid));
            assertPlain();
            cluster.kubectl("label", "namespace", other, "io.cilium/mtls-enabled=true");
            cluster.kubectl("wait", "--for=condition=hbone.io/Enrolled", "pod/server", "-n", other, "--timeout=60s");
            assertEncrypted();
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(node.log())
                            .contains("dst.identity=\"spiffe://cluster.local/ns/" + other + "/sa/thief\""));
        } finally {
            kubelet.end(other, "server", uid);
            cluster.kubectl("delete", "namespace", other, "--wait=false");
        }
    }
}
