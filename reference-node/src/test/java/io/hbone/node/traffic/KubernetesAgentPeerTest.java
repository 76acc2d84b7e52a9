package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.hbone.enrollment.testing.KubeApi;
import io.hbone.enrollment.testing.SharedKubeApi;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * {@code hbone agent --kubernetes} between a real API server and a node, as the service account and with the rights that the manifest
 * gives it. Pods are network namespaces; a {@link FakeKubelet} writes their objects.
 */
@ExtendWith(SharedKubeApi.class)
@InPods
@Tag("peer")
@SuppressWarnings("try") // programs are there to be talked to through the network
class KubernetesAgentPeerTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final int PORT = 8080;

    /** Ten times a second. */
    private static final int FLAPS = 30;

    /** How long the API server is away; a minute and more is for a run by hand. */
    private static final Duration AWAY = Duration.parse(System.getProperty("hbone.away", "PT3S"));

    private static KubeApi cluster;
    private static KubernetesMachines machines;
    private static KubernetesMachine machine;
    private static int addresses;

    private final String shop = "shop-" + UUID.randomUUID().toString().substring(0, 8);
    private final Map<String, String> running = new HashMap<>();
    private Pod client;
    private Pod server;

    @BeforeAll
    static void open(KubeApi shared) throws IOException {
        cluster = shared;
        machines = new KubernetesMachines(cluster, "kubernetes-agent");
        machine = machines.add("n1", "10.79.0.254");
        machine.startAgent();
        machine.startNode().awaitReady();
    }

    @AfterAll
    static void close() {
        if (machines != null) {
            machines.close();
        }
    }

    @BeforeEach
    void twoPods() {
        machines.namespace(shop, "buyer", "seller");
        client = network();
        server = network();
        server.app("echo", PORT);
        run("client", "buyer", client);
        run("server", "seller", server);
    }

    @AfterEach
    void noPods() {
        running.forEach((pod, uid) -> machine.kubelet().end(pod.split("/")[0], pod.split("/")[1], uid));
        cluster.kubectl("delete", "namespace", shop, "--ignore-not-found", "--wait=false");
        await().atMost(SOON).until(() -> !status().contains(shop));
    }

    /** As a pod has it: used once. */
    private static Pod network() {
        addresses++;
        return machines.pods().pod(machine.machine(), "pod" + addresses, "10.79.0." + addresses);
    }

    private void run(String name, String account, Pod network) {
        running.put(shop + '/' + name, machine.kubelet().run(shop, name, account, network));
    }

    private void end(String name) {
        machine.kubelet().end(shop, name, running.remove(shop + '/' + name));
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
        return machine.status();
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
        return server.seen("eth0", traffic, server.v4() + ".");
    }

    /** A new connection is; one from before may go on as it was. */
    private void assertEncrypted() {
        assertThat(onTheWire(() -> connect().close()))
                .contains(server.v4() + ".15008")
                .doesNotContain("> " + server.v4() + '.' + PORT + ": Flags [S]");
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
                    .untilAsserted(() -> assertThat(machines.admin()
                                    .events()
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
        assertThat(machine.agent().out()).doesNotContain("Forbidden").doesNotContain("forbidden");
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
        running.put(shop + "/twin", machine.kubelet().run(shop, "twin", "buyer", client, "10.79.0.250"));
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
        try (Program steady = client.client("steady", server.v4(), PORT).until("up", SOON)) {
            String wire = onTheWire(() -> {
                try (Program again = client.client("again", server.v4(), PORT)) {
                    cluster.killApi();
                    try {
                        await().atMost(SOON)
                                .untilAsserted(() -> assertThat(status()).contains("the API server is away"));
                        await().during(AWAY).atMost(AWAY.multipliedBy(2)).until(again::isAlive);
                    } finally {
                        cluster.startApi();
                    }
                    assertThat(again.finish(SOON).out()).startsWith("up\nok ");
                }
            });
            assertThat(wire).contains(server.v4() + ".15008").doesNotContain(server.v4() + '.' + PORT);
            label("-");
            awaitPlainForNewConnections();
            assertThat(steady.finish(SOON).out()).startsWith("up\nok ");
        }
        awaitPlain();
    }

    @Test
    void agentThatIsKilledWhileItEnrolls_isFinishedByTheNext_andNothingIsInTheClear() {
        label("=true");
        await().atMost(SOON)
                .until(() -> rules(client).contains("CILIUM") || rules(server).contains("CILIUM"));
        machine.agent().kill();
        machine.startAgent();
        awaitEnrolled();
        assertEncrypted();
        machine.agent().kill();
        assertEncrypted();
        label("-");
        machine.startAgent();
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

    /** New connections are sometimes through nodes and sometimes straight meanwhile; none fails, and from the end on none is plain. */
    @Test
    void labelThatFlapsTenTimesASecond_endsAsItWasLast_andCutsNobody() throws Exception {
        AtomicInteger flaps = new AtomicInteger();
        ScheduledExecutorService flapping = Executors.newSingleThreadScheduledExecutor();
        try (Program steady = client.client("steady", server.v4(), PORT).until("up", SOON);
                Program again = client.client("again", server.v4(), PORT).until("up", SOON)) {
            ScheduledFuture<?> task = flapping.scheduleAtFixedRate(
                    () -> flap(flaps.incrementAndGet() % 2 == 1), 0, 100, TimeUnit.MILLISECONDS);
            await().atMost(SOON).until(() -> task.isDone() || flaps.get() >= FLAPS);
            task.cancel(false);
            flapping.shutdown();
            assertThat(flapping.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
            assertThat(flaps.get()).as("none failed").isGreaterThanOrEqualTo(FLAPS);
            label("=true");
            awaitEnrolled();
            await().atMost(SOON).until(() -> !status().contains("\"enrolling\"") && !status().contains("\"draining\""));
            assertEncrypted();
            assertThat(again.finish(SOON).out()).startsWith("up\nok ");
            assertThat(steady.finish(SOON).out()).startsWith("up\nok ");
        } finally {
            flapping.shutdownNow();
        }
    }

    private void flap(boolean on) {
        machines.admin()
                .namespaces()
                .withName(shop)
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        "{\"metadata\":{\"labels\":{\"io.cilium/mtls-enabled\":\"" + on + "\"}}}");
    }

    /** Stale knowledge would send it HBONE, with the name of the one before it. */
    @Test
    void addressThatAPodOfAnotherNamespaceTakesOver_isThatOnes() {
        label("=true");
        awaitEnrolled();
        assertEncrypted();
        String other = shop + "-other";
        machines.namespace(other, "thief");
        end("server");
        server.run("ip", "link", "del", "eth0").success();
        server = machines.pods().pod(machine.machine(), "thief", server.v4());
        server.app("echo", PORT);
        client.run("ip", "neigh", "flush", "all");
        String uid = machine.kubelet().run(other, "server", "thief", server);
        try {
            await().atMost(SOON).untilAsserted(() -> assertThat(status()).contains(uid));
            assertPlain();
            cluster.kubectl("label", "namespace", other, "io.cilium/mtls-enabled=true");
            cluster.kubectl("wait", "--for=condition=hbone.io/Enrolled", "pod/server", "-n", other, "--timeout=60s");
            assertEncrypted();
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(machine.node().log())
                            .contains("dst.identity=\"spiffe://cluster.local/ns/" + other + "/sa/thief\""));
        } finally {
            machine.kubelet().end(other, "server", uid);
            cluster.kubectl("delete", "namespace", other, "--wait=false");
        }
    }
}
