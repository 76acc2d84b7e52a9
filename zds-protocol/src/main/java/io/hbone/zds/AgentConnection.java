package io.hbone.zds;

import io.hbone.zds.internal.Packet;
import io.hbone.zds.internal.PeerProcess;
import io.hbone.zds.internal.SeqpacketSocket;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A node's connection to its agent, on a thread of its own: says hello, then reads a request, has it done on the loop, answers it,
 * and reads the next. A request that cannot be understood is answered with an error, and the connection goes on: packets have
 * bounds, so the next one is whole.
 */
final class AgentConnection {
    private static final Duration CONNECT_PATIENCE = Duration.ofSeconds(5);

    private final Path path;
    private final Loop loop;
    private final Events events;
    private final Thread thread;
    private @Nullable SeqpacketSocket socket;
    private boolean closed;

    AgentConnection(Path path, Loop loop, Events events) {
        this.path = path;
        this.loop = loop;
        this.events = events;
        thread = new Thread(this::work, "zds-agent");
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Any thread. Waits for nothing. */
    void close() {
        SeqpacketSocket open;
        synchronized (this) {
            closed = true;
            open = socket;
        }
        if (open != null) {
            open.shutdown();
        }
        thread.interrupt();
    }

    private void work() {
        String why;
        try (SeqpacketSocket connected = SeqpacketSocket.connect(path, CONNECT_PATIENCE, ZdsCodec.LIMIT)) {
            synchronized (this) {
                if (closed) {
                    return;
                }
                socket = connected;
            }
            why = converse(connected);
        } catch (IOException e) {
            why = NodeWorkload.text(e);
        } catch (InterruptedException | RejectedExecutionException e) {
            return; // closed
        }
        String reason = why;
        loop.executeOrRun(() -> events.ended(this, reason));
    }

    /** @return why it ended */
    private String converse(SeqpacketSocket connected) throws IOException, InterruptedException {
        PeerProcess peer = connected.peer();
        if (!Trust.isTrusted(peer)) {
            return Trust.refusal(peer);
        }
        connected.send(ZdsCodec.hello(), null);
        loop.execute(() -> events.connected(this, peer));
        while (true) {
            Packet packet = connected.receive();
            if (packet == null) {
                return "the agent closed the connection";
            }
            connected.send(ZdsCodec.ack(answer(packet)), null);
        }
    }

    /** @return empty for success */
    private String answer(Packet packet) throws InterruptedException {
        ZdsRequest request;
        try {
            request = ZdsCodec.readRequest(packet);
        } catch (ZdsException e) {
            loop.execute(() -> events.refused(e));
            return NodeWorkload.text(e);
        }
        CompletableFuture<Void> answer = new CompletableFuture<>();
        loop.executeOrRun(() -> events.requested(request).whenComplete((done, failure) -> {
            if (failure == null) {
                answer.complete(null);
            } else {
                answer.completeExceptionally(failure);
            }
        }));
        try {
            answer.get();
            return "";
        } catch (ExecutionException e) {
            return NodeWorkload.text(e.getCause() == null ? e : e.getCause());
        }
    }

    /** What happens on it, told on the loop. */
    interface Events {
        void connected(AgentConnection connection, PeerProcess peer);

        /** @return completes in any case */
        CompletableFuture<Void> requested(ZdsRequest request);

        /** A request was not understood, and answered so. */
        void refused(ZdsException why);

        /** Also when it was never connected; not when it was closed from this side. */
        void ended(AgentConnection connection, String why);
    }
}
