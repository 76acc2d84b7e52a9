package io.hbone.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.netty.shaded.io.netty.bootstrap.Bootstrap;
import io.grpc.netty.shaded.io.netty.bootstrap.ServerBootstrap;
import io.hbone.core.TrustDomain;
import io.hbone.identity.testing.CapturedLog;
import io.hbone.netty.socket.OriginalDestination;
import io.hbone.node.config.ProxyConfig;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.file.LocalFile;
import io.hbone.xds.server.AddressAliases;
import io.hbone.xds.server.AdsServer;
import io.hbone.xds.server.MeshResources;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whole nodes in one process whose mesh comes over delta ADS, from a server on a unix socket. */
@Timeout(60)
class NodeXdsTest {
    private static final String CLIENT = "127.0.1.11";
    private static final String PLAIN = "127.0.1.13";

    @TempDir
    private Path directory;

    private final MeshResources resources = new MeshResources();
    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    private void put(String yaml) {
        LocalFile file = LocalFile.parse(yaml, TrustDomain.of("cluster.local"));
        AddressAliases sink = new AddressAliases(resources);
        assertThat(sink.apply(TypeUrl.AUTHORIZATION, file.policies(), List.of()))
                .isEmpty();
        assertThat(sink.apply(TypeUrl.ADDRESS, file.addresses(), List.of())).isEmpty();
    }

    private static final String SELF = """
            workloads:
            - {uid: c, name: client, namespace: default, serviceAccount: client, protocol: HBONE,
               workloadIps: [%s], services: {}}
            """.formatted(CLIENT);

    private static final String OTHER = """
            workloads:
            - {uid: p, name: plain, namespace: default, protocol: TCP, workloadIps: [%s], services: {}}
            policies:
            - {name: nobody, namespace: default, scope: Namespace, action: Allow, rules: [], dryRun: false}
            """.formatted(PLAIN);

    private void serve() throws IOException {
        opened.add(AdsServer.builder(resources).listen(directory.resolve("xds.sock")));
    }

    private Map<String, String> environment() {
        Map<String, String> variables = new HashMap<>();
        variables.put("PROXY_MODE", "dedicated");
        variables.put("PROXY_WORKLOAD_INFO", "default/client/client");
        variables.put("XDS_ADDRESS", "unix://" + directory.resolve("xds.sock"));
        variables.put("INSTANCE_IP", CLIENT);
        variables.put("HBONE_DEV_CA_DIR", directory.resolve("ca").toString());
        variables.put("HBONE_TRANSPORT", System.getProperty("hbone.transport", "epoll"));
        variables.put("HBONE_BIND_ADDRESS", CLIENT);
        variables.put("CONNECTION_TERMINATION_DEADLINE", "1s");
        for (String port : new String[] {"OUTBOUND", "INBOUND", "PLAINTEXT", "DNS", "READINESS", "ADMIN", "METRICS"}) {
            variables.put("HBONE_" + port + "_PORT", "0");
        }
        return variables;
    }

    private Node start(Map<String, String> variables, OriginalDestination destination) {
        Node node = Node.builder(ProxyConfig.of(variables))
                .originalDestination(destination)
                .start();
        opened.add(node::drain);
        return node;
    }

    private static HttpResponse<String> ask(InetSocketAddress at, String path) throws Exception {
        URI uri = URI.create("http://" + at.getAddress().getHostAddress() + ":" + at.getPort() + path);
        return HttpClient.newHttpClient().send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
    }

    @Test
    void serverThatComesLater_isWaitedFor_andWhatItSaysIsShown() throws Exception {
        put(SELF);
        put(OTHER);
        CompletableFuture<Node> starting = CompletableFuture.supplyAsync(
                () -> start(environment(), OriginalDestination.KERNEL), task -> new Thread(task).start());
        await().until(() -> Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().equals("xds-client")));
        assertThat(starting).isNotDone();

        serve();

