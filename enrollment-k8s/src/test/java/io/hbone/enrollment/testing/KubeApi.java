package io.hbone.enrollment.testing;

import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A real API server over a real etcd in a temporary folder, with the controllers that make and remove namespaces and service accounts
 * as every cluster has them, and with RBAC; for tests that carry {@code @Tag("peer")}. There are no machines: pods stay pending.
 * Closing it ends all of it and removes the folder.
 */
public final class KubeApi implements AutoCloseable {
    private static final String ADMIN_TOKEN = "admin-token";
    private static final Duration PATIENCE = Duration.ofSeconds(120);

    private final Path folder;
    private final int port;
    private final int etcdPort;
    private @Nullable Process etcd;
    private @Nullable Process api;
    private @Nullable Process controllers;

    private KubeApi(Path folder, int port, int etcdPort) {
        this.folder = folder;
        this.port = port;
        this.etcdPort = etcdPort;
    }

    /** Which program is not there, for {@code assumeTrue}; empty when all are. */
    public static String missing() {
        for (String name : List.of("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")) {
            if (program(name) == null) {
                return "missing: " + name + " (expected: in the folder KUBEBUILDER_ASSETS, or on PATH)";
            }
        }
        return "";
    }

    /** Starts all, and waits until a namespace has its service account. */
    public static KubeApi start() {
        try {
            KubeApi cluster = new KubeApi(Files.createTempDirectory("kube"), freePort(), freePort());
            try {
                cluster.open();
            } catch (RuntimeException | IOException e) {
                cluster.close();
                throw e;
            }
            return cluster;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As somebody who may do everything. The caller closes it. */
    public KubernetesClient admin() {
        return client(ADMIN_TOKEN);
    }

    /** As a service account, with its rights alone. The caller closes it. */
    public KubernetesClient as(String namespace, String account) {
        return client(kubectl("create", "token", account, "-n", namespace, "--duration=1h")
                .strip());
    }

    private KubernetesClient client(String token) {
        Config config = new ConfigBuilder(Config.empty())
                .withMasterUrl("https://127.0.0.1:" + port)
                .withCaCertFile(folder.resolve("api/apiserver.crt").toString())
                .withOauthToken(token)
                .withRequestTimeout(20_000)
                .build();
        return new KubernetesClientBuilder().withConfig(config).build();
    }

    /** Writes a kubeconfig for a service account. */
    public Path kubeconfig(String namespace, String account) {
        String token = kubectl("create", "token", account, "-n", namespace, "--duration=1h")
                .strip();
        return writeKubeconfig(account + ".conf", token);
    }

    /**
     * Runs {@code kubectl} as an administrator.
     *
     * @return what it wrote
     * @throws IllegalStateException when it fails
     */
    public String kubectl(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                String.valueOf(program("kubectl")),
                "--kubeconfig",
                folder.resolve("admin.conf").toString()));
        command.addAll(List.of(arguments));
        return output(command);
    }

    /** Ends the API server as a crash would. */
    public void killApi() {
        kill(api);
    }

    /** Starts it again, and waits until it answers. */
    public void startApi() {
        api = run("api.log", "kube-apiserver", apiOptions());
        await("the certificate of the API server").atMost(PATIENCE).until(() -> {
            alive(api, "api.log");
            return Files.exists(folder.resolve("api/apiserver.crt"));
        });
        try (KubernetesClient client = admin()) {
            await("API server").atMost(PATIENCE).until(() -> {
                alive(api, "api.log");
                try {
                    return "ok".equals(client.raw("/readyz"));
                } catch (KubernetesClientException e) {
                    return false;
                }
            });
        }
    }

