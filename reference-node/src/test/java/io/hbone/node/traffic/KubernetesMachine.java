package io.hbone.node.traffic;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A machine of a cluster: pods, which are network namespaces, a {@link FakeKubelet}, {@code hbone agent --kubernetes} as the service
 * account and with the rights that the manifest gives it, and a node, ours or stock.
 */
final class KubernetesMachine implements AutoCloseable {
    private static final String TOKEN = "token-of-the-machines-node";
    private static final int XDS = 15010;

    private final String name;
    private final Pods pods;
    private final Pod machine;
    private final FakeKubelet kubelet;
    private final Path kubeconfig;
    private final int admin = freePort();
    private final int xds = freePort();
    private String runtime;
    private Program agent;
    private NodeProcess node;

    /**
     * @param api as an administrator
     * @param kubeconfig of agents
     */
    KubernetesMachine(KubernetesClient api, Path kubeconfig, Pods pods, String name, String address) {
        this.name = name;
        this.pods = pods;
        this.kubeconfig = kubeconfig;
        machine = pods.machine(name, address);
        kubelet = new FakeKubelet(api, name, pods.directory().resolve(name + "-cri.sock"));
        runtime = kubelet.socket();
        // For stock nodes, which know no unix sockets. Machines have the directory in common.
        if (!Files.exists(Path.of(machine.file("xds.pem")))) {
            XdsCertificate.make(machine, pods.directory(), "DNS:localhost");
        }
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The network of the machine itself, which all of its pods are joined by. */
    Pod machine() {
        return machine;
    }

    FakeKubelet kubelet() {
        return kubelet;
    }

    /** Has the agent ask a real container runtime; before it starts. */
    KubernetesMachine withRuntime(Path socket) {
        runtime = socket.toString();
        return this;
    }

    /** In the network of the API server, as a pod with the machine's network is. */
    void startAgent() {
        List<String> arguments =
                new ArrayList<>(List.of("agent", "--kubernetes", "--kubeconfig", kubeconfig.toString()));
        arguments.addAll(List.of("--node", name, "--container-runtime", runtime));
        arguments.addAll(List.of("--zds-socket", file("zds.sock"), "--xds-socket", file("xds.sock")));
        arguments.addAll(List.of("--xds-listen", "127.0.0.1:" + xds));
        arguments.addAll(List.of("--tls-cert", machine.file("xds.pem"), "--tls-key", machine.file("xds.key")));
        arguments.addAll(List.of("--admin", "127.0.0.1:" + admin, "--verify", "PT2S"));
        arguments.addAll(List.of("--drain", "PT5S", "--linger", "PT1S"));
        String network = "--net=/proc/" + ProcessHandle.current().pid() + "/ns/net";
        agent = NodeProcess.hbone(machine, Map.of(), List.of("nsenter", network), arguments);
    }

    Program agent() {
        return agent;
    }

    private String file(String which) {
        return machine.file(name + '-' + which);
    }

    /** A node of ours, which need not be ready yet. */
    NodeProcess startNode() throws IOException {
        node = NodeProcess.start(machine, variables("unix://" + file("xds.sock")));
        return node;
    }

    /** Stock ztunnel in its place. */
    void startZtunnel(Path program) throws IOException {
        machine.relay(XDS, ProcessHandle.current().pid(), xds);
        Map<String, String> variables = new HashMap<>(variables("https://localhost:" + XDS));
        variables.put("XDS_ROOT_CA", machine.file("root.pem"));
        node = NodeProcess.of(machine, machine.start(variables, List.of(program.toString())))
                .awaitReady();
    }

    private Map<String, String> variables(String xdsAddress) throws IOException {
        Path folder = pods.directory();
        Path tokens = folder.resolve("tokens");
        if (!Files.exists(tokens)) {
            Files.writeString(
                    Files.createFile(
                            tokens, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))),
                    TOKEN + " node impersonate spiffe://cluster.local/ns/*/sa/*\n");
        }
        if (node == null) {
            ZtunnelCaTest.startCa(machine, folder);
        }
        Map<String, String> variables = new HashMap<>(ZtunnelCaTest.fromTheCa(folder, "token", TOKEN));
        variables.putAll(Map.of(
                "PROXY_MODE",
                "shared",
                "INPOD_UDS",
                file("zds.sock"),
                "XDS_ADDRESS",
                xdsAddress,
                "NODE_NAME",
                name,
                "ISTIO_META_DNS_CAPTURE",
                "false",
                "ZTUNNEL_WORKER_THREADS",
                "1"));
        return variables;
    }

    NodeProcess node() {
        return node;
    }

    /** What the agent says of itself. */
    String status() {
        return machine.run(
                        "nsenter",
                        "--net=/proc/" + ProcessHandle.current().pid() + "/ns/net",
                        "curl",
                        "-sS",
                        "-m",
                        "10",
                        "http://127.0.0.1:" + admin + "/status")
                .out();
    }

    /** The programs end with the {@link Pods}. */
    @Override
    public void close() {
        kubelet.close();
    }
}
