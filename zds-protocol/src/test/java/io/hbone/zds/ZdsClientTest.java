package io.hbone.zds;

import static io.hbone.zds.Namespaces.own;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hbone.zds.WorkloadStatus.State;
import io.hbone.zds.internal.Descriptor;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The node's end against an agent by hand. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ZdsClientTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @TempDir
    private Path directory;

    private final ManualTime time = new ManualTime();
    private final RecordingHandler handler = new RecordingHandler();
    private Path path;
    private StubAgent agent;
    private ZdsClient client;

    @BeforeEach
    void open() throws Exception {
        path = directory.resolve("z.sock");
        agent = new StubAgent(path);
        client = ZdsClient.builder(path, handler).executor(time).start();
        assertThat(agent.accept()).isEqualTo(1);
    }

    @AfterEach
    void close() throws IOException {
        client.close();
        agent.close();
        handler.closeServed();
    }

    private void snapshot(String... uids) throws Exception {
        for (String uid : uids) {
            assertThat(agent.add(uid, own())).isEmpty();
            assertThat(handler.next()).isEqualTo("start " + uid);
        }
        assertThat(agent.snapshot()).isEmpty();
        assertThat(handler.next()).isEqualTo("ready");
        assertThat(client.isReady()).isTrue();
    }

    /** The agent goes, and the node comes again. */
    private void reconnect() throws Exception {
        agent.hangUp();
        assertThat(handler.next()).isEqualTo("not ready");
        assertThat(client.isReady()).isFalse();
        await().atMost(PATIENCE).until(() -> time.waiting() > 0);
        time.advance(Duration.ofMillis(10));
        agent.accept();
    }

    /** Still understands, and serves what it is given. */
    private void assertUnharmed() throws Exception {
        assertThat(agent.add("other", own())).isEmpty();
        assertThat(handler.served).containsKey("other");
    }

    @Test
    void readiness_beforeTheSnapshotIsComplete_isNotGiven() throws Exception {
        assertThat(agent.add("a", own())).isEmpty();
        assertThat(client.isReady()).isFalse();
        assertThat(agent.snapshot()).isEmpty();
        assertThat(client.isReady()).isTrue();
    }

    @Test
    void emptySnapshot_isEnoughToBeReady() throws Exception {
        snapshot();
    }

    @Test
    void sameUid_inTheSameNamespace_isConfirmedWithoutAStart() throws Exception {
        snapshot("a");
        assertThat(agent.add("a", own())).isEmpty();
        assertThat(agent.delete("nobody")).isEmpty();
        assertThat(handler.events).isEmpty();
    }

    @Test
    void deletedPod_isStoppedBeforeTheAnswer() throws Exception {
        snapshot("a");
        assertThat(agent.delete("a")).isEmpty();
        assertThat(handler.events).containsExactly("stop a");
        assertThat(client.workloads()).isEmpty();
        assertThat(client.isReady()).isTrue();
    }

    @Test
    void podsNotInTheNextSnapshot_areStoppedAtItsEnd() throws Exception {
        snapshot("a", "b", "c");
        reconnect();
        assertThat(agent.add("a", own())).isEmpty();
        assertThat(agent.keep("b")).isEmpty();
        assertThat(handler.events).isEmpty();
        assertThat(agent.snapshot()).isEmpty();
        assertThat(handler.next()).isEqualTo("stop c");
        assertThat(handler.next()).isEqualTo("ready");
        assertThat(handler.served).containsOnlyKeys("a", "b");
    }

    @Test
    void deletionBeforeTheSnapshot_isDoneAtItsEnd() throws Exception {
        snapshot("a");
        reconnect();
        assertThat(agent.add("a", own())).isEmpty();
        assertThat(agent.delete("a")).isEmpty();
        assertThat(handler.events).isEmpty();
        assertThat(agent.snapshot()).isEmpty();
        assertThat(handler.next()).isEqualTo("stop a");
    }

    @Test
    void agentGone_podsAreServedOn() throws Exception {
        snapshot("a");
        reconnect();
        assertThat(handler.served).containsKey("a");
        assertThat(client.workloads()).extracting(WorkloadStatus::state).containsExactly(State.ENROLLED);
    }

    @Test
    void agentThatComesBack_isNoticed() throws Exception {
        await().atMost(PATIENCE).until(() -> handler.connections.get() == 1);
        snapshot("a");
        reconnect();
        await().atMost(PATIENCE).until(() -> handler.connections.get() == 2);
    }

    @Test
    void podThatCannotStart_isAnsweredSoAndTriedAgainAlone() throws Exception {
        handler.failing.add("a");
        assertThat(agent.add("a", own())).isEqualTo("port 15001 is taken");
        assertThat(agent.add("b", own())).isEmpty();
        assertThat(agent.snapshot()).isEmpty();
        assertThat(client.isReady()).isFalse();
        assertThat(client.workloads())
                .filteredOn(status -> status.state() == State.FAILED)
                .singleElement()
                .satisfies(status -> assertThat(status.lastError()).isEqualTo("port 15001 is taken"));
        handler.events.clear();
        time.advance(Duration.ofSeconds(5).minusMillis(1));
        assertThat(handler.events).isEmpty();
        handler.failing.clear();
        time.advance(Duration.ofMillis(1));
        time.settle();
        assertThat(handler.events).containsExactly("start a", "ready");
        assertThat(client.isReady()).isTrue();
    }

    @Test
    void podThatCannotStart_addedAgain_isTriedAtOnce() throws Exception {
        handler.failing.add("a");
        assertThat(agent.add("a", own())).isNotEmpty();
        handler.failing.clear();
        assertThat(agent.add("a", own())).isEmpty();
        time.settle();
        assertThat(time.waiting()).isZero();
        assertThat(handler.events).containsExactly("start a", "start a");
    }

    @Test
    void podThatCannotStart_deleted_isForgottenAndLeaksNothing() throws Exception {
        long before = Namespaces.open("net:");
        handler.failing.add("a");
        assertThat(agent.add("a", own())).isNotEmpty();
        assertThat(agent.snapshot()).isEmpty();
        assertThat(agent.delete("a")).isEmpty();
        assertThat(client.isReady()).isTrue();
        time.settle();
        assertThat(time.waiting()).isZero();
        assertThat(Namespaces.open("net:")).isEqualTo(before);
    }

    @Test
    void podThatCannotStart_whenTheAgentComesAgain_isForgottenUnlessNamed() throws Exception {
        long before = Namespaces.open("net:");
        snapshot();
        handler.failing.add("a");
        assertThat(agent.add("a", own())).isNotEmpty();
        assertThat(handler.next()).isEqualTo("start a");
        reconnect();
        assertThat(agent.snapshot()).isEmpty();
        assertThat(client.workloads()).isEmpty();
        assertThat(client.isReady()).isTrue();
        assertThat(Namespaces.open("net:")).isEqualTo(before);
    }

    @Test
    void slowStart_isAnsweredAtTheDeadlineAndHoldsUpNobody() throws Exception {
        CompletableFuture<Void> slow = new CompletableFuture<>();
        handler.held.put("a", slow);
        try (NetworkNamespace namespace = own()) {
            agent.tell(ZdsCodec.add(Namespaces.workload("a")), namespace.descriptor());
        }
        await().atMost(PATIENCE).until(() -> time.waiting() == 1);
        time.advance(Duration.ofSeconds(4));
        assertThat(agent.answer()).isEqualTo("not done after PT4S; it goes on");
        assertThat(agent.add("b", own())).isEmpty();
        assertThat(agent.snapshot()).isEmpty();
        assertThat(client.isReady()).isFalse();
        slow.complete(null);
        await().atMost(PATIENCE).until(client::isReady);
        assertThat(agent.add("a", own())).isEmpty();
        assertThat(handler.events).containsExactly("start a", "start b", "ready");
    }

    @Test
    void slowStart_deletedMeanwhile_isStoppedWhenItHasEnded() throws Exception {
        CompletableFuture<Void> slow = new CompletableFuture<>();
        handler.held.put("a", slow);
        snapshot();
        try (NetworkNamespace namespace = own()) {
            agent.tell(ZdsCodec.add(Namespaces.workload("a")), namespace.descriptor());
        }
        await().atMost(PATIENCE).until(() -> time.waiting() == 1);
        time.advance(Duration.ofSeconds(4));
        assertThat(agent.answer()).isNotEmpty();
        agent.tell(ZdsCodec.delete("a"), null);
        await().atMost(PATIENCE).until(() -> time.waiting() == 1);
        slow.complete(null);
        assertThat(agent.answer()).isEmpty();
        assertThat(handler.served).isEmpty();
        assertThat(client.workloads()).isEmpty();
    }

    @Test
    void defect_addWithoutWorkloadInfo_failsThatPodAndNotTheProcess() throws Exception {
        assertThat(agent.addWithoutInfo("a", own()))
                .isEqualTo("an AddWorkload of a without workload_info (expected: one)");
        assertUnharmed();
    }

    @Test
    void defect_keepAfterTheSnapshot_isRefusedAndNotFatal() throws Exception {
        snapshot("a");
        assertThat(agent.keep("a")).isEqualTo("a KeepWorkload of a after SnapshotSent (expected: before it)");
        assertUnharmed();
    }

    @Test
    void defect_secondSnapshotSent_isRefusedAndStopsNobody() throws Exception {
        snapshot("a");
        assertThat(agent.snapshot()).isEqualTo("a second SnapshotSent (expected: one for each connection)");
        assertUnharmed();
        assertThat(handler.served).containsKey("a");
    }

    @Test
    void malformedRequest_isRefusedAndTheConnectionGoesOn() throws Exception {
        assertThat(agent.garbage("\u00ff\u00ff\u00ff")).startsWith("a request that is not the protocol's: ");
        assertUnharmed();
    }

    @Test
    void unknownRequest_isRefusedAndTheConnectionGoesOn() throws Exception {
        assertThat(agent.ask(new byte[] {8 << 3 | 2, 0}, null))
                .isEqualTo("a request of an unknown kind, fields [8] (expected: add, del, keep or snapshot_sent)");
        assertUnharmed();
    }

    @Test
    void oversizedRequest_isRefusedAndTheConnectionGoesOn() throws Exception {
        long before = Namespaces.open("net:");
        try (NetworkNamespace namespace = own()) {
            assertThat(agent.ask(new byte[1500], namespace.descriptor()))
                    .isEqualTo("a message of 1500 bytes (expected: at most 1024)");
        }
        assertThat(Namespaces.open("net:")).isEqualTo(before);
        assertUnharmed();
    }

    @Test
    void addWithoutDescriptor_isRefusedAndTheConnectionGoesOn() throws Exception {
        assertThat(agent.ask(ZdsCodec.add(Namespaces.workload("a")), null))
                .isEqualTo("an AddWorkload with 0 file descriptors (expected: one)");
        assertUnharmed();
    }

    @Test
    void descriptorWithAnotherRequest_isRefusedAndClosed() throws Exception {
        long before = Namespaces.open("net:");
        try (NetworkNamespace namespace = own()) {
            assertThat(agent.ask(ZdsCodec.delete("a"), namespace.descriptor()))
                    .isEqualTo("a DelWorkload with 1 file descriptors (expected: none)");
        }
        assertThat(Namespaces.open("net:")).isEqualTo(before);
        assertUnharmed();
    }

    @Test
    void descriptorThatIsNoNamespace_isRefusedAndClosed() throws Exception {
        long before = Namespaces.open("/dev/null");
        try (Descriptor file = Descriptor.open(Path.of("/dev/null"))) {
            assertThat(agent.ask(ZdsCodec.add(Namespaces.workload("a")), file))
                    .contains("is something else (expected: a network namespace)");
        }
        assertThat(Namespaces.open("/dev/null")).isEqualTo(before);
        assertUnharmed();
    }

    @Test
    void handlerThatThrows_failsThatPodAlone() throws Exception {
        handler.held.put("a", new CompletableFuture<>() {
            @Override
            public <U> CompletableFuture<U> thenApply(java.util.function.Function<? super Void, ? extends U> next) {
                throw new IllegalStateException("unexpected");
            }

            @Override
            public CompletableFuture<Void> thenRun(Runnable next) {
                throw new IllegalStateException("unexpected");
            }
        });
        assertThat(agent.add("a", own())).isEqualTo("unexpected");
        assertUnharmed();
    }

    @Test
    void reconnecting_toAnAgentThatHangsUpAtOnce_takesTwiceAsLongEachTime() throws Exception {
        for (long pause = 10; pause < 100; pause *= 2) {
            agent.hangUp();
            await().atMost(PATIENCE).until(() -> time.waiting() == 1);
            time.advance(Duration.ofMillis(pause - 1));
            assertThat(time.waiting()).isEqualTo(1);
            time.advance(Duration.ofMillis(1));
            agent.accept();
        }
    }

    /** ztunnel's pauses grow to 15 seconds, and for as long new pods wait for an agent that is there. */
    @Test
    void agentThatWasAwayForLong_isFoundWithinASecond() throws Exception {
        agent.close();
        for (int i = 0; i < 12; i++) {
            await().atMost(PATIENCE).until(() -> time.waiting() == 1);
            time.advance(Duration.ofSeconds(1));
        }
        await().atMost(PATIENCE).until(() -> time.waiting() == 1);
        agent = new StubAgent(path);
        time.advance(Duration.ofSeconds(1));
        assertThat(agent.accept()).isEqualTo(1);
    }

    @Test
    void close_leavesWhatIsServedToTheHandler() throws Exception {
        snapshot("a");
        client.close();
        assertThat(agent.answer()).isNull();
        assertThat(handler.served).containsKey("a");
        assertThat(handler.served.get("a").duplicate()).satisfies(NetworkNamespace::close);
    }

    @Test
    void close_whileAStartIsUnderWay_stopsItWhenItHasEnded() throws Exception {
        long before = Namespaces.open("net:");
        CompletableFuture<Void> slow = new CompletableFuture<>();
        handler.held.put("a", slow);
        try (NetworkNamespace namespace = own()) {
            agent.tell(ZdsCodec.add(Namespaces.workload("a")), namespace.descriptor());
        }
        assertThat(handler.next()).isEqualTo("start a");
        client.close();
        assertThat(agent.answer()).isNull();
        await().atMost(PATIENCE).until(time::isTerminated);
        slow.complete(null);
        assertThat(handler.next()).isEqualTo("stop a");
        assertThat(Namespaces.open("net:")).isEqualTo(before);
    }
}
