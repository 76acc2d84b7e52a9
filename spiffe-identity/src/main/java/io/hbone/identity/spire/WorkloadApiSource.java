package io.hbone.identity.spire;

import io.hbone.core.SpiffeId;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.ManagedIdentitySource;
import io.hbone.identity.SourceContext;
import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.internal.Actor;
import io.hbone.identity.internal.Errors;
import io.hbone.identity.internal.HeldCertificates;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * This process's own certificate and bundles, from the Workload API of the agent beside it (spec/spire.md 2). All workloads that
 * are asked for share one stream, and each gets the SVID of its id, if the agent gives this process one. Bundles are those that
 * come with the SVIDs: its own trust domain's and the federated ones.
 *
 * <p>The client is java-spiffe's, which takes messages of up to 4 MiB.
 */
public final class WorkloadApiSource {
    private static final Duration RETRY = Duration.ofMillis(500);

    private WorkloadApiSource() {}

    /**
     * A source; it connects when the first workload is asked for.
     *
     * @param endpoint what {@code SPIFFE_ENDPOINT_SOCKET} names
     * @param timeout how long to wait for the first SVID, more than zero
     */
    public static ManagedIdentitySource of(UnixEndpoint endpoint, Duration timeout, SourceContext context) {
        Objects.requireNonNull(endpoint, "endpoint");
        StreamTimes times =
                new StreamTimes(timeout, StreamTimes.STANDARD.shrinkGrace(), StreamTimes.STANDARD.reopenBundles());
        return new HeldCertificates(
                "workload-api",
                context,
                (actor, witness) ->
                        new StreamFeed(new WorkloadApiOpener(endpoint), null, times, context, actor, witness));
    }

    /**
     * Asks the agent who this process is, until it says so: a new entry takes its time to get to the agent. The first SVID's id
     * counts, which is the default one. What it completes with is for a source of {@link #of}.
     *
     * @param uid what the workload is to be called
     * @param timeout how long to wait, more than zero
     * @return completes exceptionally with a {@link io.hbone.core.TunnelException} when the agent does not say in time
     */
    public static CompletionStage<WorkloadIdentity> whoAmI(
            UnixEndpoint endpoint, String uid, Duration timeout, SourceContext context) {
        Question question = new Question(uid, new WorkloadApiOpener(endpoint), new Actor(context.executor()));
        question.ask(endpoint, timeout);
        return question.answer.minimalCompletionStage();
    }

    /** Lives on its actor. */
    private static final class Question implements AgentCall.Receiver<SvidUpdate> {
        private final CompletableFuture<WorkloadIdentity> answer = new CompletableFuture<>();
        private final String uid;
        private final WorkloadApiOpener opener;
        private final Actor actor;
        private String problem = "";
        private @Nullable AgentCall call;
        private @Nullable Future<?> timer;

        Question(String uid, WorkloadApiOpener opener, Actor actor) {
            this.uid = uid;
            this.opener = opener;
            this.actor = actor;
        }

        void ask(UnixEndpoint endpoint, Duration timeout) {
            problem = "the agent at " + endpoint + " did not answer (expected: within " + timeout + ")";
            boolean asked = actor.execute(() -> {
                timer = actor.schedule(() -> finish(null, problem), timeout);
                call = opener.open(this);
            });
            if (!asked) {
                answer.completeExceptionally(Errors.of("the executor is shut down", null));
            }
        }

        @Override
        public void onMessage(SvidUpdate message) {
            actor.execute(() -> {
                if (message.svids().isEmpty()) {
                    finish(null, "the agent has no SVID for this process");
                    return;
                }
                try {
                    finish(
                            new WorkloadIdentity(
                                    uid,
                                    SpiffeId.parseStrict(message.svids().get(0).spiffeId())),
                            "");
                } catch (IllegalArgumentException e) {
                    finish(null, String.valueOf(e.getMessage()));
                }
            });
        }

        @Override
        public void onEnd(AgentFailure failure) {
            actor.execute(() -> {
                if (answer.isDone()) {
                    return;
                }
                problem = failure.message();
                close();
                if (failure.configuration()) {
                    finish(null, problem);
                } else {
                    actor.schedule(this::again, RETRY);
                }
            });
        }

        private void again() {
            if (!answer.isDone()) {
                call = opener.open(this);
            }
        }

        private void close() {
            AgentCall open = call;
            call = null;
            if (open != null) {
                open.cancel();
            }
        }

        private void finish(@Nullable WorkloadIdentity self, String why) {
            Future<?> running = timer;
            if (running != null) {
                running.cancel(false);
            }
            close();
            if (self != null) {
                answer.complete(self);
            } else {
                answer.completeExceptionally(Errors.of(why, null));
            }
        }
    }
}
