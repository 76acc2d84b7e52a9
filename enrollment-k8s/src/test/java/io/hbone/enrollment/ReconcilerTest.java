package io.hbone.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.SpiffeId;
import io.hbone.enrollment.EnrollmentStatus.State;
import io.hbone.enrollment.Progress.Rules;
import io.hbone.xds.model.Workload;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReconcilerTest {
    private static final AgentSettings SETTINGS =
            AgentSettings.DEFAULT.withDrain(Duration.ofSeconds(10)).withLinger(Duration.ZERO);
    private static final Duration VERIFIED = Duration.ofSeconds(31);

    private AgentSettings settings = SETTINGS;
    private FakeMachine machine = new FakeMachine();
    private final List<String> failed = new ArrayList<>();
    private final List<String> repaired = new ArrayList<>();
    private boolean delivered = true;
    private ManualTime time;
    private Reconciler agent;

    /** A new agent, which hears of nothing yet. */
    private void start() {
        machine.agentDied();
        time = new ManualTime();
        AgentLoop loop = new AgentLoop(time, time);
        AgentObserver observer = new AgentObserver() {
            @Override
            public void failed(LocalWorkload workload, Failure why) {
                failed.add(workload.uid() + ' ' + why);
            }

            @Override
            public void repaired(LocalWorkload workload) {
                repaired.add(workload.uid());
            }
        };
        Reconciler started = new Reconciler(loop, settings, machine, machine, observer, new Random(1), () -> delivered);
        agent = started;
        machine.listener = new Nodes.Listener() {
            @Override
            public void workloadChanged(String uid) {
                loop.execute(() -> started.workloadChanged(uid));
            }

            @Override
            public void nodesChanged(int connected) {
                loop.execute(() -> started.nodesChanged(connected));
            }
        };
    }

    private void sync(LocalWorkload... workloads) {
        time.execute(() -> agent.sync(List.of(workloads)));
        time.settle();
    }

    private static LocalWorkload pod(String uid, boolean enrolled) {
        return pod(uid, "cart", enrolled);
    }

    private static LocalWorkload pod(String uid, String account, boolean enrolled) {
        SpiffeId id = SpiffeId.parseStrict("spiffe://cluster.local/ns/shop/sa/" + account);
        return new LocalWorkload(
                Workload.builder(uid, "pod-" + uid, id).enrolled(enrolled).build(), new NetworkReference.Named(uid));
    }

    private EnrollmentStatus status(String uid) {
        return agent.statuses().stream()
                .filter(status -> status.workload().uid().equals(uid))
                .findFirst()
                .orElseThrow();
    }

    private State state(String uid) {
        return status(uid).state();
    }

    private List<String> done() {
        List<String> copy = List.copyOf(machine.done);
        machine.done.clear();
        return copy;
    }

    private void enrolled(String uid) {
        machine.networks.put(uid, (long) uid.hashCode());
        start();
        sync(pod(uid, true));
        assertThat(state(uid)).isEqualTo(State.ENROLLED);
        done();
    }

    @Test
    void enroll_tellsOfIt_handsItOver_leadsItsTraffic_tellsOfTheTunnel() {
        machine.networks.put("a", 7L);
        start();
        sync(pod("a", true));
        assertThat(done())
                .containsExactly("announce a PLAIN", "prepare a", "hand a", "seeded", "install a", "announce a TUNNEL");
        assertThat(state("a")).isEqualTo(State.ENROLLED);
        assertThat(failed).isEmpty();
    }

    @Test
    void unenroll_leadsNothingNew_tellsOfIt_waitsForConnections_thenTakesTheListeners() {
        enrolled("a");
        machine.connections = 2;
        sync(pod("a", false));
        assertThat(done()).containsExactly("release a", "announce a PLAIN", "count a");
        assertThat(status("a").doing()).isEqualTo("waiting for 2 connections to end");
        assertThat(state("a")).isEqualTo(State.DRAINING);
        machine.connections = 0;
        time.advance(Duration.ofSeconds(1));
        assertThat(done()).containsExactly("count a", "remove a", "withdraw a");
        assertThat(state("a")).isEqualTo(State.NOT_ENROLLED);
    }

    @Test
    void unenroll_goesOnServing_untilOtherMachinesCanHaveLearntOfIt() {
        settings = settings.withLinger(Duration.ofSeconds(3));
        enrolled("a");
        sync(pod("a", false));
        time.advance(Duration.ofMillis(2_900));
        assertThat(machine.served).containsExactly("a");
        assertThat(machine.rulesOf("a")).isEqualTo(Rules.RELEASED);
        assertThat(status("a").doing()).isEqualTo("waiting for other machines to learn of it");
        time.advance(Duration.ofSeconds(1));
        assertThat(machine.served).isEmpty();
        assertThat(state("a")).isEqualTo(State.NOT_ENROLLED);
    }

    @Test
    void unenroll_lingersNotLongerThanConnectionsMayGoOn() {
        settings = settings.withDrain(Duration.ZERO).withLinger(Duration.ofSeconds(3));
        enrolled("a");
        sync(pod("a", false));
        assertThat(state("a")).isEqualTo(State.NOT_ENROLLED);
    }

    @Test
    void unenroll_waitsForConnectionsNotForEver() {
        enrolled("a");
        machine.connections = 2;
        sync(pod("a", false));
        time.advance(SETTINGS.drain());
        assertThat(state("a")).isEqualTo(State.NOT_ENROLLED);
        assertThat(done()).endsWith("remove a", "withdraw a");
    }

    @Test
    void enrolledAgain_whileItDrains_isLedAtOnce() {
        enrolled("a");
        machine.connections = 2;
        sync(pod("a", false));
        done();
        sync(pod("a", true));
        time.advance(Duration.ofSeconds(1));
        assertThat(done()).containsExactly("announce a PLAIN", "install a", "announce a TUNNEL");
        assertThat(state("a")).isEqualTo(State.ENROLLED);
    }

    @Test
    void gonePod_isForgottenLast() {
        enrolled("a");
        sync();
        assertThat(done())
                .containsExactly(
                        "release a",
                        "announce a PLAIN",
                        "count a",
                        "remove a",
                        "withdraw a",
                        "announce a NOTHING",
                        "forget a");
        assertThat(agent.statuses()).isEmpty();
    }

    /** GAP of spec/cilium.md 1.5: the Del is never sent, and the cache keeps the pod. */
    @Test
    void gap_podWhoseNetworkIsGone_isTakenFromTheNodeAllTheSame() {
        enrolled("a");
        machine.networks.clear();
        sync();
        assertThat(done()).containsExactly("announce a NOTHING", "withdraw a", "forget a");
        assertThat(agent.statuses()).isEmpty();
        assertThat(failed).isEmpty();
    }

    /** GAP of spec/cilium.md 2.5: the whole reconciler stands still there. */
    @Test
    void gap_noNodeIsConnected_nothingBlocks_andNothingIsLedToNobody() {
        machine.node = false;
        machine.networks.put("a", 7L);
        machine.networks.put("b", 8L);
        start();
        sync(pod("a", true), pod("b", true));
        assertThat(state("a")).isEqualTo(State.WAITING_FOR_NODE);
        assertThat(state("b")).isEqualTo(State.WAITING_FOR_NODE);
        assertThat(machine.rulesOf("a")).isEqualTo(Rules.RELEASED);
        sync(pod("b", true));
        assertThat(agent.statuses()).hasSize(1);
        machine.nodeComes();
        time.settle();
        assertThat(state("b")).isEqualTo(State.ENROLLED);
    }

    @Test
    void nodeThatRestarts_isWaitedFor_andRulesStay() {
        enrolled("a");
        machine.nodeDies();
        time.settle();
        assertThat(state("a")).isEqualTo(State.WAITING_FOR_NODE);
        assertThat(machine.rulesOf("a")).isEqualTo(Rules.INSTALLED);
        assertThat(machine.announced).containsEntry("a", Announced.TUNNEL);
        machine.nodeComes();
        time.settle();
        assertThat(state("a")).isEqualTo(State.ENROLLED);
        assertThat(done()).isEmpty();
    }

    @Test
    void refusalOfTheNode_failsOneWorkload() {
        machine.networks.put("a", 7L);
        machine.networks.put("b", 8L);
        machine.refusals.put("a", "the node answered: port 15001 is taken");
        start();
        sync(pod("a", true), pod("b", true));
        assertThat(state("a")).isEqualTo(State.FAILED);
        assertThat(status("a").lastError()).isEqualTo("the node answered: port 15001 is taken");
        assertThat(failed).containsExactly("a SEND_FAILED");
        assertThat(state("b")).isEqualTo(State.ENROLLED);
        machine.accept("a");
        time.settle();
        assertThat(state("a")).isEqualTo(State.ENROLLED);
        assertThat(status("a").lastError()).isEqualTo("the node answered: port 15001 is taken");
    }

    @ParameterizedTest
    @ValueSource(strings = {"inspect", "hand", "install"})
    void failure_isTriedAgainWithPauses_andHurtsNobodyElse(String step) {
        machine.networks.put("a", 7L);
        machine.networks.put("b", 8L);
        machine.failures.put(
                step + " a",
                step.equals("install") ? FakeMachine.broken("no iptables") : new IOException("too many open files"));
        start();
        sync(pod("a", true), pod("b", true));
        assertThat(state("a")).isEqualTo(State.FAILED);
        assertThat(status("a").attempts()).isEqualTo(1);
        assertThat(state("b")).isEqualTo(State.ENROLLED);
        time.advance(Duration.ofSeconds(60));
        int attempts = status("a").attempts();
        assertThat(attempts).isBetween(4, 12);
        assertThat(failed)
                .hasSize(attempts)
                .containsOnly("a " + (step.equals("install") ? "IPTABLES_FAILED" : "NETNS_FAILED"));
        machine.failures.clear();
        time.advance(Duration.ofSeconds(30));
        assertThat(state("a")).isEqualTo(State.ENROLLED);
        assertThat(status("a").lastError()).isNotNull();
    }

    @Test
    void failure_whenSomethingElseIsWanted_isNotWaitedFor() {
        machine.networks.put("a", 7L);
        machine.failures.put("install a", FakeMachine.broken("no iptables"));
        start();
        sync(pod("a", true));
        assertThat(state("a")).isEqualTo(State.FAILED);
        sync(pod("a", false));
        assertThat(state("a")).isEqualTo(State.NOT_ENROLLED);
        assertThat(machine.served).isEmpty();
    }

    @Test
    void nodesThatDoNotKnowTheMeshYet_getNoTraffic_butAreNotWaitedForForEver() {
        delivered = false;
        machine.networks.put("a", 7L);
        start();
        sync(pod("a", true));
        assertThat(machine.rulesOf("a")).isEqualTo(Rules.RELEASED);
        assertThat(state("a")).isEqualTo(State.ENROLLING);
        time.advance(SETTINGS.delivery());
        assertThat(machine.rulesOf("a")).isEqualTo(Rules.INSTALLED);
        assertThat(state("a")).isEqualTo(State.ENROLLING);
        delivered = true;
        time.advance(Duration.ofMillis(50));
        assertThat(state("a")).isEqualTo(State.ENROLLED);
    }

    /** A node tries again to learn of the mesh after 15 seconds at most; until then it would send plaintext. */
    @Test
    void nodeThatFindsARestartedAgentLate_isAwaited() {
        delivered = false;
        machine.networks.put("a", 7L);
        machine.rules.put(7L, Rules.INSTALLED);
        start();
        sync(pod("a", true));
        time.advance(Duration.ofSeconds(15));
        assertThat(state("a")).isEqualTo(State.ENROLLING);
        delivered = true;
        time.advance(Duration.ofMillis(50));
        assertThat(state("a")).isEqualTo(State.ENROLLED);
    }

    @Test
    void rulesThatSomebodyRemoved_areBackWithinTheTime() {
        enrolled("a");
        machine.rules.clear();
        time.advance(VERIFIED);
        assertThat(machine.rulesOf("a")).isEqualTo(Rules.INSTALLED);
        assertThat(repaired).containsExactly("a");
        assertThat(state("a")).isEqualTo(State.ENROLLED);
        time.advance(VERIFIED);
        assertThat(repaired).hasSize(1);
    }

    /** GAP of spec/cilium.md 1.7: rules stay there, and lead to nobody. */
    @Test
    void rulesOfMany_areLookedAtMoreSeldom_becauseEachLookCosts() {
        List<String> uids =
                IntStream.range(0, 200).mapToObj(number -> "pod" + number).toList();
        uids.forEach(uid -> machine.networks.put(uid, (long) uid.hashCode()));
        start();
        sync(uids.stream().map(uid -> pod(uid, true)).toArray(LocalWorkload[]::new));
        machine.rules.clear();

        time.advance(VERIFIED);
        assertThat(repaired).isEmpty();

        time.advance(Duration.ofSeconds(100).minus(VERIFIED));
        assertThat(repaired).containsExactlyInAnyOrderElementsOf(uids);
    }

    @Test
    void gap_rulesOfAPodThatIsNotWantedAnyMore_areRemovedBeforeTheNodeIsTold() {
        machine.networks.put("a", 7L);
        machine.rules.put(7L, Rules.INSTALLED);
        machine.served.add("a");
        start();
        sync(pod("a", false));
        assertThat(done()).containsExactly("remove a", "announce a PLAIN", "seeded");
        assertThat(state("a")).isEqualTo(State.NOT_ENROLLED);
        assertThat(machine.served).isEmpty();
    }

    @Test
    void podWithoutANetwork_isWaitedFor_andEnrolledWhenItComes() {
        start();
        sync(pod("a", true));
        assertThat(state("a")).isEqualTo(State.WAITING_FOR_NETWORK);
        assertThat(machine.announced).isEmpty();
        assertThat(machine.seeded).isTrue();
        machine.networks.put("a", 7L);
        time.advance(Duration.ofSeconds(3));
        assertThat(state("a")).isEqualTo(State.ENROLLED);
    }

    @Test
    void podThatWasMadeAnew_isHandedOverAnew() {
        enrolled("a");
        machine.networks.put("a", 99L);
        time.advance(VERIFIED);
        assertThat(done()).containsExactly("announce a PLAIN", "prepare a", "hand a", "install a", "announce a TUNNEL");
        assertThat(state("a")).isEqualTo(State.ENROLLED);
    }

    @Test
    void networkOfAnotherWorkload_isNotTaken() {
        machine.networks.put("a", 7L);
        machine.networks.put("b", 7L);
        start();
        sync(pod("a", true));
        sync(pod("a", true), pod("b", true));
        assertThat(state("b")).isEqualTo(State.FAILED);
        assertThat(status("b").lastError()).contains("net:[7] of workload a");
        sync(pod("b", true));
        time.advance(Duration.ofSeconds(30));
        assertThat(state("b")).isEqualTo(State.ENROLLED);
    }

    /** Stock ztunnel takes an Add of a uid in the namespace that it serves for a repetition. */
    @Test
    void otherServiceAccount_ofTheSameUid_isGivenUpAndHandedOverAnew() {
        enrolled("a");
        sync(pod("a", "admin", true));
        assertThat(done())
                .containsSubsequence("release a", "withdraw a", "forget a", "hand a", "install a", "announce a TUNNEL");
        assertThat(status("a").workload().workload().serviceAccount()).isEqualTo("admin");
        assertThat(state("a")).isEqualTo(State.ENROLLED);
    }

    @Test
    void otherLabels_areTold_andNothingElseHappens() {
        enrolled("a");
        LocalWorkload before = pod("a", true);
        LocalWorkload after = new LocalWorkload(
                Workload.builder("a", "pod-a", before.workload().identity())
                        .enrolled(true)
                        .canonicalName("carts")
                        .build(),
                before.network());
        sync(after);
        assertThat(done()).containsExactly("announce a TUNNEL");
        assertThat(state("a")).isEqualTo(State.ENROLLED);
    }

    @Test
    void stuckNamespace_doesNotKeepTheNodeFromItsSnapshotForEver() {
        machine.networks.put("a", 7L);
        delivered = false;
        machine.connections = 1;
        start();
        time.execute(() -> agent.sync(List.of(pod("a", true))));
        time.settle();
        assertThat(machine.seeded).isTrue();
    }

    /** Wherever an agent dies, on the way in or out, the next one goes on from there. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void agentThatDies_betweenAnyTwoSteps_isFollowedByOneThatConverges(boolean wanted) {
        int steps = 0;
        boolean more = true;
        while (more) {
            machine = new FakeMachine();
            machine.networks.put("a", 7L);
            start();
            sync(pod("a", !wanted));
            time.execute(() -> agent.sync(List.of(pod("a", wanted))));
            for (int i = 0; i < steps && more; i++) {
                more = time.step();
            }
            start(); // the one before is dead: its time does not go on
            sync(pod("a", wanted));
            time.advance(Duration.ofSeconds(60));
            assertThat(state("a")).as("after %d steps", steps).isEqualTo(wanted ? State.ENROLLED : State.NOT_ENROLLED);
            assertThat(machine.rulesOf("a")).isEqualTo(wanted ? Rules.INSTALLED : Rules.ABSENT);
            assertThat(machine.announced).containsEntry("a", wanted ? Announced.TUNNEL : Announced.PLAIN);
            assertThat(machine.served.contains("a")).isEqualTo(wanted);
            steps++;
        }
        assertThat(steps).isGreaterThan(4);
    }
}
