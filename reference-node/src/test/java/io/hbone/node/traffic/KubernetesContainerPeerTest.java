package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hbone.enrollment.testing.KubeApi;
import io.hbone.enrollment.testing.SharedKubeApi;
import io.hbone.identity.testing.Containerd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Pods that a real containerd runs, with containers whose programs talk; the machine's agent asks that containerd. */
@ExtendWith(SharedKubeApi.class)
@InPods
@Tag("peer")
class KubernetesContainerPeerTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String SHOP = "shop-of-containers";
    private static final String CLIENT = "10.82.0.1";
    private static final String SERVER = "10.82.0.2";
    private static final int PORT = 8080;

    /** A new connection in the clear, as tcpdump has it; an older one may still end. */
    private static final String PLAIN = "> " + SERVER + '.' + PORT + ": Flags [S]";

    /** Joins a pod to the switch of the machine, and notes its network. */
    private static final String PLUGIN = """
            case $CNI_ARGS in
                *K8S_POD_NAME=client*) pod=client address=%1$s/24 ;;
                *) pod=server address=%2$s/24 ;;
            esac
            if [ "$CNI_COMMAND" = ADD ]; then
                netns=${CNI_NETNS##*/}
                ip link add eth0 netns $netns type veth peer name c-$pod netns %3$s
                ip -n %3$s link set c-$pod master %4$s up
                ip -n $netns addr add $address dev eth0
                ip -n $netns link set lo up
                ip -n $netns link set eth0 up
                ip -n $netns route add default dev eth0
                echo $CNI_NETNS > %5$s/$pod
            fi >&2
            """;

    /** A root file system with one program and what it needs. */
    private static final String ROOTFS = "program=$(readlink -f $(command -v nc)); mkdir $0\n"
            + "for f in $program $(ldd $program | grep -o '/[^ ]*'); do cp --parents -L $f $0; done; cp $program $0/nc";

    /** Mounts may outlive a test that fails. */
    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path folder;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private KubernetesMachine machine;
    private Containerd containerd;

    @AfterEach
    void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    private <T extends AutoCloseable> T open(T resource) {
        opened.add(resource);
        return resource;
    }

    @Test
    void containersOfContainerd_areEncryptedByTheLabelOfTheirNamespace_andPlainWithoutIt(KubeApi cluster)
            throws IOException {
        assumeTrue(Containerd.missing().isEmpty(), Containerd::missing);
        KubernetesMachines machines = open(new KubernetesMachines(cluster, "kubernetes-container"));
        machine = machines.add("n-container", "10.82.0.254");
        containerd = open(Containerd.start(
                Files.createDirectory(folder.resolve("containerd")),
                PLUGIN.formatted(CLIENT, SERVER, machine.machine().namespace(), Pods.SWITCH, folder)));
        machine.machine().bash(ROOTFS, folder.resolve("rootfs")).success();
        machines.namespace(SHOP, "client", "server");
        for (String pod : List.of("client", "server")) {
            String uid = machine.kubelet().schedule(SHOP, pod, pod);
            String sandbox = containerd.runSandbox(SHOP, pod, uid);
            open(() -> containerd.removeSandbox(sandbox));
            open(() -> containerd.stopSandbox(sandbox));
            machine.kubelet().tellRunning(SHOP, pod, pod.equals("client") ? CLIENT : SERVER);
        }
        Program server = container("server", "-dlk", String.valueOf(PORT));
        machine.withRuntime(containerd.socket().path()).startAgent();
        machine.startNode().awaitReady();

        assertThat(wire(server, "in-the-clear")).contains(PLAIN);
        cluster.kubectl("label", "namespace", SHOP, "io.cilium/mtls-enabled=true");
        cluster.kubectl("wait", "--for=condition=hbone.io/Enrolled", "pod", "--all", "-n", SHOP, "--timeout=60s");
        assertThat(wire(server, "encrypted")).contains("> " + SERVER + ".15008").doesNotContain(PLAIN);
        // The line comes when the connection has ended.
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(machine.node().log())
                        .contains("src.identity=\"spiffe://cluster.local/ns/shop-of-containers/sa/client\""));
        cluster.kubectl("label", "namespace", SHOP, "io.cilium/mtls-enabled-");
        await().atMost(SOON)
                .untilAsserted(
                        () -> assertThat(wire(server, "in-the-clear-again")).contains("> " + SERVER + '.' + PORT));
    }

    /** nc in a container of its own, in the network of a pod's sandbox. */
    private Program container(String pod, String... arguments) {
        List<String> whole = new ArrayList<>(
                List.of("ctr", "-a", containerd.socket().path().toString(), "-n", "k8s.io", "run", "--rm", "--rootfs"));
        whole.add("--with-ns");
        whole.add("network:" + network(pod));
        whole.add(folder.resolve("rootfs").toString());
        String id = pod + "-" + UUID.randomUUID();
        whole.add(id);
        whole.add("/nc");
        whole.addAll(List.of(arguments));
        Program program = machine.machine().start(whole.toArray(String[]::new));
        open(() -> {
            containerd.ctr("task", "kill", "-s", "SIGKILL", id);
            program.finish(SOON);
        });
        return program;
    }

    private String network(String pod) {
        try {
            return Files.readString(folder.resolve(pod)).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the server's end of the wire sees while the client's container has a word taken to the server's. */
    private String wire(Program server, String word) {
        Runnable traffic = () -> {
            container("client", "-w", "2", SERVER, String.valueOf(PORT))
                    // ctr passes no end of input on: nc ends by itself when nothing happens any more.
                    .write((word + '\n').getBytes(StandardCharsets.UTF_8));
            server.until(word + '\n', SOON);
        };
        return machine.machine().seen("c-server", traffic, "> " + SERVER + '.');
    }
}
