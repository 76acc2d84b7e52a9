package io.hbone.identity.spire;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.SpiffeId;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.internal.Actor;
import io.hbone.identity.process.PidLookup;
import io.hbone.identity.testing.ManualTime;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * DEFECT in the fork (spec/cilium.md 6.4): a process id that is compared before and after can have been another process's in
 * between. Here real processes end at each point of the way, and no SVID ever gets through.
 */
class PidOpenerTest {
    private static final WorkloadIdentity WORKLOAD =
            new WorkloadIdentity("pod", SpiffeId.parseStrict("spiffe://example.org/ns/a/sa/b"));
    private static final SvidUpdate UPDATE = new SvidUpdate(List.of(), List.of(), null);

    private final ManualTime time = new ManualTime(Instant.EPOCH);
    private final Deque<CompletionStage<Integer>> lookups = new ArrayDeque<>();
    private final FakeOpener agent = new FakeOpener();
    private final List<Integer> asked = new ArrayList<>();
    private final List<SvidUpdate> messages = new ArrayList<>();
    private final List<String> ends = new ArrayList<>();
    private final PidOpener opener = new PidOpener(new Agent(), new Lookup(), new Actor(time));
    private Process process;

    @BeforeEach
    void startProcess() throws IOException {
        process = new ProcessBuilder("sleep", "3600").start();
    }

    @AfterEach
    void close() {
        process.destroyForcibly();
        opener.close();
        time.run();
        assertThat(time.waiting()).isZero();
    }

    @Test
    void processThatLives_getsItsSvid() {
        found(pid());
        found(pid());
        open();
        assertThat(asked).containsExactly(pid());
        agent.svids().receiver.onMessage(UPDATE);
        time.run();
        assertThat(messages).containsExactly(UPDATE);
        assertThat(ends).isEmpty();
    }

    @Test
    void processThatEndedBeforeItWasHeld_isNeverAskedFor() throws Exception {
        found(pid());
        process.destroyForcibly().waitFor();
        open();
        assertThat(asked).isEmpty();
        assertThat(ends).singleElement().asString().contains("process " + pid() + " has ended");
    }

    @Test
    void processIdThatIsAnothersAtTheSecondLook_isNeverAskedFor() {
        found(pid());
        found(1);
        open();
        assertThat(asked).isEmpty();
        assertThat(ends).containsExactly("its process is 1 (expected: still " + pid() + ")");
    }

    @Test
    void podThatIsGoneAtTheSecondLook_isNeverAskedFor() {
        found(pid());
        lookups.add(CompletableFuture.failedStage(new IOException("no running container of pod")));
        open();
        assertThat(asked).isEmpty();
        assertThat(ends).containsExactly("its process is not known any more: no running container of pod");
    }

    @Test
    void processThatEndedBetweenTheLooks_isNeverAskedFor() throws Exception {
        found(pid());
        CompletableFuture<Integer> second = new CompletableFuture<>();
        lookups.add(second);
        open();
        process.destroyForcibly().waitFor();
        second.complete(pid());
        time.run();
        assertThat(asked).isEmpty();
        assertThat(ends).singleElement().asString().contains("has ended");
    }

    @Test
    void processThatEndedBeforeTheSvidCame_doesNotGetIt() throws Exception {
        found(pid());
        found(pid());
        open();
        process.destroyForcibly().waitFor();
        agent.svids().receiver.onMessage(UPDATE);
        time.run();
        assertThat(messages).isEmpty();
        assertThat(ends).singleElement().asString().contains("has ended");
        assertThat(agent.svids().cancelled).isTrue();
    }

    @Test
    void streamOfAProcessThatEnds_isClosedWithinASecond() throws Exception {
        found(pid());
        found(pid());
        open();
        time.advance(Duration.ofSeconds(3));
        assertThat(agent.svids().cancelled).isFalse();
        process.destroyForcibly().waitFor();
        time.advance(Duration.ofSeconds(1));
        assertThat(agent.svids().cancelled).isTrue();
        assertThat(ends).hasSize(1);
    }

    @Test
    void lookupThatFails_saysWhy() {
        lookups.add(CompletableFuture.failedStage(new IOException("no sandbox of pod")));
        open();
        assertThat(ends).containsExactly("its process is not known: no sandbox of pod");
    }

    @Test
    void cancel_whileItLooks_isTheEnd() {
        CompletableFuture<Integer> first = new CompletableFuture<>();
        lookups.add(first);
        AgentCall call = open();
        call.cancel();
        first.complete(pid());
        time.run();
        assertThat(asked).isEmpty();
        assertThat(ends).isEmpty();
    }

    private int pid() {
        return (int) process.pid();
    }

    private void found(int pid) {
        lookups.add(CompletableFuture.completedStage(pid));
    }

    private AgentCall open() {
        AgentCall call = opener.open(WORKLOAD, opener.subject(WORKLOAD), new AgentCall.Receiver<>() {
            @Override
            public void onMessage(SvidUpdate message) {
                messages.add(message);
            }

            @Override
            public void onEnd(AgentFailure failure) {
                ends.add(failure.message());
            }
        });
        time.run();
        return call;
    }

    private final class Lookup implements PidLookup {
        @Override
        public CompletionStage<Integer> pid(WorkloadIdentity workload) {
            return lookups.remove();
        }

        @Override
        public void close() {}
    }

    private final class Agent implements PidOpener.Agent {
        @Override
        public AgentCall svids(int pid, AgentCall.Receiver<SvidUpdate> receiver) {
            asked.add(pid);
            return agent.open(WORKLOAD, pid, receiver);
        }

        @Override
        public void close() {}
    }
}
