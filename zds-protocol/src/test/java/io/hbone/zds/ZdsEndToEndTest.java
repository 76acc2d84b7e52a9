package io.hbone.zds;

import static io.hbone.zds.Namespaces.own;
import static io.hbone.zds.Namespaces.workload;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hbone.zds.WorkloadStatus.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Both ends, as they are used. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ZdsEndToEndTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int CYCLES = 10_000;

    @TempDir
    private Path directory;

    private ZdsServer agent() throws IOException {
        return ZdsServer.builder(directory.resolve("z.sock"))
                .retries(Duration.ofMillis(20), Duration.ofMillis(100))
                .start();
    }

    private ZdsClient node(RecordingHandler handler) {
        return ZdsClient.builder(directory.resolve("z.sock"), handler)
                .retryAfter(Duration.ofMillis(50))
                .start();
    }

    private static CompletableFuture<Void> enroll(ZdsServer agent, String uid) {
        return agent.enroll(workload(uid), own()).toCompletableFuture();
    }

    private static long openFiles() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.count();
        }
    }

    @Test
    void addAndDelete_tenThousandTimes_leavesNoDescriptorOpen() throws Exception {
        RecordingHandler handler = new RecordingHandler();
        try (ZdsServer agent = agent();
                ZdsClient node = node(handler)) {
            agent.seeded();
            await().atMost(PATIENCE).until(node::isReady);
            cycles(agent, "warm-up", 10); // files of the class path are opened once
            long files = openFiles();
            long namespaces = Namespaces.open("net:");
            cycles(agent, "pod", CYCLES);
            assertThat(Namespaces.open("net:")).isEqualTo(namespaces);
            // Tests before may still be giving theirs back; a leak would be of thousands.
            assertThat(openFiles()).isLessThan(files + 10);
            assertThat(handler.events.stream().filter(event -> event.startsWith("stop pod")))
                    .hasSize(CYCLES);
            assertThat(agent.workloads()).isEmpty();
            assertThat(node.workloads()).isEmpty();
        }
    }

    private static void cycles(ZdsServer agent, String name, int count) throws Exception {
        for (int at = 0; at < count; at++) {
            String uid = name + at;
            CompletableFuture<Void> enrolled = enroll(agent, uid);
            enrolled.get(30, TimeUnit.SECONDS);
            agent.withdraw(uid).toCompletableFuture().get(30, TimeUnit.SECONDS);
        }
    }

    @Test
    void manyPodsAtOnce_areAllServed() throws Exception {
        RecordingHandler handler = new RecordingHandler();
        List<CompletableFuture<Void>> all = new ArrayList<>();
        try (ZdsServer agent = agent();
                ZdsClient node = node(handler)) {
            for (int at = 0; at < 250; at++) {
                all.add(enroll(agent, "pod" + at));
            }
            agent.seeded();
            for (CompletableFuture<Void> each : all) {
                each.get(30, TimeUnit.SECONDS);
            }
            assertThat(handler.served).hasSize(250);
            await().atMost(PATIENCE).until(node::isReady);
        }
        handler.closeServed();
    }

    @Test
    void gap_restartedAgent_takesOverWhatRunsAndDropsWhatIsGone() throws Exception {
        RecordingHandler handler = new RecordingHandler();
        try (ZdsClient node = node(handler)) {
            try (ZdsServer first = agent()) {
                first.seeded();
                enroll(first, "a").get(30, TimeUnit.SECONDS);
                enroll(first, "b").get(30, TimeUnit.SECONDS);
                await().atMost(PATIENCE).until(node::isReady);
            }
            await().atMost(PATIENCE).until(() -> !node.isReady());
            assertThat(handler.served).containsOnlyKeys("a", "b");
            try (ZdsServer second = agent()) {
                CompletableFuture<Void> a = enroll(second, "a");
                CompletableFuture<Void> c = enroll(second, "c");
                second.seeded();
                a.get(30, TimeUnit.SECONDS);
                c.get(30, TimeUnit.SECONDS);
                await().atMost(PATIENCE).until(node::isReady);
                assertThat(handler.served).containsOnlyKeys("a", "c");
            }
        }
        assertThat(handler.events.stream().filter("start a"::equals)).hasSize(1);
        handler.closeServed();
    }

    @Test
    void restartedNode_isGivenEverythingAgain() throws Exception {
        try (ZdsServer agent = agent()) {
            agent.seeded();
            RecordingHandler before = new RecordingHandler();
            try (ZdsClient node = node(before)) {
                enroll(agent, "a").get(30, TimeUnit.SECONDS);
            }
            before.closeServed();
            await().atMost(PATIENCE).until(() -> agent.workloads().get(0).state() == State.PENDING);
            RecordingHandler after = new RecordingHandler();
            try (ZdsClient node = node(after)) {
                await().atMost(PATIENCE).until(node::isReady);
                assertThat(after.served).containsOnlyKeys("a");
                assertThat(agent.workloads().get(0).state()).isEqualTo(State.ENROLLED);
            }
            after.closeServed();
        }
    }

    @Test
    void podThatFails_isRetriedUntilItWorksWhileOthersComeAndGo() throws Exception {
        RecordingHandler handler = new RecordingHandler();
        handler.failing.add("bad");
        try (ZdsServer agent = agent();
                ZdsClient node = node(handler)) {
            agent.seeded();
            CompletableFuture<Void> bad = enroll(agent, "bad");
            for (int at = 0; at < 20; at++) {
                enroll(agent, "good" + at).get(30, TimeUnit.SECONDS);
                agent.withdraw("good" + at).toCompletableFuture().get(30, TimeUnit.SECONDS);
            }
            assertThat(bad).isNotDone();
            assertThat(node.isReady()).isFalse();
            handler.failing.clear();
            bad.get(30, TimeUnit.SECONDS);
            await().atMost(PATIENCE).until(node::isReady);
        }
        handler.closeServed();
    }
}
