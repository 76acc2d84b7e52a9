package io.hbone.identity.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hbone.identity.testing.Containerd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** A real containerd with a real container: the sandbox of a pod, in a network namespace of its own. */
@Tag("peer")
@Tag("root")
class ContainerdPeerTest {
    /** Mounts may outlive a test that fails. */
    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path folder;

    private Containerd containerd;

    @BeforeEach
    void start() throws IOException {
        assumeTrue(Containerd.missing().isEmpty(), Containerd::missing);
        containerd = Containerd.start(folder, "address=10.80.0.2/24");
    }

    @AfterEach
    void stop() {
        if (containerd != null) {
            containerd.close();
        }
    }

    @Test
    void networkOfAPodOfContainerd_isFoundByFileAndByProcess_untilItEnds() throws Exception {
        String uid = UUID.randomUUID().toString();
        String id = containerd.runSandbox("shop", "p", uid);
        try (CriSandboxes sandboxes = new CriSandboxes(containerd.socket(), Duration.ofSeconds(20))) {
            try {
                SandboxNetwork network =
                        sandboxes.ofPod(uid).toCompletableFuture().get(30, TimeUnit.SECONDS);
                assertThat(network.pid()).isPositive();
                assertThat(network.path()).startsWith("/var/run/netns/");
                Path ofProcess = Path.of("/proc/" + network.pid() + "/ns/net");
                assertThat(inode(Path.of(network.path()))).isEqualTo(inode(ofProcess));
                assertThat(inode(ofProcess)).isNotEqualTo(inode(Path.of("/proc/self/ns/net")));
            } finally {
                containerd.stopSandbox(id);
            }
            assertThatThrownBy(() -> sandboxes.ofPod(uid).toCompletableFuture().get(30, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(NoProcessException.class);
        } finally {
            containerd.removeSandbox(id);
        }
    }

    private static Object inode(Path file) throws IOException {
        return Files.getAttribute(file, "unix:ino");
    }
}
