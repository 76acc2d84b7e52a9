package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Stock ztunnel as a client of {@code hbone xds}: what it says of itself is what the file holds. */
@InPods
@Tag("peer")
class XdsPeerTest {
    private static final int ADMIN = 15000;
    private static final Duration SOON = Duration.ofSeconds(20);

    private static final String WORKLOAD = """
            - uid: cluster1//v1/Pod/shop/%1$s
              name: %1$s
              namespace: shop
              serviceAccount: buyer
              workloadIps: [%2$s]
              protocol: HBONE
              node: client
              network: ""
              authorizationPolicies: [shop/selected]
              services: {}
            """;

    private static final String REST = """
            services:
            - name: meter
              namespace: shop
              hostname: meter.shop.svc.cluster.local
              vips: ["/10.77.0.9"]
              ports: {80: 8080}
            policies:
            - name: selected
              namespace: shop
              scope: WorkloadSelector
              action: Deny
              rules: [[[{notPrincipals: [{Presence: {}}], destinationPorts: [8443]}]]]
              dryRun: false
            """;

    private Mesh mesh;
    private Pod pod;
    private Path file;
    private Program server;

    @BeforeEach
    void open() throws IOException {
        Path ztunnel = Ztunnel.program();
        mesh = Mesh.withoutNodes("xds", Map.of());
        pod = mesh.client();
        file = mesh.pods().directory().resolve("mesh.yaml");
        write("client", "other");
        XdsCertificate.make(pod, mesh.pods().directory(), "DNS:localhost");
        server = serve();
        Map<String, String> variables = new HashMap<>(mesh.environment(pod));
        variables.remove("LOCAL_XDS_PATH");
        variables.put("XDS_ADDRESS", "https://localhost:15012");
        variables.put("XDS_ROOT_CA", pod.file("root.pem"));
        variables.put("FAKE_CA", "true");
        variables.put("LOG_FORMAT", "plain");
        NodeProcess.of(pod, pod.start(variables, List.of(ztunnel.toString()))).awaitReady();
    }

    @AfterEach
    void close() {
        if (mesh != null) {
            mesh.close();
        }
    }

    private Program serve() {
        return NodeProcess.hbone(
                        pod,
                        Map.of(),
                        List.of(
                                "xds",
                                "--file",
                                file.toString(),
                                "--listen",
                                "127.0.0.1:15012",
                                "--tls-cert",
                                pod.file("xds.pem"),
                                "--tls-key",
                                pod.file("xds.key")))
                .until("xDS is served", SOON);
    }

    /** Swaps the file as ConfigMaps are swapped. */
    private void write(String... workloads) throws IOException {
        StringBuilder text = new StringBuilder("workloads:\n");
        for (String name : workloads) {
            text.append(
                    WORKLOAD.formatted(name, name.equals("client") ? pod.v4() : "10.76.0." + (100 + name.length())));
        }
        Path next = file.resolveSibling("mesh.next");
        Files.writeString(next, text.append(REST));
        Files.move(next, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    private String dump() {
        return pod.get(ADMIN, "/config_dump");
    }

    private void awaitDump(List<String> there, List<String> notThere) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(dump())
                        .contains(there.toArray(String[]::new))
                        .doesNotContain(notThere.toArray(String[]::new)));
    }

    @Test
    void ztunnel_getsReady_andHoldsWhatTheFileSays() {
        assertThat(dump())
                .contains("cluster1//v1/Pod/shop/client", "cluster1//v1/Pod/shop/other")
                .contains("meter.shop.svc.cluster.local", "10.77.0.9")
                .contains("shop/selected", "\"selected\"", "8443");
    }

    @Test
    void ztunnel_followsChangesOfTheFile() throws IOException {
        write("client", "third");
        awaitDump(List.of("Pod/shop/third"), List.of("Pod/shop/other"));
        Files.writeString(file, "workloads: [");
        write("client", "fourth");
        awaitDump(List.of("Pod/shop/fourth"), List.of("Pod/shop/third"));
    }

    /** What Cilium's server leaves in place. */
    @Test
    void gap_workloadRemovedWhileTheStreamWasDown_isGoneFromZtunnelAfterItsReconnect() throws IOException {
        server.terminate().join(SOON);
        write("client", "third");
        server = serve();
        awaitDump(List.of("Pod/shop/third"), List.of("Pod/shop/other"));
    }
}
