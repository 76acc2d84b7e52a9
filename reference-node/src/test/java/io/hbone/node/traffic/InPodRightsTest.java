package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A node in shared mode that lacks a right, or files. */
@InPods
@Timeout(120)
class InPodRightsTest {
    private InPodMesh mesh;
    private Pod host;

    @BeforeEach
    void open() {
        mesh = new InPodMesh("inpod-rights");
        host = mesh.pods().pod("host", "10.79.0.1");
    }

    @AfterEach
    void close() throws Exception {
        mesh.close();
    }

    private Program without(String capability) {
        return NodeProcess.hbone(
                host,
                mesh.environment(Map.of()),
                List.of("setpriv", "--bounding-set", "-" + capability, "--inh-caps", "-" + capability),
                List.of("proxy"));
    }

    @Test
    void withoutTheRightToEnterNamespaces_saysWhichAndWhatStillWorks() {
        Program.Output ended = without("sys_admin").join(Duration.ofSeconds(60));

        assertThat(ended.exit()).isEqualTo(1);
        assertThat(ended.err()).contains("PROXY_MODE").contains("CAP_SYS_ADMIN").contains("PROXY_MODE=dedicated");
    }

    @Test
    void withoutTheRightToMarkPackets_saysWhichAndWhatStillWorks() {
        Program.Output ended = without("net_admin,-net_raw").join(Duration.ofSeconds(60));

        assertThat(ended.exit()).isEqualTo(1);
        assertThat(ended.err())
                .contains("PACKET_MARK")
                .contains("CAP_NET_ADMIN")
                .contains("PROXY_MODE=dedicated");
    }

    @Test
    void limitOfOpenFiles_failsThePodsBeyondIt_andNoOther() throws Exception {
        List<Pod> pods = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            pods.add(mesh.pods().pod("p" + i, "10.79.0.1" + i));
            mesh.workload("u" + i, "p" + i, "sa", "10.79.0.1" + i);
        }
        mesh.agent().seeded();
        // Few enough that some pods' listeners find no room: the JVM and the node's own ports take most.
        Program node = NodeProcess.hbone(
                host,
                mesh.environment(Map.of("ZTUNNEL_WORKER_THREADS", "1")),
                List.of("bash", "-c", "exec \"$@\"", "bash"),
                List.of("proxy"));
        node.until("waiting for pods", Duration.ofSeconds(60));
        int room = Math.toIntExact(new java.io.File("/proc/" + node.pid() + "/fd").list().length) + 16;
        host.run("prlimit", "--pid", String.valueOf(node.pid()), "--nofile=" + room + ":")
                .success();
        for (int i = 0; i < 8; i++) {
            mesh.enrollLater("u" + i, "p" + i, "sa", pods.get(i));
        }
        // It fails where the files end: at a listener, or when the namespace is handed over.
        await().atMost(Duration.ofSeconds(30))
                .until(() -> node.out().contains("cannot serve") || node.out().contains("refused a request"));
        assertThat(node.isAlive()).isTrue();

        host.run("prlimit", "--pid", String.valueOf(node.pid()), "--nofile=4096:")
                .success();

        await().atMost(Duration.ofSeconds(60))
                .until(() -> node.out()
                                .lines()
                                .filter(line -> line.contains("serving shop/"))
                                .count()
                        == 8);
    }
}
