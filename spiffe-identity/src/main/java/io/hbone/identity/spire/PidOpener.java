package io.hbone.identity.spire;

import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.internal.Actor;
import io.hbone.identity.process.HeldProcess;
import io.hbone.identity.process.PidLookup;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Asks for SVIDs by process id: the agent attests the process itself, but only when the stream begins and by its number alone, so
 * that whose number it is has to be held by us (spec/spire.md 1.5). The process is looked up, taken hold of and looked up again:
 * from then on it cannot be another one unnoticed. Nothing is passed on that came for a process that has ended, and its stream is
 * closed. Lives on the actor.
 */
final class PidOpener implements SvidOpener {
    /** All held processes are looked at together, in one system call. */
    private static final Duration LOOK = Duration.ofSeconds(1);

    /** Starts the call to the agent. */
    interface Agent extends AutoCloseable {
        AgentCall svids(int pid, AgentCall.Receiver<SvidUpdate> receiver);

        @Override
        void close();
    }

    private record Subject(WorkloadIdentity workload) {}

    private final Agent agent;
    private final PidLookup lookup;
    private final Actor actor;
    private final Map<HeldProcess, PidCall> watched = new HashMap<>();
    private @Nullable Future<?> look;

    PidOpener(Agent agent, PidLookup lookup, Actor actor) {
        this.agent = agent;
        this.lookup = lookup;
        this.actor = actor;
    }

    @Override
    public Object subject(WorkloadIdentity workload) {
        return new Subject(workload);
    }

    @Override
    public String describe(Object subject) {
        return "the process of " + ((Subject) subject).workload().uid();
    }

    @Override
    public AgentCall open(WorkloadIdentity workload, Object subject, AgentCall.Receiver<SvidUpdate> receiver) {
        PidCall call = new PidCall(workload, receiver);
        call.find();
        return call;
    }

    @Override
    public void close() {
        Future<?> running = look;
        if (running != null) {
            running.cancel(false);
        }
        List.copyOf(watched.values()).forEach(PidCall::cancel);
        lookup.close();
        agent.close();
    }

    private void watch(HeldProcess process, PidCall call) {
        watched.put(process, call);
        if (look == null) {
            look = actor.schedule(this::look, LOOK);
        }
    }

    private void look() {
        look = null;
        for (HeldProcess process : new ArrayList<>(HeldProcess.ended(watched.keySet()))) {
            PidCall call = watched.get(process);
            if (call != null) {
                call.processEnded();
            }
        }
        if (!watched.isEmpty()) {
            look = actor.schedule(this::look, LOOK);
        }
    }

    /** From the workload to a stream for its process. */
    private final class PidCall implements AgentCall, AgentCall.Receiver<SvidUpdate> {
        private final WorkloadIdentity workload;
        private final AgentCall.Receiver<SvidUpdate> receiver;
        private @Nullable HeldProcess process;
        private @Nullable AgentCall call;
        private boolean over;

        PidCall(WorkloadIdentity workload, AgentCall.Receiver<SvidUpdate> receiver) {
            this.workload = workload;
            this.receiver = receiver;
        }

        void find() {
            lookup.pid(workload).whenComplete((pid, error) -> actor.execute(() -> found(pid, error)));
        }

        private void found(@Nullable Integer pid, @Nullable Throwable error) {
            if (over) {
                return;
            }
            if (pid == null) {
                fail("its process is not known: " + text(error), error);
                return;
            }
            HeldProcess held;
            try {
                held = HeldProcess.open(pid);
            } catch (IOException e) {
                fail(String.valueOf(e.getMessage()), e);
                return;
            }
            process = held;
            watch(held, this);
            // Between the first answer and the hold the number may have passed to another process.
            lookup.pid(workload).whenComplete((again, problem) -> actor.execute(() -> confirmed(held, again, problem)));
        }

        private void confirmed(HeldProcess held, @Nullable Integer pid, @Nullable Throwable error) {
            if (over) {
                return;
            }
            if (pid == null) {
                fail("its process is not known any more: " + text(error), error);
            } else if (pid != held.pid()) {
                fail("its process is " + pid + " (expected: still " + held.pid() + ")", null);
            } else if (!held.isAlive()) {
                processEnded();
            } else {
                call = agent.svids(held.pid(), this);
            }
        }

        @Override
        public void onMessage(SvidUpdate message) {
            actor.execute(() -> {
                HeldProcess held = process;
                if (over || held == null) {
                    return;
                }
                // Alive now means that the number was its own when the agent looked at it.
                if (held.isAlive()) {
                    receiver.onMessage(message);
                } else {
                    processEnded();
                }
            });
        }

        @Override
        public void onEnd(AgentFailure failure) {
            actor.execute(() -> end(failure));
        }

        void processEnded() {
            HeldProcess held = process;
            fail(
                    "process " + (held == null ? "?" : held.pid())
                            + " has ended (expected: it runs for as long as the pod)",
                    null);
        }

        @Override
        public void cancel() {
            over = true;
            AgentCall running = call;
            if (running != null) {
                running.cancel();
            }
            HeldProcess held = process;
            if (held != null) {
                watched.remove(held);
                held.close();
            }
        }

        private void fail(String message, @Nullable Throwable cause) {
            end(AgentFailure.temporary(message, cause));
        }

        private void end(AgentFailure failure) {
            if (!over) {
                cancel();
                receiver.onEnd(failure);
            }
        }

        private String text(@Nullable Throwable error) {
            Throwable cause =
                    error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
            return cause == null ? "no answer" : String.valueOf(cause.getMessage());
        }
    }
}
