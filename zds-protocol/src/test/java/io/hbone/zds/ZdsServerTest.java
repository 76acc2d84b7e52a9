package io.hbone.zds;

import static io.hbone.zds.Namespaces.own;
import static io.hbone.zds.Namespaces.workload;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.hbone.zds.WorkloadStatus.State;
import io.hbone.zds.internal.Descriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The agent's end against a node by hand. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ZdsServerTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @TempDir
    private Path directory;

    private final ManualTime time = new ManualTime();
    private Path path;
    private ZdsServer server;

    @BeforeEach
    void open() throws IOException {
        path = directory.resolve("run/ztunnel.sock");
        server = ZdsServer.builder(path)
                .executor(time)
                .answerWithin(Duration.ofSeconds(10))
                .retries(Duration.ofSeconds(1), Duration.ofSeconds(4))
                .start();
    }

    @AfterEach
    void close() {
        server.close();
    }

    private CompletableFuture<Void> enroll(String uid) {
        CompletableFuture<Void> done = server.enroll(workload(uid), own()).toCompletableFuture();
        time.settle();
        return done;
    }

    private CompletableFuture<Void> withdraw(String uid) {
        CompletableFuture<Void> done = server.withdraw(uid).toCompletableFuture();
        time.settle();
        return done;
    }

    private State state(String uid) {
        return server.workloads().stream()
                .filter(status -> status.workload().uid().equals(uid))
                .map(WorkloadStatus::state)
                .findFirst()
                .orElse(null);
    }

    private static void get(CompletableFuture<Void> done) throws Exception {
        done.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    /** A node that has the snapshot of these. */
    private StubNode connected(String... uids) throws IOException {
        server.seeded();
        StubNode node = StubNode.greeting(path);
        List<String> expected = new java.util.ArrayList<>();
        for (String uid : uids) {
            expected.add("add " + uid + "+fd");
        }
        List<String> told = new java.util.ArrayList<>();
        for (int at = 0; at < uids.length; at++) {
            told.add(node.take());
        }
        assertThat(told).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(node.take()).isEqualTo("snapshot");
        return node;
    }

    @Test
    void socketFile_newDirectory_hasItsPermissions() throws IOException {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                .isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path.getParent())))
                .isEqualTo("rwxr-xr-x");
    }

    @Test
    void socketFile_leftByADeadAgent_isReplaced() throws IOException {
        Path stale = directory.resolve("stale.sock");
        Path held = directory.resolve("held.sock");
        ZdsServer dead = ZdsServer.builder(stale).start();
        Files.move(stale, held); // so that it is not removed
        dead.close();
        Files.move(held, stale);
        try (ZdsServer next = ZdsServer.builder(stale).start()) {
            next.seeded();
            try (StubNode node = StubNode.greeting(stale)) {
                assertThat(node.take()).isEqualTo("snapshot");
            }
        }
        assertThat(stale).doesNotExist();
    }

    @Test
    void secondAgent_onASocketInUse_isRefusedAndTheFirstGoesOn() throws Exception {
        try (StubNode node = connected()) {
            assertThatThrownBy(() -> ZdsServer.builder(path).start())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(
                            "is in use by process " + ProcessHandle.current().pid());
            CompletableFuture<Void> done = enroll("a");
            assertThat(node.take()).isEqualTo("add a+fd");
            get(done);
        }
    }

    @Test
    void socketPath_otherFileThere_isLeftAlone() throws IOException {
        Path file = Files.writeString(directory.resolve("notes.txt"), "mine");
        assertThatThrownBy(() -> ZdsServer.builder(file).start())
                .hasMessageContaining("notes.txt is in the way (expected: nothing there, or a socket)");
        assertThat(file).hasContent("mine");
    }

    @Test
    void snapshot_beforeSeeded_isNotSent() throws Exception {
        enroll("a");
        try (StubNode node = StubNode.greeting(path)) {
            time.settle();
            enroll("b");
            server.seeded();
            assertThat(List.of(node.take(), node.take())).containsExactlyInAnyOrder("add a+fd", "add b+fd");
            assertThat(node.take()).isEqualTo("snapshot");
        }
    }

    @Test
    void gap_enrolWithoutProxyConnected_neverBlocks() throws Exception {
        server.seeded();
        CompletableFuture<Void> a = enroll("a");
        CompletableFuture<Void> b = enroll("b");
        get(withdraw("b"));
        assertThat(a).isNotDone();
        assertThatThrownBy(() -> get(b)).isInstanceOf(CancellationException.class);
        assertThat(state("a")).isEqualTo(State.PENDING);
        try (StubNode node = connected("a")) {
            get(a);
            assertThat(state("a")).isEqualTo(State.ENROLLED);
        }
    }

    @Test
    void gap_nack_failsOnePodAndNeverTheStream() throws Exception {
        try (StubNode node = connected()) {
            CompletableFuture<Void> a = enroll("a");
            CompletableFuture<Void> b = enroll("b");
            assertThat(node.next()).isEqualTo("add a+fd");
            node.nack("failure to start proxy");
            assertThat(node.take()).isEqualTo("add b+fd");
            get(b);
            assertThat(a).isNotDone();
            WorkloadStatus failed = server.workloads().stream()
                    .filter(status -> status.workload().uid().equals("a"))
                    .findFirst()
                    .orElseThrow();
            assertThat(failed.state()).isEqualTo(State.FAILED);
            assertThat(failed.attempts()).isEqualTo(1);
            assertThat(failed.lastError()).isEqualTo("the node answered: failure to start proxy");
            time.advance(Duration.ofSeconds(1));
            assertThat(node.take()).isEqualTo("add a+fd");
            get(a);
            assertThat(state("a")).isEqualTo(State.ENROLLED);
        }
    }

    @Test
    void retries_ofOnePod_waitTwiceAsLongUpToTheLongest() throws Exception {
        try (StubNode node = connected()) {
            enroll("a");
            for (int pause : new int[] {1, 2, 4, 4}) {
                assertThat(node.next()).isEqualTo("add a+fd");
                node.nack("no");
                int before = pause;
                await().atMost(PATIENCE).until(() -> state("a") == State.FAILED);
                time.advance(Duration.ofSeconds(before).minusMillis(1));
                assertThat(state("a")).isEqualTo(State.FAILED);
                assertThat(time.waiting()).isEqualTo(1);
                time.advance(Duration.ofMillis(1));
            }
            assertThat(node.take()).isEqualTo("add a+fd");
        }
    }

    @Test
    void nackInTheSnapshot_doesNotHoldUpItsEnd() throws Exception {
        enroll("a");
        server.seeded();
        try (StubNode node = StubNode.greeting(path)) {
            assertThat(node.next()).isEqualTo("add a+fd");
            node.nack("no");
            assertThat(node.take()).isEqualTo("snapshot");
            time.advance(Duration.ofSeconds(1));
            assertThat(node.take()).isEqualTo("add a+fd");
        }
    }

    @Test
    void gap_ackThatNeverComes_endsTheConnectionAtTheDeadline() throws Exception {
        try (StubNode node = connected()) {
            CompletableFuture<Void> a = enroll("a");
            assertThat(node.next()).isEqualTo("add a+fd");
            time.advance(Duration.ofSeconds(10).minusMillis(1));
            assertThat(state("a")).isEqualTo(State.PENDING);
            time.advance(Duration.ofMillis(1));
            assertThat(node.next()).isEqualTo("end");
            assertThat(a).isNotDone();
            try (StubNode again = connected("a")) {
                get(a);
            }
        }
    }

    @Test
    void helloThatNeverComes_endsTheConnectionAndNotTheNodeThatIsServed() throws Exception {
        try (StubNode node = connected();
                StubNode mute = StubNode.silent(path)) {
            await().atMost(PATIENCE).until(() -> time.waiting() == 1);
            time.advance(Duration.ofSeconds(10));
            assertThat(mute.next()).isEqualTo("end");
            enroll("a");
            assertThat(node.take()).isEqualTo("add a+fd");
        }
    }

    @Test
    void newestConnection_ofTheSameProcess_winsAndTheOlderIsClosed() throws Exception {
        CompletableFuture<Void> a = enroll("a");
        try (StubNode older = connected("a");
                StubNode newer = connected("a")) {
            assertThat(older.next()).isEqualTo("end");
            enroll("b");
            assertThat(newer.take()).isEqualTo("add b+fd");
            get(a);
        }
    }

    @Test
    void changesOfOnePod_whileAMessageIsInFlight_arriveInOrderAndOnlyTheLast() throws Exception {
        try (StubNode node = connected()) {
            CompletableFuture<Void> first = enroll("a");
            assertThat(node.next()).isEqualTo("add a+fd");
            CompletableFuture<Void> gone = withdraw("a");
            CompletableFuture<Void> second = enroll("a");
            CompletableFuture<Void> goneAgain = withdraw("a");
            node.ack();
            assertThat(node.take()).isEqualTo("del a");
            get(goneAgain);
            assertThatThrownBy(() -> get(first)).isInstanceOf(CancellationException.class);
            assertThatThrownBy(() -> get(gone)).isInstanceOf(CancellationException.class);
            assertThatThrownBy(() -> get(second)).isInstanceOf(CancellationException.class);
            assertThat(server.workloads()).isEmpty();
        }
    }

    @Test
    void deletedWhileNoNodeIsConnected_isNotInTheNextSnapshot() throws Exception {
        enroll("a");
        enroll("b");
        try (StubNode node = connected("a", "b")) {
            await().atMost(PATIENCE).until(() -> state("b") == State.ENROLLED);
        }
        await().atMost(PATIENCE).until(() -> state("b") == State.PENDING);
        get(withdraw("a"));
        connected("b").close();
    }

    @Test
    void deletionUnderWay_whenTheNodeGoes_isDone() throws Exception {
        enroll("a");
        CompletableFuture<Void> gone;
        try (StubNode node = connected("a")) {
            await().atMost(PATIENCE).until(() -> state("a") == State.ENROLLED);
            gone = withdraw("a");
            assertThat(state("a")).isEqualTo(State.LEAVING);
            assertThat(node.next()).isEqualTo("del a");
        }
        get(gone);
        assertThat(server.workloads()).isEmpty();
    }

    @Test
    void unknownPod_withdrawn_isDoneAtOnce() throws Exception {
        get(withdraw("nobody"));
    }

    @Test
    void samePodAgain_inAnotherNamespace_isToldAgain() throws Exception {
        try (StubNode node = connected()) {
            get(thenTake(enroll("a"), node, "add a+fd"));
            get(enroll("a")); // the same: no message
            CompletableFuture<Void> moved =
                    server.enroll(workload("a"), Namespaces.pretended(7)).toCompletableFuture();
            get(thenTake(moved, node, "add a+fd"));
        }
    }

    private static CompletableFuture<Void> thenTake(CompletableFuture<Void> done, StubNode node, String expected)
            throws IOException {
        assertThat(node.take()).isEqualTo(expected);
        return done;
    }

    @Test
    void podWithAMessageBeyondTheLimit_failsAloneAndIsNeverSent() throws Exception {
        try (StubNode node = connected()) {
            server.enroll(new ZdsWorkload("big", "n".repeat(1024), "shop", "cart"), own());
            CompletableFuture<Void> a = enroll("a");
            assertThat(node.take()).isEqualTo("add a+fd");
            get(a);
            assertThat(server.workloads())
                    .filteredOn(status -> status.state() == State.FAILED)
                    .singleElement()
                    .satisfies(status -> assertThat(status.lastError())
                            .contains("bytes (expected: at most 1024; look at the length of its names)"));
        }
    }

    @Test
    void podWhoseNamespaceIsClosed_failsAlone() throws Exception {
        try (StubNode node = connected()) {
            NetworkNamespace closed = own();
            closed.close();
            server.enroll(workload("closed"), closed);
            get(thenTake(enroll("a"), node, "add a+fd"));
            assertThat(state("closed")).isEqualTo(State.FAILED);
        }
    }

    @Test
    void garbageInsteadOfAHello_endsThatConnectionAlone() throws Exception {
        try (StubNode node = connected();
                StubNode other = StubNode.silent(path)) {
            other.say("GET / HTTP/1.1");
            assertThat(other.next()).isEqualTo("end");
            get(thenTake(enroll("a"), node, "add a+fd"));
        }
    }

    @Test
    void otherVersion_isServedAllTheSame() throws Exception {
        server.seeded();
        try (StubNode node = StubNode.greeting(path, 7)) {
            assertThat(node.take()).isEqualTo("snapshot");
        }
    }

    @Test
    void answerToNothing_endsTheConnectionAndTheNextOneStartsAnew() throws Exception {
        CompletableFuture<Void> a = enroll("a");
        try (StubNode node = connected("a")) {
            get(a);
            node.ack();
            assertThat(node.next()).isEqualTo("end");
        }
        connected("a").close();
    }

    @Test
    void garbageInsteadOfAnAnswer_endsTheConnectionAndTheNextOneStartsAnew() throws Exception {
        try (StubNode node = connected()) {
            CompletableFuture<Void> a = enroll("a");
            assertThat(node.next()).isEqualTo("add a+fd");
            node.say("\377\377");
            assertThat(node.next()).isEqualTo("end");
            connected("a").close();
            get(a);
        }
    }

    @Test
    void answersWithDescriptorsOrTooLong_endTheConnectionAndLeakNothing() throws Exception {
        long before = Namespaces.open("/dev/null");
        try (StubNode node = connected();
                Descriptor stray = Descriptor.open(Path.of("/dev/null"))) {
            enroll("a");
            assertThat(node.next()).isEqualTo("add a+fd");
            node.socket.send(ZdsCodec.ack(""), stray);
            assertThat(node.next()).isEqualTo("end");
        }
        try (StubNode node = connected("a")) {
            enroll("b");
            assertThat(node.next()).isEqualTo("add b+fd");
            node.say("x".repeat(1500));
            assertThat(node.next()).isEqualTo("end");
        }
        await().atMost(PATIENCE).until(() -> Namespaces.open("/dev/null") == before);
    }

    @Test
    void tooManyNodes_areRefusedAndTheOneThatIsServedGoesOn() throws Exception {
        StubNode[] mute = new StubNode[NodeSessions.MAX_SESSIONS - 1];
        try (StubNode node = connected()) {
            for (int at = 0; at < mute.length; at++) {
                mute[at] = StubNode.silent(path);
            }
            try (StubNode oneMore = StubNode.silent(path)) {
                assertThat(oneMore.next()).isEqualTo("end");
            }
            get(thenTake(enroll("a"), node, "add a+fd"));
        } finally {
            for (StubNode each : mute) {
                each.close();
            }
        }
    }

    @Test
    void close_givesBackEverythingAndTellsWhoWaits() throws Exception {
        long namespaces = Namespaces.open("net:");
        CompletableFuture<Void> a = enroll("a");
        try (StubNode node = StubNode.greeting(path)) {
            server.close();
            assertThat(node.next()).isEqualTo("end");
        }
        assertThatThrownBy(() -> get(a)).isInstanceOf(CancellationException.class);
        assertThatThrownBy(() -> get(server.enroll(workload("late"), own()).toCompletableFuture()))
                .isInstanceOf(CancellationException.class);
        assertThat(Namespaces.open("net:")).isEqualTo(namespaces);
        assertThat(path).doesNotExist();
    }
}
