package io.hbone.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command, before pages and lists that the test writes. */
class StatusCommandTest {
    private static final String LEASE = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/hbone-operator";
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String EMPTY_LIST = "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"metadata\":{},\"items\":[]}";
    private static final String SOUND = "{\"source\":{},\"workloads\":[]}";
    private static final String AWAY = "{\"source\":{\"error\":\"the API server is away\"},\"workloads\":[]}";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final PrintStream systemOut = System.out;
    private final PrintStream systemErr = System.err;
    private final Map<String, String> pages = new ConcurrentHashMap<>();
    private HttpServer server;

    @TempDir
    private Path directory;

    @BeforeEach
    void open() throws IOException {
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            String page = pages.get(exchange.getRequestURI().getPath());
            byte[] body = (page == null ? "{}" : page).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(page == null ? 404 : 200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        pages.put("/identities", "[]");
        pages.put("/status", SOUND);
        pages.put("/api/v1/namespaces", EMPTY_LIST);
        pages.put("/api/v1/pods", EMPTY_LIST);
    }

    @AfterEach
    void close() {
        System.setOut(systemOut);
        System.setErr(systemErr);
        server.stop(0);
    }

    private String address() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    private int machine(String... more) {
        return run(List.of("status", "--machine", "--agent-admin", address(), "--node-admin", address()), more);
    }

    private int cluster(String... more) {
        try {
            Path kubeconfig = Files.writeString(directory.resolve("kubeconfig"), """
                apiVersion: v1
                kind: Config
                clusters: [{name: c, cluster: {server: "http://%s"}}]
                contexts: [{name: c, context: {cluster: c, user: u}}]
                users: [{name: u, user: {}}]
                current-context: c
                """.formatted(address()));
            return run(List.of("status", "--kubeconfig", kubeconfig.toString()), more);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static int run(List<String> first, String... more) {
        List<String> arguments = new ArrayList<>(first);
        arguments.addAll(List.of(more));
        return Hbone.execute(arguments.toArray(String[]::new));
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private void leads() {
        pages.put(LEASE, """
            {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
             "metadata": {"name": "hbone-operator", "namespace": "kube-system"},
             "spec": {"holderIdentity": "op-1", "leaseDurationSeconds": 15,
                      "renewTime": "2099-01-01T00:00:00.000000Z"}}
            """);
    }

    @Test
    void machine_isGoodOrNot_byItsExitStatus() {
        assertThat(machine()).isZero();
        assertThat(out()).startsWith("good\n");
        out.reset();

        pages.put("/status", AWAY);
        assertThat(machine("--json")).isEqualTo(2);
        assertThat(out()).isEqualTo("""
            {"good":false,"problems":["agent: the API server is away"],"workloads":{},"namespaces":0,\
            "connections":{},"certificates":0,"missingCertificates":0,"soonestExpiry":null,"sources":{},"versions":{},\
            "skewed":false}
            """);
    }

    @Test
    void cluster_isGoodOrNot_byItsExitStatus() {
        assertThat(cluster()).isEqualTo(2);
        assertThat(out()).startsWith("NOT GOOD: 0 namespaces registered").contains("none has ever led");
        out.reset();

        leads();
        assertThat(cluster()).as(err.toString(StandardCharsets.UTF_8)).isZero();
        assertThat(out()).startsWith("good: 0 namespaces registered").contains("op-1 leads");
        out.reset();

        assertThat(cluster("--json")).isZero();
        assertThat(out())
                .startsWith("{\"good\":true,\"led\":true,\"leader\":\"op-1\"")
                .endsWith("}\n");
    }

    @Test
    void podsThatAreOptedOut_areCounted_andNamedWhenAskedFor() {
        leads();
        pages.put("/api/v1/namespaces", """
            {"kind": "List", "apiVersion": "v1", "metadata": {}, "items": [{"metadata": {"name": "shop",
             "labels": {"istio.io/dataplane-mode": "ambient"}}, "status": {"conditions":
             [{"type": "hbone.io/Registered", "status": "True", "message": "fine"}]}}]}
            """);
        pages.put("/api/v1/namespaces/shop/pods", """
            {"kind": "List", "apiVersion": "v1", "metadata": {}, "items": [{"metadata": {"namespace": "shop",
             "name": "waypoint", "uid": "u", "labels": {"istio.io/dataplane-mode": "none"}},
             "spec": {"nodeName": "n1"}, "status": {"phase": "Running"}}]}
            """);

        assertThat(cluster()).isZero();
        assertThat(out())
                .contains("0 enrolled, 0 pending, 0 failed, 1 opted out\n")
                .doesNotContain("waypoint");
        out.reset();

        assertThat(cluster("--verbose")).isZero();
        assertThat(out()).contains("out        pod shop/waypoint on n1: label istio.io/dataplane-mode=none on the pod");
    }

    @Test
    void apiServerThatIsAway_isNoVerdict() {
        server.stop(0);

        assertThat(cluster()).isEqualTo(1);
        assertThat(out()).isEmpty();
        assertThat(err.toString(StandardCharsets.UTF_8)).startsWith("hbone status: ");
    }

    @Test
    void kubeconfigThatIsNotThere_isNamed() {
        assertThat(Hbone.execute("status", "--kubeconfig", "/not/there")).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("hbone status: kubeconfig: /not/there (expected: a file that can be read)"
                        + System.lineSeparator());
    }

    @Test
    void watch_tellsEachChangeOnce_untilItIsInterrupted() throws InterruptedException {
        Thread watching = start(() -> machine("--json", "--watch", "--interval", "PT0.01S"));
        await().atMost(SOON).until(() -> out().contains("\"good\":true"));
        pages.put("/status", AWAY);
        await().atMost(SOON).until(() -> out().contains("the API server is away"));
        pages.put("/status", SOUND);
        await().atMost(SOON).until(() -> out().lines().count() == 3);

        stop(watching);
        assertThat(out().lines().map(line -> line.substring(0, line.indexOf(','))))
                .containsExactly("{\"good\":true", "{\"good\":false", "{\"good\":true");
    }

    @Test
    void watch_seesAnApiServerThatCannotBeAsked_comeBack() throws InterruptedException {
        leads();
        pages.remove("/api/v1/pods");
        Thread watching = start(() -> cluster("--watch", "--interval", "PT0.01S"));
        await().atMost(SOON).until(() -> out().contains("NOT KNOWN: "));
        pages.put("/api/v1/pods", EMPTY_LIST);
        await().atMost(SOON).until(() -> out().contains(" good: 0 namespaces registered"));
        stop(watching);
    }

    private static Thread start(Runnable command) {
        Thread thread = new Thread(command, "hbone-status");
        thread.start();
        return thread;
    }

    private static void stop(Thread watching) throws InterruptedException {
        watching.interrupt();
        watching.join(10_000);
        assertThat(watching.isAlive()).isFalse();
    }
}
