package io.hbone.xds.ads;

import static io.hbone.xds.TypeUrl.ADDRESS;
import static io.hbone.xds.TypeUrl.AUTHORIZATION;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hbone.core.TrustDomain;
import io.hbone.xds.NamedResource;
import io.hbone.xds.file.LocalFile;
import io.hbone.xds.policy.PolicyStore;
import io.hbone.xds.store.WorkloadStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Our client and a server that we did not write: delta ADS of go-control-plane, its linear caches filled from a folder that has a
 * folder for each type and in it a file for each resource, all names URL-escaped. It says of each request and response a line.
 */
@Tag("peer")
class GoControlPlaneTest {
    private static final String PROGRAM = "go-control-plane-server";
    private static final Duration SOON = Duration.ofSeconds(30);

    /** A workload of which nothing is said. */
    private static final byte[] NAMELESS = {0x0a, 0};

    private static final String WORKLOAD = """
        - {uid: cluster1//v1/Pod/ns/%1$s, name: %1$s, namespace: ns, serviceAccount: %1$s, workloadIps: [%2$s], protocol: HBONE, services: {}}
        """;

    private static final String POLICIES = """
        policies:
        - {name: deny-a, namespace: ns, scope: Namespace, action: Deny, dryRun: false,
           rules: [[[{principals: [{Exact: cluster.local/ns/ns/sa/a}]}]]]}
        """;

    @TempDir
    Path folder;

    private final WorkloadStore workloads = new WorkloadStore();
    private final PolicyStore policies = new PolicyStore();
    private final int port = freePort();
    private @Nullable Process server;
    private @Nullable AdsClient client;

    @BeforeEach
    void start() throws IOException {
        write("workloads:\n" + WORKLOAD.formatted("a", "10.0.0.1") + WORKLOAD.formatted("b", "10.0.0.2") + POLICIES);
        serve();
    }

    @AfterEach
    void stop() {
        if (client != null) {
            client.close();
        }
        stopServer();
    }

