package io.hbone.identity.spire;

import io.hbone.identity.SourceContext;
import io.hbone.identity.internal.Actor;
import io.hbone.identity.internal.Admission;
import io.hbone.identity.internal.FetchPriority;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * A stream from an agent that is opened again whenever it ends (spec/spire.md 1.6). An agent that cannot answer keeps silent, and
 * a deadline would end good streams, too: so the first message has a timeout of its own. Lives on the actor.
 */
final class AgentStream<T> implements Admission.Ticket, AutoCloseable {
    /** A stream that lived for so long is no part of a series of failures. */
    private static final Duration GOOD = Duration.ofSeconds(10);

    /** Told what becomes of the stream, on the actor. */
    interface Listener<T> {
        void onMessage(T message);

        /** It ended; it will be opened again. */
        void onFailure(AgentFailure failure);
    }

    private final AgentCall.Opener<T> opener;
    private final Listener<T> listener;
    private final Actor actor;
    private final SourceContext context;
    private final Admission admission;
    private final Duration firstMessageTimeout;
    private final StreamBackoff backoff;

    private @Nullable Attempt live;
    /** Opened beside a live one, and takes its place when it has brought something. */
    private @Nullable Attempt successor;

    private @Nullable Future<?> retry;
    private boolean queued;
    private boolean closed;

    AgentStream(
            AgentCall.Opener<T> opener,
            Listener<T> listener,
            Actor actor,
            SourceContext context,
            Admission admission,
            Duration firstMessageTimeout) {
        this.opener = opener;
        this.listener = listener;
        this.actor = actor;
        this.context = context;
        this.admission = admission;
        this.firstMessageTimeout = firstMessageTimeout;
        this.backoff = new StreamBackoff(context.random());
    }

    /** Opens it, or hurries it up when it waits for its turn. */
    void start(FetchPriority priority) {
        if (closed || (live != null && !queued)) {
            return;
        }
        stopRetry();
        queued = true;
        admission.enqueue(this, priority);
    }

    /** Whether the first message, or the failure of this attempt, is still to come. */
    boolean isOpening() {
        return queued || (live != null && !live.answered);
    }

    /** Opens it anew beside the one that is there, which goes on until the new one has brought something. */
    void reopen() {
        if (live != null && live.answered && successor == null && !queued) {
            queued = true;
            admission.enqueue(this, FetchPriority.BACKGROUND);
        }
    }

    @Override
    public void admitted() {
        queued = false;
        if (live == null) {
            live = new Attempt();
            live.open();
        } else {
            successor = new Attempt();
            successor.open();
        }
    }

    @Override
    public void close() {
        closed = true;
        queued = false;
        admission.cancel(this);
        stopRetry();
        if (live != null) {
            live.end();
        }
        if (successor != null) {
            successor.end();
        }
    }

    private void stopRetry() {
        Future<?> running = retry;
        if (running != null) {
            running.cancel(false);
            retry = null;
        }
    }

    private void ended(Attempt attempt, AgentFailure failure) {
        if (attempt == successor) {
            // What it was to replace still works: the next turn is early enough.
            successor = null;
            return;
        }
        live = successor;
        successor = null;
        if (live != null) {
            return;
        }
        if (attempt.livedFor(GOOD)) {
            backoff.reset();
        }
        admission.cancel(this);
        queued = false;
        retry = actor.schedule(() -> start(FetchPriority.BACKGROUND), backoff.next(failure));
        listener.onFailure(failure);
    }

    private void arrived(Attempt attempt, T message) {
        if (attempt == successor) {
            Attempt old = live;
            live = attempt;
            successor = null;
            if (old != null) {
                old.end();
            }
        }
        listener.onMessage(message);
    }

    /** One call, with the slot that it has until it is answered. */
    private final class Attempt implements AgentCall.Receiver<T> {
        private final Instant started = context.clock().instant();
        private @Nullable AgentCall call;
        private @Nullable Future<?> timeout;
        private boolean answered;
        private boolean over;

        void open() {
            timeout = actor.schedule(this::late, firstMessageTimeout);
            try {
                call = opener.open(this);
            } catch (RuntimeException e) {
                onEnd(AgentFailure.temporary(String.valueOf(e.getMessage()), e));
            }
        }

        @Override
        public void onMessage(T message) {
            actor.execute(() -> {
                if (!over) {
                    answer();
                    arrived(this, message);
                }
            });
        }

        @Override
        public void onEnd(AgentFailure failure) {
            actor.execute(() -> {
                if (!over) {
                    end();
                    ended(this, failure);
                }
            });
        }

        boolean livedFor(Duration duration) {
            return answered && !started.plus(duration).isAfter(context.clock().instant());
        }

        void end() {
            over = true;
            answer();
            AgentCall running = call;
            if (running != null) {
                running.cancel();
            }
        }

        private void late() {
            if (!answered) {
                onEnd(AgentFailure.temporary(
                        "the agent did not answer (expected: within " + firstMessageTimeout
                                + "); it keeps silent when it cannot reach the SPIRE server: look at its log",
                        null));
            }
        }

        /** What comes first gives the slot back. */
        private void answer() {
            if (answered) {
                return;
            }
            answered = true;
            Future<?> running = timeout;
            if (running != null) {
                running.cancel(false);
            }
            admission.release();
        }
    }
}
