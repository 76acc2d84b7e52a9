package io.hbone.zds;

import io.hbone.zds.internal.Descriptor;
import io.hbone.zds.internal.Packet;
import io.hbone.zds.internal.PeerProcess;
import io.hbone.zds.internal.SeqpacketSocket;
import io.hbone.zds.internal.UnixException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An agent's connection with one node: reads on a thread of its own, and knows the exchange: a hello first, then one message in
 * flight at a time, each with a deadline for its answer. Touched by the loop only, but for what says otherwise.
 */
final class NodeSession {
    private final SeqpacketSocket socket;
    private final PeerProcess peer;
    private final Loop loop;
    private final Duration answerWithin;
    private final Events events;
    private boolean greeted;
    private boolean ended;
    private @Nullable Consumer<String> inFlight;
    private @Nullable Future<?> deadline;

    NodeSession(SeqpacketSocket socket, PeerProcess peer, Loop loop, Duration answerWithin, Events events) {
        this.socket = socket;
        this.peer = peer;
        this.loop = loop;
        this.answerWithin = answerWithin;
        this.events = events;
    }

    /** Waits for the hello. */
    void start() {
        deadline = loop.after(answerWithin, () -> end("it said no hello within " + answerWithin));
        Thread thread = new Thread(this::read, "zds-node-" + peer.pid());
        thread.setDaemon(true);
        thread.start();
    }

    /** Any thread. */
    PeerProcess peer() {
        return peer;
    }

    boolean isFree() {
        return greeted && !ended && inFlight == null;
    }

    /**
     * Sends a message while none is in flight.
     *
     * @param attachment a file descriptor to go with it; stays the caller's
     * @param answered is told the node's error, empty for success; not told at all when the session ends before
     * @throws IOException when nothing is wrong with the session, but this message cannot be sent
     */
    void send(byte[] message, @Nullable Descriptor attachment, Consumer<String> answered) throws IOException {
        if (message.length > ZdsCodec.LIMIT) {
            throw new IOException("its message has " + message.length + " bytes (expected: at most " + ZdsCodec.LIMIT
                    + "; look at the length of its names)");
        }
        inFlight = answered;
        deadline = loop.after(answerWithin, () -> end("it gave no answer within " + answerWithin));
        try {
            socket.send(message, attachment);
        } catch (UnixException e) {
            if (e.isAboutTheMessage()) {
                inFlight = null;
                settle();
                throw e;
            }
            end(NodeWorkload.text(e));
        }
    }

    /** Ends it; once. */
    void end(String why) {
        if (ended) {
            return;
        }
        ended = true;
        inFlight = null;
        if (deadline != null) {
            deadline.cancel(false);
        }
        socket.close(); // wakes the reader
        events.ended(this, why);
    }

    private void read() {
        String why;
        try (socket) {
            while (true) {
                Packet packet = socket.receive();
                if (packet == null) {
                    why = "it closed the connection";
                    break;
                }
                try {
                    loop.execute(() -> received(packet));
                } catch (RejectedExecutionException e) {
                    packet.close();
                    return; // the server is closed
                }
            }
        } catch (IOException e) {
            why = NodeWorkload.text(e);
        }
        String reason = why;
        loop.executeOrRun(() -> end(reason));
    }

    private void received(Packet packet) {
        if (ended) {
            packet.close();
            return;
        }
        try {
            if (!greeted) {
                int version = ZdsCodec.readHello(packet);
                settle();
                greeted = true;
                events.greeted(this, version);
                return;
            }
            String error = ZdsCodec.readResponse(packet);
            Consumer<String> answered = inFlight;
            if (answered == null) {
                end("an answer to nothing (expected: one for each message)");
                return;
            }
            settle();
            inFlight = null;
            answered.accept(error);
            events.free(this);
        } catch (ZdsException e) {
            end(NodeWorkload.text(e)); // which message it would have answered is anybody's guess from here on
        }
    }

    private void settle() {
        if (deadline != null) {
            deadline.cancel(false);
            deadline = null;
        }
    }

    @Override
    public String toString() {
        return "node (" + peer + ')';
    }

    /** What happens on it, told on the loop. */
    interface Events {
        void greeted(NodeSession session, int version);

        /** It has answered and can be told the next thing. */
        void free(NodeSession session);

        void ended(NodeSession session, String why);
    }
}