        Node node = starting.join();
        assertThat(ask(node.adminAddress(), "/config_dump").body())
                .contains("\"uid\": \"p\"", "\"name\": \"nobody\"", "\"action\": \"Allow\"", "\"connected\": true")
                .containsPattern("\"staticConfig\": \\{\\s+\"workloads\": \\[],\\s+\"policies\": \\[]");
        assertThat(ask(node.metricsAddress(), "/metrics").body())
                .contains("istio_xds_message_total{url=\"" + TypeUrl.ADDRESS + "\"} 1.0")
                .contains("istio_xds_message_bytes_total{url=\"" + TypeUrl.AUTHORIZATION + "\"}")
                .contains("hbone_plaintext_refused_total 0.0");
        assertThat(ask(node.readinessAddress(), "/healthz/ready").statusCode()).isEqualTo(200);
    }

    @Test
    void ownWorkload_thatIsToldLaterThanTheRest_isWaitedFor() throws Exception {
        put(OTHER);
        serve();
        CompletableFuture<Node> starting = CompletableFuture.supplyAsync(
                () -> start(environment(), OriginalDestination.KERNEL), task -> new Thread(task).start());

        put(SELF);

        assertThat(ask(starting.join().adminAddress(), "/config_dump").body()).contains("\"uid\": \"c\"");
    }

    @Test
    void stop_whileTheServerIsWaitedFor_endsTheWait() {
        CompletableFuture<String> stop = CompletableFuture.completedFuture("SIGTERM");

        assertThatThrownBy(() -> Node.builder(ProxyConfig.of(environment()))
                        .stopWhen(stop)
                        .start())
                .isInstanceOf(CancellationException.class)
                .hasMessage("stopped before the mesh was known");
    }

    @Test
    void localDescription_besideTheServer_feedsTheSameStore() throws Exception {
        put(OTHER);
        serve();
        Map<String, String> variables = environment();
        variables.put("LOCAL_XDS", SELF);

        Node node = start(variables, OriginalDestination.KERNEL);

        String dump = ask(node.adminAddress(), "/config_dump").body();
        assertThat(dump.substring(0, dump.indexOf("staticConfig"))).contains("\"uid\": \"c\"", "\"uid\": \"p\"");
        assertThat(dump.substring(dump.indexOf("staticConfig"), dump.indexOf("\"xds\"")))
                .contains("\"uid\": \"c\"")
                .doesNotContain("\"uid\": \"p\"");
    }

    @Test
    void onDemand_fetchesItsOwnWorkload_andADestinationWhenSomebodyConnects() throws Exception {
        put(SELF);
        put(OTHER);
        serve();
        Map<String, String> variables = environment();
        variables.put("XDS_ON_DEMAND", "true");
        try (ServerSocket application = new ServerSocket(0, 5, InetAddress.getByName(PLAIN))) {
            application.setSoTimeout(20_000);
            Node node = start(
                    variables, OriginalDestination.fixed(new InetSocketAddress(PLAIN, application.getLocalPort())));
            assertThat(ask(node.adminAddress(), "/config_dump").body())
                    .contains("\"uid\": \"c\"")
                    .doesNotContain("\"uid\": \"p\"");

            try (Socket client = new Socket(CLIENT, node.outboundAddress().getPort());
                    Socket server = application.accept()) {
                client.getOutputStream().write('a');
                assertThat(server.getInputStream().read()).isEqualTo('a');
                assertThat(ask(node.adminAddress(), "/config_dump").body()).contains("\"uid\": \"p\"");
            }
        }
    }

    @Test
    void explain_bySomebodyWhoAsksARunningNode_isTheTableAndTheExitCode() throws Exception {
        put(SELF);
        put(OTHER);
        serve();
        Node node = start(environment(), OriginalDestination.KERNEL);
        String admin = CLIENT + ":" + node.adminAddress().getPort();

        assertThat(Hbone.execute("explain", "--admin", admin, "default/client", "p:80"))
                .isEqualTo(0);
        assertThat(Hbone.execute("explain", "--admin", admin, "default/plain", "c:80"))
                .isEqualTo(2);
        assertThat(Hbone.execute("explain", "--admin", admin, "default/nobody", "c:80"))
                .isEqualTo(1);
        assertThat(ask(node.adminAddress(), "/explain?src=p&dst=c:80&format=json")
                        .body())
                .contains("\"allowed\": false", "\"resource\": \"default/nobody\"");
        assertThat(ask(node.adminAddress(), "/explain?src=p").statusCode()).isEqualTo(400);
    }

    @Test
    void serverOnAUnixSocket_isNotConnectedToWithOptionsOfTcp() throws Exception {
        put(SELF);
        try (CapturedLog connecting = CapturedLog.of(Bootstrap.class);
                CapturedLog accepting = CapturedLog.of(ServerBootstrap.class)) {
            serve();
            start(environment(), OriginalDestination.KERNEL);

            assertThat(connecting.lines()).isEmpty();
            assertThat(accepting.lines()).isEmpty();
        }
    }

    @Test
    void explain_ofAWorkloadThatHasOnlyAName_resolvesIt() throws Exception {
        put(SELF);
        put("""
            workloads:
            - {uid: n, name: named, namespace: default, protocol: TCP, workloadIps: [], hostname: localhost,
               services: {default/named.example: {80: 8080}}}
            services:
            - {name: named, namespace: default, hostname: named.example, vips: ["/10.9.0.9"], ports: {80: 8080}}
            """);
        serve();
        Node node = start(environment(), OriginalDestination.KERNEL);

        assertThat(ask(node.adminAddress(), "/explain?src=c&dst=named.example:80")
                        .body())
                .containsPattern("plaintext to (127.0.0.1|\\[::1]):8080")
                .contains("ALLOWED: ");
    }

    /** Who keeps it sends to an address that may be somebody else's by now. */
    @Test
    void gap_workloadRemovedWhileTheStreamWasDown_isGoneAfterTheReconnect() throws Exception {
        put(SELF);
        put(OTHER);
        serve();
        Node node = start(environment(), OriginalDestination.KERNEL);
        assertThat(ask(node.adminAddress(), "/config_dump").body()).contains("\"uid\": \"p\"");

        opened.remove(0).close();
        resources.remove(TypeUrl.ADDRESS, "p");
        serve();

        await().untilAsserted(() -> assertThat(
                        ask(node.adminAddress(), "/config_dump").body())
                .doesNotContain("\"uid\": \"p\"")
                .contains("\"uid\": \"c\""));
    }
}
