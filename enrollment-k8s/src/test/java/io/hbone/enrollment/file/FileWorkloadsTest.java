package io.hbone.enrollment.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.core.TrustDomain;
import io.hbone.enrollment.LocalWorkload;
import io.hbone.enrollment.MeshDirectory;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.file.LocalFileException;
import io.hbone.xds.server.MeshResources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileWorkloadsTest {
    private static final String ONE = "pods: [{name: one, namespace: a, workloadIps: [10.0.0.1], netns: one}]\n"
            + "workloads: [{name: far, namespace: a, workloadIps: [10.3.0.1], services: {}}]\n";
    private static final String TWO = "pods: [{name: two, namespace: a, workloadIps: [10.0.0.2], netns: two}]\n";

    @TempDir
    private Path folder;

    private final MeshResources resources = new MeshResources();
    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    private FileWorkloads workloads;
    private Path file;

    @BeforeEach
    void open() throws IOException {
        file = folder.resolve("agent.yaml");
        write(ONE);
        workloads = new FileWorkloads(
                file,
                "m1",
                TrustDomain.of("cluster.local"),
                new MeshDirectory(resources),
                executor,
                Duration.ofHours(1));
    }

    @AfterEach
    void close() {
        workloads.close();
        executor.shutdownNow();
    }

    /** Swaps it as mounted files are swapped. */
    private void write(String text) throws IOException {
        Path next = folder.resolve("next");
        Files.writeString(next, text);
        Files.move(next, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    @Test
    void firstFile_hasToBeRight() throws IOException {
        write("pods: 3");
        assertThatThrownBy(workloads::load).isInstanceOf(LocalFileException.class);
    }

    @Test
    void change_isTaken_andWhatIsGoneIsGone() throws IOException {
        workloads.load();
        assertThat(workloads.workloads()).extracting(LocalWorkload::uid).containsExactly("a/one");
        assertThat(resources.snapshot(TypeUrl.ADDRESS)).hasSize(1);
        assertThat(workloads.poll()).isFalse();
        write(TWO);
        assertThat(workloads.poll()).isTrue();
        assertThat(workloads.workloads()).extracting(LocalWorkload::uid).containsExactly("a/two");
        assertThat(resources.snapshot(TypeUrl.ADDRESS)).isEmpty();
    }

    @Test
    void fileThatCannotBeUsed_changesNothing_andIsToldOfUntilItCan() throws IOException {
        workloads.load();
        write("pods: [");
        assertThat(workloads.poll()).isFalse();
        assertThat(workloads.workloads()).hasSize(1);
        assertThat(resources.snapshot(TypeUrl.ADDRESS)).hasSize(1);
        assertThat(workloads.error()).contains("agent.yaml: not YAML: ");
        Files.delete(file);
        assertThat(workloads.poll()).isFalse();
        assertThat(workloads.error()).endsWith("no such file");
        write(TWO);
        assertThat(workloads.poll()).isTrue();
        assertThat(workloads.error()).isNull();
    }
}
