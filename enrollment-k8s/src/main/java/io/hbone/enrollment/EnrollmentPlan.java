package io.hbone.enrollment;

import io.hbone.enrollment.Progress.Handed;
import io.hbone.enrollment.Progress.Rules;

/**
 * Which step comes next, from what is wanted and how far it is; wherever that is, so that an agent that starts in the middle of
 * another one's work goes on from there.
 *
 * <p>To enroll: nodes know who the workload is; answers find back to the node; the node has its listeners up, which other machines
 * may find at once; rules lead the traffic there; nodes reach it by HBONE. Nobody meets a port on which nobody listens (GAP of spec/cilium.md 2.5: rules first), and HBONE arrives only where the
 * answers find back. To un-enroll: new connections go their own way; nodes reach it without a tunnel; other machines have
 * time to learn that, and what goes through the node to end; the rest of the rules, then the node's listeners, go. Nodes forget a workload last, and only when it is gone.
 *
 * <p>Where rules are found although nobody was handed over, an agent died: the workload is taken for enrolled, and no node is told
 * to send it plaintext.
 */
final class EnrollmentPlan {
    private EnrollmentPlan() {}

    static Step next(Goal goal, Progress progress) {
        return switch (progress.network()) {
            case UNKNOWN -> Step.INSPECT;
            case GONE -> withoutNetwork(goal, progress);
            case PRESENT -> goal == Goal.ENROLLED ? enroll(progress) : release(goal, progress);
        };
    }

    private static Step withoutNetwork(Goal goal, Progress progress) {
        if (progress.announced() != Announced.NOTHING) {
            return Step.ANNOUNCE_NOTHING; // its addresses may be another one's soon
        }
        if (progress.handed() != Handed.NO) {
            return Step.WITHDRAW;
        }
        return goal == Goal.LEFT ? Step.FORGET : Step.AWAIT_NETWORK;
    }

    private static Step enroll(Progress progress) {
        boolean led = progress.rules() == Rules.INSTALLED || progress.rules() == Rules.STALE;
        if (progress.handed() == Handed.NO) {
            Announced first = led ? Announced.TUNNEL : Announced.PLAIN;
            if (progress.announced() != first || !progress.current()) {
                return announce(first);
            }
            return progress.rules() == Rules.ABSENT ? Step.PREPARE : Step.HAND_OVER;
        }
        if (!progress.current()) {
            return announce(progress.announced() == Announced.NOTHING ? Announced.PLAIN : progress.announced());
        }
        if (progress.handed() == Handed.WAITING) {
            return Step.AWAIT_NODE;
        }
        if (progress.rules() != Rules.INSTALLED) {
            // With the traffic it needs what it knows about the mesh, or it would send in the clear what others expect
            // encrypted.
            return progress.delivered() ? Step.REDIRECT : Step.AWAIT_DELIVERY;
        }
        if (progress.announced() != Announced.TUNNEL) {
            return Step.ANNOUNCE_TUNNEL;
        }
        return progress.delivered() ? Step.KEEP : Step.AWAIT_DELIVERY;
    }

    private static Step release(Goal goal, Progress progress) {
        boolean handed = progress.handed() != Handed.NO;
        if (progress.rules() == Rules.INSTALLED || progress.rules() == Rules.STALE) {
            return handed ? Step.RELEASE : Step.REMOVE;
        }
        if ((handed || goal == Goal.PLAIN) && (progress.announced() != Announced.PLAIN || !progress.current())) {
            return Step.ANNOUNCE_PLAIN;
        }
        if (progress.handed() == Handed.SERVED && !progress.drained()) {
            return progress.delivered() ? Step.DRAIN : Step.AWAIT_DELIVERY;
        }
        if (progress.rules() == Rules.RELEASED) {
            return Step.REMOVE;
        }
        if (handed) {
            return Step.WITHDRAW;
        }
        if (goal == Goal.PLAIN) {
            return Step.KEEP;
        }
        return progress.announced() == Announced.NOTHING ? Step.FORGET : Step.ANNOUNCE_NOTHING;
    }

    private static Step announce(Announced how) {
        return switch (how) {
            case NOTHING -> Step.ANNOUNCE_NOTHING;
            case PLAIN -> Step.ANNOUNCE_PLAIN;
            case TUNNEL -> Step.ANNOUNCE_TUNNEL;
        };
    }
}
