package io.hbone.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.enrollment.Progress.Handed;
import io.hbone.enrollment.Progress.Network;
import io.hbone.enrollment.Progress.Rules;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class EnrollmentPlanTest {
    @ParameterizedTest
    @CsvSource({
        // goal, network, rules, announced, current, handed, delivered, drained, step
        "ENROLLED, UNKNOWN, ABSENT,    NOTHING, true,  NO,      true,  false, INSPECT",
        "ENROLLED, PRESENT, ABSENT,    NOTHING, true,  NO,      true,  false, ANNOUNCE_PLAIN",
        "ENROLLED, PRESENT, ABSENT,    PLAIN,   true,  NO,      false, false, PREPARE",
        "ENROLLED, PRESENT, RELEASED,  PLAIN,   true,  NO,      false, false, HAND_OVER",
        "ENROLLED, PRESENT, RELEASED,  PLAIN,   true,  WAITING, false, false, AWAIT_NODE",
        "ENROLLED, PRESENT, RELEASED,  PLAIN,   true,  SERVED,  false, false, AWAIT_DELIVERY",
        "ENROLLED, PRESENT, ABSENT,    PLAIN,   true,  SERVED,  true,  false, REDIRECT",
        "ENROLLED, PRESENT, INSTALLED, PLAIN,   true,  SERVED,  true,  false, ANNOUNCE_TUNNEL",
        "ENROLLED, PRESENT, INSTALLED, TUNNEL,  true,  SERVED,  false, false, AWAIT_DELIVERY",
        "ENROLLED, PRESENT, INSTALLED, TUNNEL,  true,  SERVED,  true,  false, KEEP",
        // an agent that starts where another one has worked: nobody is told to send plaintext
        "ENROLLED, PRESENT, INSTALLED, NOTHING, true,  NO,      true,  false, ANNOUNCE_TUNNEL",
        "ENROLLED, PRESENT, STALE,     NOTHING, true,  NO,      true,  false, ANNOUNCE_TUNNEL",
        "ENROLLED, PRESENT, INSTALLED, TUNNEL,  true,  NO,      false, false, HAND_OVER",
        "ENROLLED, PRESENT, INSTALLED, TUNNEL,  true,  WAITING, false, false, AWAIT_NODE",
        // drift
        "ENROLLED, PRESENT, STALE,     TUNNEL,  true,  SERVED,  true,  false, REDIRECT",
        "ENROLLED, PRESENT, ABSENT,    TUNNEL,  true,  SERVED,  true,  false, REDIRECT",
        // other labels or addresses
        "ENROLLED, PRESENT, INSTALLED, TUNNEL,  false, SERVED,  true,  false, ANNOUNCE_TUNNEL",
        "PLAIN,    PRESENT, ABSENT,    PLAIN,   false, NO,      true,  false, ANNOUNCE_PLAIN",
        // made anew: its listeners are not there yet
        "ENROLLED, PRESENT, ABSENT,    TUNNEL,  true,  NO,      true,  false, ANNOUNCE_PLAIN",
        // wanted again while it drains
        "ENROLLED, PRESENT, RELEASED,  PLAIN,   true,  SERVED,  true,  false, REDIRECT",
        "PLAIN,    PRESENT, INSTALLED, TUNNEL,  true,  SERVED,  true,  false, RELEASE",
        "PLAIN,    PRESENT, RELEASED,  TUNNEL,  true,  SERVED,  true,  false, ANNOUNCE_PLAIN",
        "PLAIN,    PRESENT, RELEASED,  PLAIN,   true,  SERVED,  false, false, AWAIT_DELIVERY",
        "PLAIN,    PRESENT, RELEASED,  PLAIN,   true,  SERVED,  true,  false, DRAIN",
        "PLAIN,    PRESENT, RELEASED,  PLAIN,   true,  SERVED,  true,  true,  REMOVE",
        "PLAIN,    PRESENT, ABSENT,    PLAIN,   true,  SERVED,  true,  true,  WITHDRAW",
        "PLAIN,    PRESENT, RELEASED,  PLAIN,   true,  WAITING, true,  false, REMOVE",
        "PLAIN,    PRESENT, ABSENT,    PLAIN,   true,  NO,      true,  false, KEEP",
        "PLAIN,    PRESENT, ABSENT,    NOTHING, true,  NO,      true,  false, ANNOUNCE_PLAIN",
        // left over by an agent that is gone
        "PLAIN,    PRESENT, INSTALLED, NOTHING, true,  NO,      true,  false, REMOVE",
        "PLAIN,    PRESENT, STALE,     NOTHING, true,  NO,      true,  false, REMOVE",
        "LEFT,     PRESENT, INSTALLED, TUNNEL,  true,  SERVED,  true,  false, RELEASE",
        "LEFT,     PRESENT, RELEASED,  TUNNEL,  true,  SERVED,  true,  false, ANNOUNCE_PLAIN",
        "LEFT,     PRESENT, ABSENT,    PLAIN,   true,  SERVED,  true,  true,  WITHDRAW",
        "LEFT,     PRESENT, ABSENT,    PLAIN,   true,  NO,      true,  true,  ANNOUNCE_NOTHING",
        "LEFT,     PRESENT, ABSENT,    NOTHING, true,  NO,      true,  true,  FORGET",
        "ENROLLED, GONE,    ABSENT,    TUNNEL,  true,  SERVED,  true,  false, ANNOUNCE_NOTHING",
        "ENROLLED, GONE,    ABSENT,    NOTHING, true,  SERVED,  false, false, WITHDRAW",
        "ENROLLED, GONE,    ABSENT,    NOTHING, true,  NO,      false, false, AWAIT_NETWORK",
        "PLAIN,    GONE,    ABSENT,    NOTHING, true,  NO,      false, false, AWAIT_NETWORK",
        "LEFT,     GONE,    ABSENT,    NOTHING, true,  NO,      false, false, FORGET",
    })
    void next_ofEachSituation(
            Goal goal,
            Network network,
            Rules rules,
            Announced announced,
            boolean current,
            Handed handed,
            boolean delivered,
            boolean drained,
            Step step) {
        Progress progress = new Progress(network, rules, announced, current, handed, delivered, drained);
        assertThat(EnrollmentPlan.next(goal, progress)).isEqualTo(step);
    }

    /** From wherever an agent died: there is no circle, and no situation without a way. */
    @ParameterizedTest
    @EnumSource(Goal.class)
    void everySituation_leadsToWhatIsWanted_withoutACircle(Goal goal) {
        for (Progress start : situations()) {
            Progress now = start;
            Set<Progress> seen = new HashSet<>();
            Step step = EnrollmentPlan.next(goal, now);
            while (step != Step.KEEP && step != Step.FORGET && step != Step.AWAIT_NETWORK) {
                assertThat(seen.add(now))
                        .as("%s from %s comes again to %s", goal, start, now)
                        .isTrue();
                now = done(step, now);
                step = EnrollmentPlan.next(goal, now);
            }
            Step end = now.network() == Network.GONE && goal != Goal.LEFT
                    ? Step.AWAIT_NETWORK
                    : goal == Goal.LEFT ? Step.FORGET : Step.KEEP;
            assertThat(step).as("%s from %s", goal, start).isEqualTo(end);
            if (goal == Goal.ENROLLED && step == Step.KEEP) {
                assertThat(now.rules()).isEqualTo(Rules.INSTALLED);
                assertThat(now.announced()).isEqualTo(Announced.TUNNEL);
                assertThat(now.handed()).isEqualTo(Handed.SERVED);
            } else {
                assertThat(now.rules()).isEqualTo(Rules.ABSENT);
                assertThat(now.announced()).isNotEqualTo(Announced.TUNNEL);
                assertThat(now.handed()).isEqualTo(Handed.NO);
            }
        }
    }

    /** GAP of spec/cilium.md 2.5: rules come first there, and a pod that runs meets ports on which nobody listens. */
    @Test
    void gap_rulesBeforeListeners_neverHappen() {
        for (Progress progress : situations()) {
            Step step = EnrollmentPlan.next(Goal.ENROLLED, progress);
            if (step == Step.REDIRECT) {
                assertThat(progress.handed()).isEqualTo(Handed.SERVED);
            }
            if (step == Step.ANNOUNCE_TUNNEL && progress.announced() != Announced.TUNNEL) {
                assertThat(progress.rules()).as("%s", progress).isIn(Rules.INSTALLED, Rules.STALE);
            }
            if (step == Step.HAND_OVER) { // other machines find its listeners before it is announced
                assertThat(progress.rules()).as("%s", progress).isNotEqualTo(Rules.ABSENT);
            }
        }
    }

    private static List<Progress> situations() {
        List<Progress> all = new ArrayList<>();
        for (Rules rules : Rules.values()) {
            for (Announced announced : Announced.values()) {
                for (Handed handed : Handed.values()) {
                    for (int bits = 0; bits < 8; bits++) {
                        boolean current = (bits & 1) != 0;
                        boolean delivered = (bits & 2) != 0;
                        boolean drained = (bits & 4) != 0;
                        all.add(new Progress(Network.PRESENT, rules, announced, current, handed, delivered, drained));
                        all.add(new Progress(
                                Network.GONE, Rules.ABSENT, announced, current, handed, delivered, drained));
                    }
                }
            }
        }
        return all;
    }

    /** How far it is when the step has succeeded. */
    private static Progress done(Step step, Progress progress) {
        return switch (step) {
            case INSPECT -> progress.network(Network.PRESENT);
            case ANNOUNCE_NOTHING -> progress.announced(Announced.NOTHING);
            case ANNOUNCE_PLAIN -> progress.announced(Announced.PLAIN);
            case ANNOUNCE_TUNNEL -> progress.announced(Announced.TUNNEL);
            case AWAIT_DELIVERY -> progress.delivered(true);
            case HAND_OVER -> progress.handed(Handed.WAITING);
            case AWAIT_NODE -> progress.handed(Handed.SERVED);
            case PREPARE -> progress.rules(Rules.RELEASED);
            case REDIRECT -> progress.rules(Rules.INSTALLED);
            case RELEASE -> progress.rules(Rules.RELEASED);
            case DRAIN -> progress.drained(true);
            case REMOVE -> progress.rules(Rules.ABSENT);
            case WITHDRAW -> progress.handed(Handed.NO);
            case AWAIT_NETWORK, KEEP, FORGET -> progress;
        };
    }
}
