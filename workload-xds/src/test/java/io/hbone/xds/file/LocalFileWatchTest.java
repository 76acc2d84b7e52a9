package io.hbone.xds.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.core.TrustDomain;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.store.WorkloadStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalFileWatchTest {
    private static final String ONE = "- {uid: one, name: one, namespace: ns, workloadIps: [10.0.0.1], services: {}}\n";
    private static final String TWO = "- {uid: two, name: two, namespace: ns, workloadIps: [10.0.0.2], services: {}}\n";
    private static final String POLICY =
            "policies:\n- {name: p, namespace: ns, scope: Global, action: Deny, rules: [], dryRun: false}\n";

    @TempDir
    Path directory;

    private final WorkloadStore store = new WorkloadStore();
    private final List<String> batches = new ArrayList<>();
    private Path path;
    private LocalFileWatch watch;

    @BeforeEach
    void write() throws Exception {
        path = directory.resolve("mesh.yaml");
        swap("workloads:\n" + ONE + TWO);
        watch = new LocalFileWatch(path, TrustDomain.of("cluster.local"), (typeUrl, upserts, removals) -> {
            batches.add(typeUrl.substring(typeUrl.lastIndexOf('.') + 1) + " +" + upserts.size() + " -" + removals);
            return typeUrl.equals(TypeUrl.ADDRESS) ? store.apply(typeUrl, upserts, removals) : List.of();
        });
    }

    /** As ConfigMaps and careful editors do: another file takes its place. */
    private void swap(String yaml) throws Exception {
        Path next = Files.writeString(directory.resolve("next.yaml"), yaml);
        Files.move(next, path, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    @Test
    void poll_changedFile_deliversOnlyWhatChanged() throws Exception {
        watch.load();
        assertThat(watch.poll()).isFalse();

        swap("workloads:\n" + ONE + TWO.replace("10.0.0.2", "10.0.0.3") + POLICY);
        assertThat(watch.poll()).isTrue();
        swap("workloads:\n" + ONE);
        watch.poll();

        assertThat(batches)
                .containsExactly(
                        "Address +2 -[]",
                        "Authorization +1 -[]",
                        "Address +1 -[]",
                        "Authorization +0 -[ns/p]",
                        "Address +0 -[two]");
        assertThat(store.snapshot().workloadCount()).isEqualTo(1);
    }

    @Test
    void poll_fileThatDoesNotParse_keepsTheLastGoodAndShowsTheError() throws Exception {
        watch.load();

        swap("workloads: [");
        watch.poll();
        assertThat(watch.error()).startsWith("not YAML");
        assertThat(store.snapshot().workloadCount()).isEqualTo(2);
        Files.delete(path);
        watch.poll();
        assertThat(watch.error()).isEqualTo("no such file");
        assertThat(store.snapshot().workloadCount()).isEqualTo(2);

        swap("workloads:\n" + ONE);
        watch.poll();
        assertThat(watch.error()).isNull();
        assertThat(store.snapshot().workloadCount()).isEqualTo(1);
    }

    @Test
    void load_wrongFile_deliversNothing() throws Exception {
        swap("nope: 1");

        assertThatThrownBy(watch::load).isInstanceOf(LocalFileException.class);
        assertThat(batches).isEmpty();
    }
}
