package io.hbone.enrollment;

import io.hbone.enrollment.EnrollmentStatus.State;
import io.hbone.enrollment.Progress.Handed;
import io.hbone.enrollment.Progress.Rules;
import io.hbone.zds.WorkloadStatus;
import org.jspecify.annotations.Nullable;

/** Says in operators' words how far a workload is. */
final class EnrollmentState {
    private EnrollmentState() {}

    /** @param failing whether the last attempt of the step failed */
    static State of(Goal goal, Progress progress, Step step, boolean failing, Nodes nodes, String uid) {
        if (failing) {
            return State.FAILED;
        }
        if (step == Step.AWAIT_NETWORK) {
            return State.WAITING_FOR_NETWORK;
        }
        return goal == Goal.ENROLLED ? enrolling(progress, nodes, uid) : leaving(goal, progress);
    }

    private static State enrolling(Progress progress, Nodes nodes, String uid) {
        if (refusal(progress, nodes, uid) != null) {
            return State.FAILED;
        }
        boolean handed = progress.handed() != Handed.NO;
        if (handed && nodes.connected() == 0) {
            return State.WAITING_FOR_NODE;
        }
        boolean led = progress.rules() == Rules.INSTALLED && progress.announced() == Announced.TUNNEL;
        if (led && progress.handed() == Handed.SERVED && progress.delivered()) {
            WorkloadStatus served = nodes.status(uid);
            return served != null && served.state() == WorkloadStatus.State.ENROLLED
                    ? State.ENROLLED
                    : State.WAITING_FOR_NODE;
        }
        return State.ENROLLING;
    }

    private static State leaving(Goal goal, Progress progress) {
        boolean led = progress.rules() == Rules.INSTALLED || progress.rules() == Rules.STALE;
        if (led || goal == Goal.LEFT) {
            return State.LEAVING;
        }
        return progress.handed() == Handed.NO && progress.rules() == Rules.ABSENT ? State.NOT_ENROLLED : State.DRAINING;
    }

    /** What the node said when it did not take the workload; null when it did not say so. */
    static @Nullable String refusal(Progress progress, Nodes nodes, String uid) {
        WorkloadStatus status = progress.handed() == Handed.NO ? null : nodes.status(uid);
        return status != null && status.state() == WorkloadStatus.State.FAILED ? status.lastError() : null;
    }

    /** A few words for what is done or waited for. */
    static String doing(Step step, long draining) {
        return switch (step) {
            case INSPECT -> "looking into its network";
            case ANNOUNCE_NOTHING, ANNOUNCE_PLAIN, ANNOUNCE_TUNNEL -> "telling nodes of it";
            case AWAIT_DELIVERY -> "waiting for nodes to know the mesh";
            case HAND_OVER -> "handing it to the node";
            case AWAIT_NODE -> "waiting for the node";
            case PREPARE, REDIRECT -> "writing rules";
            case RELEASE, REMOVE -> "removing rules";
            case DRAIN ->
                draining > 0
                        ? "waiting for " + draining + " connections to end"
                        : "waiting for other machines to learn of it";
            case WITHDRAW -> "taking it from the node";
            case AWAIT_NETWORK -> "waiting for its network";
            case KEEP -> "";
            case FORGET -> "forgetting it";
        };
    }
}
