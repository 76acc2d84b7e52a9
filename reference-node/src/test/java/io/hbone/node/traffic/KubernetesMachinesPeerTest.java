package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hbone.enrollment.testing.KubeApi;
import io.hbone.enrollment.testing.SharedKubeApi;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

/** Two machines of a cluster, each with {@code hbone agent --kubernetes}, which know of each other by the API server alone. */
@ExtendWith(SharedKubeApi.class)
@InPods
@Tag("peer")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class) // a node is replaced in between
@SuppressWarnings("try") // servers are there to be talked to through the network
class KubernetesMachinesPeerTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String SHOP = "shop-of-machines";
    private static final int PORT = 8080;

    private static KubeApi cluster;
    private static KubernetesMachines machines;
    private static KubernetesMachine one;
    private static KubernetesMachine other;
    private static Pod client;
    private static Pod server;

    @BeforeAll
    static void open(KubeApi shared) throws IOException {
        cluster = shared;
        machines = new KubernetesMachines(cluster, "kubernetes-machines");
        one = machines.add("one", "10.81.0.253");
        other = machines.add("other", "10.81.0.254");
        Pods pods = machines.pods();
        pods.join(one.machine(), other.machine());
        client = pods.pod(one.machine(), "client", "10.81.0.1");
        server = pods.pod(other.machine(), "server", "10.81.0.2");
        machines.namespace(SHOP, "buyer", "seller");
        one.kubelet().run(SHOP, "client", "buyer", client);
        other.kubelet().run(SHOP, "server", "seller", server);
        for (Pod pod : List.of(client, server)) {
            pod.app("echo", PORT);
        }
        one.startAgent();
        other.startAgent();
        for (NodeProcess node : List.of(one.startNode(), other.startNode())) {
            node.awaitReady();
        }
    }

    @AfterAll
    static void close() {
        if (machines != null) {
            machines.close();
        }
    }

    @Test
    @Order(1)
    void pods_ofTwoMachinesWithOurNodes_areEncryptedBothWays_andPlainWithoutTheLabel() {
        assertLabelEncryptsBothWays();
        assertThat(other.node().log())
                .contains("src.identity=\"spiffe://cluster.local/ns/shop-of-machines/sa/buyer\"")
                .contains("dst.identity=\"spiffe://cluster.local/ns/shop-of-machines/sa/seller\"");
    }

    @Test
    @Order(2)
    void pods_ofAMachineWithStockZtunnel_areEncryptedBothWays_andPlainWithoutTheLabel() throws IOException {
        var ztunnel = Ztunnel.program();
        other.node().program().terminate().join(SOON);
        other.startZtunnel(ztunnel);
        assertLabelEncryptsBothWays();
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(other.node().log())
                        .contains("src.identity=\"spiffe://cluster.local/ns/shop-of-machines/sa/buyer\"")
                        .contains("dst.identity=\"spiffe://cluster.local/ns/shop-of-machines/sa/seller\""));
    }

    private static void assertLabelEncryptsBothWays() {
        assertThat(onTheWire(client, server)).contains("10.81.0.2." + PORT);
        cluster.kubectl("label", "namespace", SHOP, "io.cilium/mtls-enabled=true", "--overwrite");
        cluster.kubectl("wait", "--for=condition=hbone.io/Enrolled", "pod", "--all", "-n", SHOP, "--timeout=60s");
        // What one agent has told the API server, the other one's node has heard a moment later.
        await().atMost(SOON).untilAsserted(() -> {
            assertThat(onTheWire(client, server)).contains("10.81.0.2.15008").doesNotContain("10.81.0.2." + PORT);
            assertThat(onTheWire(server, client)).contains("10.81.0.1.15008").doesNotContain("10.81.0.1." + PORT);
        });
        cluster.kubectl("label", "namespace", SHOP, "io.cilium/mtls-enabled-");
        await().atMost(SOON).untilAsserted(() -> {
            assertThat(onTheWire(client, server)).contains("10.81.0.2." + PORT);
            assertThat(onTheWire(server, client)).contains("10.81.0.1." + PORT);
        });
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(cluster.kubectl("get", "pods", "-n", SHOP, "-o", "yaml"))
                        .doesNotContain("hbone.io/Enrolled"));
    }

    /** What passes between the machines while data goes both ways. */
    private static String onTheWire(Pod from, Pod to) {
        return one.machine()
                .seen(
                        Pods.WIRE,
                        () -> assertThat(from.client("neighbours", to.v4(), PORT, 2, 1 << 16)
                                        .finish(SOON)
                                        .words())
                                .containsExactly("2"),
                        "> " + to.v4() + ".");
    }
}