    /** What all wrote, for a test that failed. */
    public String logs() {
        try {
            return Files.readString(folder.resolve("api.log")) + Files.readString(folder.resolve("controllers.log"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Override
    public void close() {
        kill(controllers);
        kill(api);
        kill(etcd);
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void open() throws IOException {
        Files.createDirectory(folder.resolve("api"));
        Files.writeString(folder.resolve("tokens.csv"), ADMIN_TOKEN + ",admin,admin,system:masters\n");
        writeKey(folder.resolve("accounts.key"));
        writeKubeconfig("admin.conf", ADMIN_TOKEN);
        etcd = run(
                "etcd.log",
                "etcd",
                List.of(
                        "--data-dir=" + folder.resolve("etcd"),
                        "--listen-client-urls=http://127.0.0.1:" + etcdPort,
                        "--advertise-client-urls=http://127.0.0.1:" + etcdPort,
                        "--listen-peer-urls=http://127.0.0.1:" + freePort(),
                        "--unsafe-no-fsync"));
        startApi();
        controllers = run(
                "controllers.log",
                "kube-controller-manager",
                List.of(
                        "--kubeconfig=" + folder.resolve("admin.conf"),
                        "--controllers=namespace-controller,serviceaccount-controller",
                        "--leader-elect=false",
                        "--secure-port=0",
                        "--use-service-account-credentials=false"));
        try (KubernetesClient client = admin()) {
            await("controllers").atMost(PATIENCE).until(() -> {
                alive(controllers, "controllers.log");
                return client.serviceAccounts()
                                .inNamespace("default")
                                .withName("default")
                                .get()
                        != null;
            });
        }
    }

    private List<String> apiOptions() {
        return List.of(
                "--etcd-servers=http://127.0.0.1:" + etcdPort,
                "--bind-address=127.0.0.1",
                "--secure-port=" + port,
                "--cert-dir=" + folder.resolve("api"),
                "--authorization-mode=RBAC",
                "--token-auth-file=" + folder.resolve("tokens.csv"),
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-account-key-file=" + folder.resolve("accounts.key"),
                "--service-account-signing-key-file=" + folder.resolve("accounts.key"),
                "--service-cluster-ip-range=10.96.0.0/16");
    }

    private Path writeKubeconfig(String name, String token) {
        try {
            return Files.writeString(
                    folder.resolve(name), """
                        apiVersion: v1
                        kind: Config
                        clusters:
                        - name: test
                          cluster:
                            server: https://127.0.0.1:%d
                            certificate-authority: %s
                        users:
                        - name: test
                          user:
                            token: %s
                        contexts:
                        - name: test
                          context:
                            cluster: test
                            user: test
                        current-context: test
                        """.formatted(port, folder.resolve("api/apiserver.crt"), token));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Process run(String log, String name, List<String> arguments) {
        try {
            List<String> command = new ArrayList<>(List.of(String.valueOf(program(name))));
            command.addAll(arguments);
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(
                            ProcessBuilder.Redirect.appendTo(folder.resolve(log).toFile()))
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void alive(@Nullable Process process, String log) throws IOException {
        if (process == null || !process.isAlive()) {
            throw new IllegalStateException("it ended:\n" + Files.readString(folder.resolve(log)));
        }
    }

    private static String output(List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException(command + ": " + output);
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static void kill(@Nullable Process process) {
        if (process == null) {
            return;
        }
        process.destroyForcibly();
        try {
            process.waitFor(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void writeKey(Path file) throws IOException {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            String key = Base64.getMimeEncoder(64, new byte[] {'\n'})
                    .encodeToString(generator.generateKeyPair().getPrivate().getEncoded());
            Files.writeString(file, "-----BEGIN PRIVATE KEY-----\n" + key + "\n-----END PRIVATE KEY-----\n");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** In the folder that suites of controllers have by convention, else on the path. */
    private static @Nullable Path program(String name) {
        String assets = System.getenv("KUBEBUILDER_ASSETS");
        if (assets != null && Files.isExecutable(Path.of(assets, name))) {
            return Path.of(assets, name);
        }
        for (String directory : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
            Path program = Path.of(directory, name);
            if (Files.isExecutable(program)) {
                return program;
            }
        }
        return null;
    }
}
