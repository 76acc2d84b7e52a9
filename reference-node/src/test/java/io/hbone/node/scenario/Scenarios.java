package io.hbone.node.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.node.scenario.Machines.Order;
import io.hbone.node.scenario.Taps.Place;
import io.hbone.node.traffic.Capture;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What must hold whosever nodes the machines have. */
@ExtendWith(SharedMachines.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class Scenarios {
    private static final int HBONE = 15008;

    /** Connections that are enough to say how things are. */
    private static final int PLENTY = 200;

    private final NodeKind ofA;
    private final NodeKind ofB;
    private Machines machines;

    Scenarios(NodeKind ofA, NodeKind ofB) {
        this.ofA = ofA;
        this.ofB = ofB;
    }

    @BeforeAll
    void startNodes(Machines shared) {
        machines = shared;
        machines.startNodes(ofA, ofB);
    }

    @AfterEach
    void mend() {
        machines.strict();
    }

    @AfterAll
    void nodesAreWell() {
        assertThat(machines.complaints()).isEmpty();
    }

    static Stream<Arguments> scenarios() {
        return Stream.of(Scenario.values())
                .flatMap(scenario -> Stream.of(Family.values()).map(family -> Arguments.of(scenario, family)));
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void pods_talkEncryptedWhereBothAreEnrolled_andInPlainWhereOneIsNot(Scenario scenario, Family family)
            throws Exception {
        Workload client = scenario.client(machines);
        Workload server = scenario.server(machines);
        machines.enroll(Machines.ENROLLED_0, Machines.ENROLLED_1);
        machines.taps().next();

        // Cilium's test has the first of them; with the second each node is once at either end.
        List<Attempt> attempts = List.of(client.call(server, family), server.call(client, family));

        assertThat(Attempt.failures(attempts)).isEmpty();
        machines.taps().next().forEach((place, seen) -> {
            Capture pair = seen.between(client.address(family), server.address(family));
            List<String> clear = List.copyOf(Token.in(pair.text()));
            if (!isPassed(place, client, server)) {
                assertThat(pair.ports()).as("at " + place).isEmpty();
            } else if (scenario.isEncrypted()) {
                assertThat(pair.ports()).as("at " + place).containsExactly(HBONE);
                assertThat(pair.portsWithPayload()).as("at " + place).containsExactly(HBONE);
                assertThat(pair.recordTypes())
                        .as("of TLS at " + place)
                        .isSubsetOf(20, 22, 23)
                        .contains(23);
                assertThat(clear).as("at " + place).isEmpty();
            } else {
                assertThat(pair.ports()).as("at " + place).containsExactly(Workload.PORT);
                assertThat(clear)
                        .as("at " + place)
                        .containsExactlyElementsOf(
                                attempts.stream().map(Attempt::token).toList());
            }
        });
    }

    /** Whose pods enter the mesh while the others are in it already. */
    enum Entering {
        CLIENT,
        SERVER,
        BOTH;

        String[] before() {
            return switch (this) {
                case CLIENT -> new String[] {Machines.ENROLLED_1};
                case SERVER -> new String[] {Machines.ENROLLED_0};
                case BOTH -> new String[] {};
            };
        }
    }

    /** Whoever enters, and in whatever order the machines learn of it. */
    static Stream<Arguments> entering() {
        return Stream.of(Entering.values())
                .flatMap(entering -> Stream.of(Order.values()).map(order -> Arguments.of(entering, order)));
    }

    @ParameterizedTest
    @MethodSource("entering")
    void gap_plaintextWindow_enrollingPodsUnderLoad_sendNothingInTheClearOnceItIsDone_andRefuseNothing(
            Entering entering, Order order) throws Exception {
        machines.enrollAndForget(entering.before());
        machines.taps().next();
        List<Attempt> attempts;
        long done;
        try (Load load = machines.load()) {
            load.awaitMore(PLENTY);
            machines.enroll(order, Machines.ENROLLED_0, Machines.ENROLLED_1);
            done = System.nanoTime();
            load.awaitMore(PLENTY);
            attempts = load.stop();
        }
        assertThat(Attempt.failures(attempts)).isEmpty();
        Set<String> clear = inTheClear();
        assertThat(clear).isNotEmpty();
        assertThat(since(done, attempts))
                .hasSizeGreaterThanOrEqualTo(PLENTY)
                .extracting(Attempt::token)
                .doesNotContainAnyElementsOf(clear);
    }

    @ParameterizedTest
    @EnumSource
    void podsLeavingUnderLoad_refuseNothing_andTalkInTheClearWhenItIsDone(Order order) throws Exception {
        machines.enroll(Machines.ENROLLED_0, Machines.ENROLLED_1);
        machines.taps().next();
        List<Attempt> attempts;
        long done;
        try (Load load = machines.load()) {
            load.awaitMore(PLENTY);
            machines.enroll(order);
            done = System.nanoTime();
            load.awaitMore(PLENTY);
            attempts = load.stop();
        }
        assertThat(Attempt.failures(attempts)).isEmpty();
        assertThat(inTheClear())
                .containsAll(since(done, attempts).stream().map(Attempt::token).toList());
    }

    private static List<Attempt> since(long begin, List<Attempt> attempts) {
        return attempts.stream().filter(attempt -> attempt.began() >= begin).toList();
    }

    private Set<String> inTheClear() throws IOException {
        Set<String> tokens = new HashSet<>();
        machines.taps().next().values().forEach(seen -> tokens.addAll(Token.in(seen.text())));
        return tokens;
    }

    @Test
    void labelsChangedWhileConnectionsAreOpen_endNoneOfThem() throws Exception {
        machines.enroll();
        try (Conversations before = machines.conversations()) {
            before.exchange();
            machines.enroll(Machines.ENROLLED_0, Machines.ENROLLED_1);
            before.exchange();
            try (Conversations tunnelled = machines.conversations()) {
                machines.taps().next();
                tunnelled.exchange();
                assertThat(inTheClear()).isEmpty();
                machines.enroll();
                before.exchange();
                tunnelled.exchange();
            }
        }
    }

    /** Between two enrolments the kernel sees no connection begin or end, and must not take new ones for those of before. */
    @Test
    void defect_staleTracking_connectionsBegunBetweenTwoEnrolments_endNot() throws Exception {
        machines.fewPorts(40_000, 200);
        machines.enroll(Machines.ENROLLED_0, Machines.ENROLLED_1);
        try (Load load = machines.load()) {
            load.awaitMore(PLENTY);
        }
        machines.enrollAndForget();
        try (Conversations between = new Conversations()) {
            for (int i = 0; i < PLENTY / 4; i++) {
                machines.converse(between);
            }
            between.exchange();
            machines.enroll(Machines.ENROLLED_0, Machines.ENROLLED_1);
            between.exchange();
        } finally {
            machines.manyPorts();
        }
    }

    /** A node calls the application in its client's name: on a port of a connection that the client has itself it would end that one. */
    @Test
    void defect_clientsPort_isNoNodesPort_connectionsFromBeforeEndNot() throws Exception {
        machines.enrollAndForget();
        // Of others, tests before this one may have used up the half that is for binds.
        machines.fewPorts(50_000, 40);
        try (Conversations before = new Conversations();
                Conversations tunnelled = new Conversations()) {
            converse(before);
            machines.enroll(Machines.ENROLLED_0, Machines.ENROLLED_1);
            converse(tunnelled);
            before.exchange();
            tunnelled.exchange();
        } finally {
            machines.manyPorts();
        }
    }

    /** A third of the ports that clients use, each to one destination. */
    private void converse(Conversations conversations) throws IOException {
        for (int i = 0; i < 7; i++) {
            machines.converse(conversations);
        }
        conversations.exchange();
    }

    /** Whose node dies. */
    enum Dying {
        OF_THE_CLIENT("a"),
        OF_THE_SERVER("b");

        final String machine;

        Dying(String machine) {
            this.machine = machine;
        }
    }

    @ParameterizedTest
    @EnumSource
    void nodeKilledUnderLoad_isReplaced_andNothingIsSentInTheClearMeanwhile(Dying dying) throws Exception {
        machines.enroll(Machines.ENROLLED_0, Machines.ENROLLED_1);
        machines.strict(Machines.ENROLLED_1);
        machines.taps().next();
        try (Load load = machines.load();
                Load strangers = machines.strangers()) {
            load.awaitMore(PLENTY);
            strangers.awaitMore(PLENTY / 10);
            machines.killNode(dying.machine);
            load.awaitMore(PLENTY / 10, attempt -> !attempt.succeeded());
            strangers.awaitMore(PLENTY / 10);
            Machines.Restart restart = machines.restartNode(dying.machine);
            load.awaitMore(PLENTY);
            strangers.awaitMore(PLENTY / 10);

            List<Attempt> attempts = load.stop();
            assertThat(attempts).extracting(Attempt::token).doesNotContainAnyElementsOf(inTheClear());
            assertThat(strangers.stop()).extracting(Attempt::outcome).doesNotContain(Attempt.OK);
            assertThat(Attempt.failures(since(restart.ready(), attempts))).isEmpty();
            // How long it may take is no matter of a machine that does other things too.
            long last = attempts.stream()
                    .filter(attempt -> !attempt.succeeded())
                    .mapToLong(Attempt::began)
                    .max()
                    .orElse(restart.begun());
            System.out.printf(
                    "node %s, restarted %s: the last connection that failed began %d ms later; it was ready after %d ms"
                            + " and %d ms of CPU%n",
                    dying,
                    restart.how(),
                    (last - restart.begun()) / 1_000_000,
                    (restart.ready() - restart.begun()) / 1_000_000,
                    restart.cpu().toMillis());
        }
    }

    private static boolean isPassed(Place place, Workload one, Workload other) {
        boolean wire = !one.machine().equals(other.machine());
        return switch (place) {
            case SWITCH_A -> wire || one.machine().equals("a");
            case WIRE -> wire;
            case SWITCH_B -> wire || one.machine().equals("b");
        };
    }
}
