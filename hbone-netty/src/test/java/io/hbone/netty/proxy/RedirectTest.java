package io.hbone.netty.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.WorkloadCertificate;
import io.hbone.netty.testing.TestPki;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real redirects in real network namespaces: original destinations, packet marks, and applications that see their clients'
 * addresses. Needs root.
 */
@Tag("root")
@Timeout(120)
@DisabledIfSystemProperty(
        named = "hbone.transport",
        matches = "nio",
        disabledReason = "NIO knows neither redirects nor marks nor clients' addresses; NioTest says what it does")
class RedirectTest {

    private static Pods pods;
    private static Pod client;
    private static Pod server;

    @BeforeAll
    static void start(@TempDir Path directory) throws Exception {
        assertThat(System.getProperty("user.name"))
                .as("this test makes network namespaces and needs root")
                .isEqualTo("root");
        TestPki pki = TestPki.ca("cluster.local");
        WorkloadCertificate clientCertificate = pki.workload("default", "client");
        WorkloadCertificate serverCertificate = pki.workload("default", "server");
        pods = new Pods();
        client = new Pod(pods.client, TestPki.writePem(clientCertificate, directory), serverCertificate);
        server = new Pod(pods.server, TestPki.writePem(serverCertificate, directory), clientCertificate);
        client.awaitReady();
        server.awaitReady();
    }

    @AfterAll
    static void stop() throws Exception {
        for (Pod pod : new Pod[] {client, server}) {
            if (pod != null) {
                pod.close();
            }
        }
        if (pods != null) {
            pods.close();
        }
    }

    @Test
    void aTunnelOverIpv4KeepsTheClientsAddress() throws Exception {
        assertThat(client.call(Pods.SERVER_V4, 8080)).isEqualTo(Pods.CLIENT_V4 + " sent 1000000");
    }

    @Test
    void aTunnelOverIpv6KeepsTheClientsAddress() throws Exception {
        assertThat(client.call(Pods.SERVER_V6, 8080)).isEqualTo("fd00:232:0:0:0:0:0:1 sent 1000000");
    }

    @Test
    void plaintextOverIpv4KeepsTheClientsAddress() throws Exception {
        assertThat(client.call(Pods.SERVER_V4, 9090)).isEqualTo(Pods.CLIENT_V4 + " sent 1000000");
    }

    @Test
    void plaintextOverIpv6KeepsTheClientsAddress() throws Exception {
        assertThat(client.call(Pods.SERVER_V6, 9090)).isEqualTo("fd00:232:0:0:0:0:0:1 sent 1000000");
    }

    @Test
    void trafficGoesTheOtherWayAsWell() throws Exception {
        assertThat(server.call(Pods.CLIENT_V4, 8080)).isEqualTo(Pods.SERVER_V4 + " sent 1000000");
    }

    @Test
    void manyConnectionsInARowBorrowOneAddress() throws Exception {
        for (int i = 0; i < 50; i++) {
            assertThat(client.call(Pods.SERVER_V4, 8080)).isEqualTo(Pods.CLIENT_V4 + " sent 1000000");
        }
    }

    @Test
    void aClosedPortLooksLikeAClose() throws Exception {
        assertThat(client.call(Pods.SERVER_V4, 8081)).doesNotContain("sent");
    }

    /** A process in a namespace. */
    private static final class Pod implements AutoCloseable {
        private final Process process;
        private final BufferedReader said;
        private final PrintWriter orders;
        private final List<String> noise = new ArrayList<>();

        Pod(String namespace, TestPki.PemFiles pem, WorkloadCertificate peer) throws IOException {
            process = new ProcessBuilder(
                            "ip",
                            "netns",
                            "exec",
                            namespace,
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx128m",
                            "-XX:TieredStopAtLevel=1",
                            "-Dhbone.transport=" + TwoNodes.TRANSPORT,
                            "-cp",
                            classPath(),
                            PodProcess.class.getName(),
                            pem.chain().toString(),
                            pem.key().toString(),
                            pem.roots().toString(),
                            peer.id().toString())
                    .redirectErrorStream(true)
                    .start();
            said = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
            orders = new PrintWriter(process.getOutputStream(), true, StandardCharsets.US_ASCII);
        }

        private static String classPath() {
            // surefire may hide the class path in a manifest
            return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
                    + File.pathSeparator;
        }

        void awaitReady() throws IOException {
            await("READY");
        }

        String call(String address, int port) throws IOException {
            orders.println(address + " " + port);
            return await("ANSWER ");
        }

        private String await(String start) throws IOException {
            for (String line = said.readLine(); line != null; line = said.readLine()) {
                if (line.startsWith(start)) {
                    return line.substring(start.length());
                }
                noise.add(line);
            }
            throw new AssertionError("the pod's process ended: " + String.join("\n", noise));
        }

        @Override
        public void close() throws InterruptedException {
            process.destroy();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
    }
}
