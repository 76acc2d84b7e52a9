package io.hbone.enrollment;

import io.hbone.enrollment.AgentObserver.Failure;
import io.hbone.enrollment.EnrollmentStatus.State;
import io.hbone.enrollment.Progress.Handed;
import io.hbone.enrollment.Progress.Network;
import io.hbone.enrollment.Progress.Rules;
import io.hbone.enrollment.rules.RedirectException;
import io.hbone.zds.NetworkNamespace;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one workload to where it is wanted, a step at a time, and keeps it there. One step is under way at most; what is wanted
 * then is looked at anew. What fails is tried again after a pause, and hurts no other workload. Touched by the loop only, but for
 * {@link #status}.
 */
final class WorkloadEnrollment {
    private static final Logger logger = LoggerFactory.getLogger(WorkloadEnrollment.class);
    private static final Duration DELIVERY_LOOK = Duration.ofMillis(20);
    private static final Duration DRAIN_LOOK = Duration.ofMillis(500);
    private static final Duration NETWORK_LOOK = Duration.ofSeconds(2);

    private final EnrollmentContext context;
    private LocalWorkload workload;
    private Goal goal;
    private Progress progress = Progress.NEW;
    private NetworkNamespace.@Nullable Id namespace;
    private Step step = Step.INSPECT;
    private boolean busy;
    private boolean settled;
    private boolean forgotten;
    private int handing;
    private int served;
    private int attempts;
    private int failures;
    private @Nullable Future<?> timer;
    private @Nullable Instant waitingSince;
    private long draining;
    private @Nullable String lastError;
    private @Nullable Instant lastErrorAt;
    private volatile EnrollmentStatus status;

    WorkloadEnrollment(LocalWorkload workload, EnrollmentContext context) {
        this.context = context;
        this.workload = workload;
        this.goal = goal(workload);
        status = new EnrollmentStatus(workload, state(), context.loop().now(), doing(), 0, null, null);
    }

    private static Goal goal(LocalWorkload workload) {
        return workload.wantsEnrollment() ? Goal.ENROLLED : Goal.PLAIN;
    }

    LocalWorkload workload() {
        return workload;
    }

    /** Any thread. */
    EnrollmentStatus status() {
        return status;
    }

    /** Whether it came to where it has nothing to do but wait, once at least. */
    boolean isSettled() {
        return settled;
    }

    /** Begins. */
    void start() {
        drive();
    }

    /** It is wanted like this from now on. Another pod of the same uid has to wait until this one is gone. */
    void want(LocalWorkload wanted) {
        if (!workload.isSamePod(wanted)) {
            leave();
            return;
        }
        if (!wanted.equals(workload)) {
            workload = wanted;
            progress = progress.outdated();
            if (goal == goal(wanted)) {
                retry();
            }
        }
        aim(goal(wanted));
    }

    /** It is not there any more. */
    void leave() {
        aim(Goal.LEFT);
    }

    private void aim(Goal wanted) {
        if (goal != wanted) {
            goal = wanted;
            waitingSince = null;
            failures = 0;
            attempts = 0;
            retry();
        }
    }

    /** Something may have changed at the node. */
    void nodeChanged() {
        if (step == Step.AWAIT_NODE) {
            drive();
        } else {
            report();
        }
    }

    /** Goes on now, whatever it waits for. */
    private void retry() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
        drive();
    }

    private void drive() {
        if (busy || forgotten) {
            return;
        }
        if (timer != null) {
            report();
            return;
        }
        if (progress.handed() == Handed.WAITING && served == handing) {
            progress = progress.handed(Handed.SERVED);
            failures = 0;
        }
        Step next = EnrollmentPlan.next(goal, progress);
        if (next != step) {
            step = next;
            waitingSince = null;
        }
        switch (step) {
            case INSPECT ->
                run(context.actions().inspect(workload).thenApply(found -> progress -> found(progress, found)));
            case ANNOUNCE_NOTHING -> run(context.actions().announce(workload, Announced.NOTHING));
            case ANNOUNCE_PLAIN -> run(context.actions().announce(workload, Announced.PLAIN));
            case ANNOUNCE_TUNNEL -> run(context.actions().announce(workload, Announced.TUNNEL));
            case AWAIT_DELIVERY -> awaitDelivery();
            case PREPARE -> run(context.actions().prepare(workload));
            case HAND_OVER -> hand();
            case AWAIT_NODE -> settle();
            case REDIRECT -> run(context.actions().install(workload));
            case RELEASE -> run(context.actions().release(workload));
            case DRAIN -> drain();
            case REMOVE -> run(context.actions().remove(workload));
            case WITHDRAW -> withdraw();
            case AWAIT_NETWORK -> {
                settle();
                again(context.jittered(NETWORK_LOOK), true);
            }
            case KEEP -> keep();
            case FORGET -> forget();
        }
        report();
    }

    private void run(CompletionStage<UnaryOperator<Progress>> action) {
        busy = true;
        action.whenComplete((change, failure) -> context.loop().execute(() -> {
            busy = false;
            if (failure == null) {
                attempts = 0;
                progress = change.apply(progress);
            } else {
                failed(
                        failure instanceof CompletionException && failure.getCause() != null
                                ? failure.getCause()
                                : failure);
            }
            drive();
        }));
    }

    private Progress found(Progress before, Actions.Found found) {
        String owner = context.claim(found.id(), workload.uid());
        if (owner != null) {
            failed(new IOException(workload.network() + " is the network " + found.id() + " of workload " + owner
                    + " (expected: one workload for each)"));
            return before;
        }
        Progress now = before.network(Network.PRESENT);
        if (namespace != null && !namespace.equals(found.id())) {
            // The pod was made anew under the same name. What the node had of it is replaced.
            context.release(namespace, workload.uid());
            logger.info("{} has a new network {}", workload, found.id());
            now = now.handed(Handed.NO).drained(false);
        } else if (before.rules() == Rules.INSTALLED && found.rules() != Rules.INSTALLED) {
            logger.warn("{}: rules are {} (expected: installed); they are put right", workload, found.rules());
            context.observer().repaired(workload);
        }
        namespace = found.id();
        failures = 0;
        boolean released = before.rules() == Rules.RELEASED && found.rules() == Rules.STALE;
        return now.rules(released ? Rules.RELEASED : found.rules());
    }

    private void failed(Throwable why) {
        if (why instanceof NetworkGoneException) {
            if (progress.network() != Network.GONE) {
                logger.info("{}: {}", workload, why.getMessage());
            }
            attempts = 0;
            progress = progress.network(Network.GONE).rules(Rules.ABSENT);
            releaseNamespace();
            return;
        }
        boolean network = step == Step.INSPECT || step == Step.HAND_OVER;
        Failure kind = why instanceof RedirectException
                ? Failure.IPTABLES_FAILED
                : why instanceof IllegalArgumentException
                        ? Failure.CONVERSION_FAILED
                        : network || why instanceof IOException ? Failure.NETNS_FAILED : Failure.SEND_FAILED;
        note(String.valueOf(why.getMessage()));
        attempts++;
        Duration pause = context.retry(++failures);
        logger.warn("{}: {} failed, tried again in {}: {}", workload, doing(), pause, lastError);
        context.observer().failed(workload, kind);
        again(pause, false);
        settle();
    }

    private void note(String error) {
        lastError = error;
        lastErrorAt = context.loop().now();
    }

    private void hand() {
        int generation = ++handing;
        run(context.actions()
                .hand(
                        workload,
                        namespace,
                        () -> context.loop().execute(() -> {
                            // This may come before the hand-over itself is heard of.
                            served = generation;
                            drive();
                        })));
    }

    private void withdraw() {
        handing++;
        run(context.actions().withdraw(workload));
    }

    private void awaitDelivery() {
        if (context.delivered() || isOver(context.settings().delivery())) {
            progress = progress.delivered(true);
            drive();
        } else {
            again(DELIVERY_LOOK, false);
        }
    }

    private void drain() {
        settle();
        if (isOver(context.settings().drain())) {
            progress = progress.drained(true);
            drive();
            return;
        }
        boolean lingered = isOver(context.settings().linger());
        run(context.actions().connections(workload).thenApply(count -> progress -> {
            draining = count;
            boolean done = count == 0 && lingered;
            if (!done) {
                again(DRAIN_LOOK, false);
            }
            return progress.drained(done);
        }));
    }

    /** Whether the step has been waited for that long. */
    private boolean isOver(Duration limit) {
        Instant now = context.loop().now();
        if (waitingSince == null) {
            waitingSince = now;
        }
        return !now.isBefore(waitingSince.plus(limit));
    }

    private void keep() {
        settle();
        failures = 0;
        if (goal == Goal.ENROLLED) {
            again(context.untilVerified(), true);
        }
    }

    private void forget() {
        forgotten = true;
        settle();
        releaseNamespace();
        context.actions().forget(workload);
        context.forgotten(this);
    }

    private void releaseNamespace() {
        if (namespace != null) {
            context.release(namespace, workload.uid());
            namespace = null;
        }
    }

    /** @param look whether to look into the namespace then */
    private void again(Duration pause, boolean look) {
        timer = context.loop().after(pause, () -> {
            timer = null;
            if (look) {
                progress = progress.network(Network.UNKNOWN);
            }
            drive();
        });
    }

    private void settle() {
        if (!settled) {
            settled = true;
            context.settled();
        }
    }

    private State state() {
        return EnrollmentState.of(goal, progress, step, isFailing(), context.nodes(), workload.uid());
    }

    private boolean isFailing() {
        return attempts > 0;
    }

    private String doing() {
        return EnrollmentState.doing(step, draining);
    }

    /** Says how it stands, if that is otherwise than before. */
    private void report() {
        String refusal = EnrollmentState.refusal(progress, context.nodes(), workload.uid());
        if (refusal != null && !refusal.equals(lastError)) {
            note(refusal);
            context.observer().failed(workload, Failure.SEND_FAILED);
        }
        EnrollmentStatus before = status;
        State now = state();
        EnrollmentStatus after = new EnrollmentStatus(
                workload,
                now,
                now == before.state() ? before.since() : context.loop().now(),
                doing(),
                attempts,
                lastError,
                lastErrorAt);
        if (!after.equals(before)) {
            status = after;
            if (now != before.state()) {
                logger.info("{} is {}", workload, now);
                if (now == State.ENROLLED) {
                    context.observer().enrolled(workload);
                }
            }
            context.observer().changed(after);
        }
    }
}