    private void stopServer() {
        if (server != null) {
            server.destroyForcibly();
            server.onExit().join();
        }
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static @Nullable Path program() {
        String named = System.getenv("GO_CONTROL_PLANE_BIN");
        if (named != null) {
            return Path.of(named);
        }
        return Stream.of(System.getenv("PATH").split(":"))
                .map(path -> Path.of(path, PROGRAM))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }

    private void serve() throws IOException {
        Path program = program();
        assumeTrue(program != null, "missing: " + PROGRAM + " (expected: GO_CONTROL_PLANE_BIN, or it on PATH)");
        Path log = folder.resolve("log");
        Files.deleteIfExists(log);
        server = new ProcessBuilder(
                        String.valueOf(program), "-dir", served().toString(), "-listen", "127.0.0.1:" + port)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        await().atMost(SOON).until(() -> said().contains("listening on "));
    }

    private Path served() {
        return folder.resolve("served");
    }

    private String said() throws IOException {
        return Files.readString(folder.resolve("log"));
    }

    /** Serves exactly what a local file says. */
    private void write(String yaml) throws IOException {
        LocalFile file = LocalFile.parse(yaml, TrustDomain.of("cluster.local"));
        write(ADDRESS, file.addresses());
        write(AUTHORIZATION, file.policies());
    }

    private void write(String typeUrl, List<NamedResource> resources) throws IOException {
        Path type = Files.createDirectories(served().resolve(escaped(typeUrl)));
        List<Path> old;
        try (Stream<Path> files = Files.list(type)) {
            old = files.toList();
        }
        for (NamedResource resource : resources) {
            write(typeUrl, resource.name(), resource.body().toByteArray());
        }
        for (Path file : old) {
            if (resources.stream().noneMatch(r -> file.endsWith(escaped(r.name())))) {
                Files.delete(file);
            }
        }
    }

    private void write(String typeUrl, String name, byte[] body) throws IOException {
        Path whole = Files.write(folder.resolve("next"), body);
        Files.move(
                whole,
                served().resolve(escaped(typeUrl)).resolve(escaped(name)),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    private static String escaped(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8);
    }

    private AdsClient.Builder builder() {
        return AdsClient.builder(GrpcAdsTransport.builder(XdsAddress.parse("http://127.0.0.1:" + port))
                        .build())
                .node(NodeInfo.ofZtunnel(Map.of("NODE_NAME", "node-1")));
    }

    private AdsClient open(AdsClient.Builder builder) throws Exception {
        AdsClient opened = builder.start();
        client = opened;
        opened.ready().toCompletableFuture().get(SOON.toSeconds(), TimeUnit.SECONDS);
        return opened;
    }

    private AdsClient open() throws Exception {
        return open(builder().all(AUTHORIZATION, policies).all(ADDRESS, workloads));
    }

    private boolean has(String workload) {
        return workloads.snapshot().workload("cluster1//v1/Pod/ns/" + workload) != null;
    }

    @Test
    void everything_arrivesAndIsAcknowledged_andWhatComesAndGoesFollows() throws Exception {
        open();
        assertThat(has("a")).isTrue();
        assertThat(has("b")).isTrue();
        assertThat(policies.current().size()).isEqualTo(1);

        write("workloads:\n" + WORKLOAD.formatted("a", "10.0.0.1") + WORKLOAD.formatted("c", "10.0.0.3"));

        await().atMost(SOON)
                .until(() -> has("c") && !has("b") && policies.current().size() == 0);
        assertThat(said())
                .containsPattern("request stream=1 type=" + ADDRESS + " nonce=[0-9]+ .* error= node=")
                .containsPattern("request stream=1 type=" + AUTHORIZATION + " nonce=[0-9]+ .* error= node=")
                .doesNotContainPattern("error=[^ ]");
    }

    @Test
    void badResource_isNackedByName_andTheGoodOnesApply() throws Exception {
        AdsClient opened = open();

        write(ADDRESS, "cluster1//v1/Pod/ns/bad", NAMELESS);
        String yaml = "workloads:\n" + WORKLOAD.formatted("d", "10.0.0.4");
        NamedResource good = LocalFile.parse(yaml, TrustDomain.of("cluster.local"))
                .addresses()
                .get(0);
        write(ADDRESS, good.name(), good.body().toByteArray());

        await().atMost(SOON).until(() -> has("d"));
        await().atMost(SOON).until(() -> said().contains("error=cluster1//v1/Pod/ns/bad: "));
        assertThat(opened.status().types().get(ADDRESS).rejections())
                .singleElement()
                .asString()
                .startsWith("cluster1//v1/Pod/ns/bad: ");
    }

    /** Of a server that was replaced: what the client says that it holds is all that the new one knows of it. */
    @Test
    void workloadRemovedWhileTheStreamWasDown_isGoneAfterReconnect() throws Exception {
        AdsClient opened = open();
        stopServer();
        write("workloads:\n" + WORKLOAD.formatted("a", "10.0.0.1") + POLICIES);

        serve();

        await().atMost(SOON).until(() -> !has("b"));
        assertThat(has("a")).isTrue();
        assertThat(policies.current().size()).isEqualTo(1);
        assertThat(opened.status().connected()).isTrue();
        assertThat(said()).containsPattern("type=" + ADDRESS + " nonce= .* versions=2 ");
    }

    @Test
    void onDemand_fetchesWhatIsAskedFor_andFollowsIt() throws Exception {
        AdsClient opened = open(builder().all(AUTHORIZATION, policies).onDemand(ADDRESS, workloads));
        assertThat(has("a")).isFalse();

        assertThat(opened.lookup(ADDRESS, "cluster1//v1/Pod/ns/a")
                        .toCompletableFuture()
                        .get(SOON.toSeconds(), TimeUnit.SECONDS))
                .isEqualTo(Lookup.FOUND);

        assertThat(has("a")).isTrue();
        assertThat(has("b")).isFalse();
        write("workloads:\n" + WORKLOAD.formatted("b", "10.0.0.2"));
        await().atMost(SOON).until(() -> !has("a"));
    }
}
