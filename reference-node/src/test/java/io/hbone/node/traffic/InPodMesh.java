package io.hbone.node.traffic;

import io.hbone.core.ConnectionObserver;
import io.hbone.core.TunnelException;
import io.hbone.node.Node;
import io.hbone.node.config.ProxyConfig;
import io.hbone.zds.NetworkNamespace;
import io.hbone.zds.ZdsServer;
import io.hbone.zds.ZdsWorkload;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Nodes in shared mode in the test's process, and the agent that hands pods over to them; the pods are network namespaces, and their
 * applications are sockets of the test that live in there.
 */
final class InPodMesh implements AutoCloseable {
    static final int ECHO = 8080;

    private final Pods pods;
    private final Map<String, String> workloads = new LinkedHashMap<>();
    private final List<Node> nodes = new ArrayList<>();
    private final List<AutoCloseable> open = new ArrayList<>();
    private final Recorder seen = new Recorder();
    private ZdsServer agent;

    InPodMesh(String label) {
        pods = new Pods(label);
        try {
            agent = startAgent();
            writeMesh();
        } catch (Throwable e) {
            pods.close();
            throw e;
        }
    }

    /** What all nodes of the test report. */
    static final class Recorder implements ConnectionObserver {
        final List<ConnectionDetails> opened = new CopyOnWriteArrayList<>();
        final List<TunnelException> failures = new CopyOnWriteArrayList<>();

        @Override
        public Connection opened(ConnectionDetails details) {
            opened.add(details);
            return new Connection() {
                @Override
                public void closed(@Nullable TunnelException why) {
                    if (why != null) {
                        failures.add(why);
                    }
                }
            };
        }

        @Override
        public void denied(
                Direction direction, InetSocketAddress source, InetSocketAddress destination, TunnelException why) {
            failures.add(why);
        }

        ConnectionDetails last(Direction direction) {
            return opened.stream()
                    .filter(details -> details.direction() == direction)
                    .reduce((a, b) -> b)
                    .orElseThrow();
        }
    }

    Recorder seen() {
        return seen;
    }

    Pods pods() {
        return pods;
    }

    Path socket() {
        return pods.directory().resolve("zds.sock");
    }

    ZdsServer startAgent() {
        try {
            agent = ZdsServer.builder(socket()).start();
            return agent;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    ZdsServer agent() {
        return agent;
    }

    /** What a node is told by variables. */
    Map<String, String> environment(Map<String, String> more) {
        Map<String, String> variables = new HashMap<>();
        variables.put("PROXY_MODE", "shared");
        variables.put("INPOD_UDS", socket().toString());
        variables.put("XDS_ADDRESS", "");
        variables.put("LOCAL_XDS_PATH", pods.directory().resolve("local.yaml").toString());
        variables.put("HBONE_DEV_CA_DIR", pods.directory().resolve("ca").toString());
        variables.put("HBONE_TRANSPORT", System.getProperty("hbone.transport", "epoll"));
        variables.put("CONNECTION_TERMINATION_DEADLINE", "1s");
        for (String port : new String[] {"READINESS", "ADMIN", "METRICS"}) {
            variables.put("HBONE_" + port + "_PORT", "0");
        }
        variables.putAll(more);
        return variables;
    }

    Node node() {
        return node(Map.of());
    }

    Node node(Map<String, String> more) {
        Node node =
                Node.builder(ProxyConfig.of(environment(more))).observer(seen).start();
        nodes.add(node);
        return node;
    }

    /** Tells the mesh of a workload, or tells it anew. */
    void workload(String uid, String name, String account, String address) {
        workloads.put(
                uid,
                "- {uid: %s, name: %s, namespace: shop, serviceAccount: %s, protocol: HBONE, workloadIps: [\"%s\"], services: {}}\n"
                        .formatted(uid, name, account, address));
        writeMesh();
    }

    /** The mesh forgets a workload. */
    void forget(String uid) {
        workloads.remove(uid);
        writeMesh();
    }

    private void writeMesh() {
        try {
            Path next = pods.directory().resolve("local.yaml.next");
            Files.writeString(
                    next,
                    workloads.isEmpty() ? "workloads: []\n" : "workloads:\n" + String.join("", workloads.values()));
            Files.move(
                    next,
                    pods.directory().resolve("local.yaml"),
                    java.nio.file.StandardCopyOption.ATOMIC_MOVE,
                    java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ZdsWorkload zds(String uid, String name, String account) {
        return new ZdsWorkload(uid, name, "shop", account);
    }

    /** Hands a pod over and waits until a node serves it. */
    void enroll(String uid, String name, String account, Pod pod) throws Exception {
        agent.enroll(zds(uid, name, account), NetworkNamespace.named(pod.namespace()))
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
    }

    /** The same without the wait. */
    void enrollLater(String uid, String name, String account, Pod pod) throws Exception {
        agent.enroll(zds(uid, name, account), NetworkNamespace.named(pod.namespace()));
    }

    void withdraw(String uid) throws Exception {
        agent.withdraw(uid).toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    /** Does something inside of a pod. */
    static <T> T in(Pod pod, Callable<T> job) throws Exception {
        try (NetworkNamespace namespace = NetworkNamespace.named(pod.namespace())) {
            return namespace.run(job);
        }
    }

    /** An application that sends back what it is sent, with {@code prefix} before it. */
    void echo(Pod pod, int port, String prefix) throws Exception {
        ServerSocket listener = in(pod, () -> new ServerSocket(port, 200));
        open.add(listener);
        Thread accepting = new Thread(() -> {
            while (true) {
                try {
                    Socket socket = listener.accept();
                    new Thread(() -> echo(socket, prefix)).start();
                } catch (IOException e) {
                    return;
                }
            }
        });
        accepting.setDaemon(true);
        accepting.start();
    }

    private static void echo(Socket socket, String prefix) {
        try (socket) {
            byte[] buffer = new byte[8192];
            for (int read = socket.getInputStream().read(buffer);
                    read >= 0;
                    read = socket.getInputStream().read(buffer)) {
                socket.getOutputStream()
                        .write((prefix + new String(buffer, 0, read, StandardCharsets.US_ASCII))
                                .getBytes(StandardCharsets.US_ASCII));
            }
        } catch (IOException e) {
            // The client went away: that is its right.
        }
    }

    /** A connection that an application of {@code from} opens. */
    static Socket connect(Pod from, String address, int port) throws Exception {
        InetAddress to = InetAddress.getByName(address);
        return in(from, () -> {
            Socket socket = new Socket();
            socket.setSoTimeout(15_000);
            socket.connect(new InetSocketAddress(to, port), 15_000);
            return socket;
        });
    }

    /** What comes back for {@code text}. */
    static String talk(Pod from, String address, int port, String text) throws Exception {
        try (Socket socket = connect(from, address, port)) {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
            socket.shutdownOutput();
            InputStream in = socket.getInputStream();
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    static HttpResponse<String> get(InetSocketAddress at, String path) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + at.getPort() + path);
        return HttpClient.newHttpClient().send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
    }

    @Override
    public void close() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
        nodes.forEach(Node::drain);
        agent.close();
        pods.close();
    }
}
