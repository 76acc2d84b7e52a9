package io.hbone.zds;

import io.hbone.zds.internal.PeerProcess;
import io.hbone.zds.internal.SeqpacketSocket;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The nodes that are connected to an agent. The newest one is told everything. An older one of the same process is closed; one of
 * another process is about to be replaced by the newest: it keeps its connection, lest it connects again and takes over again, and
 * is told deletions alone. Touched by the loop only.
 */
final class NodeSessions implements NodeSession.Events {
    /** One, and another one during an upgrade, is what there should be. */
    static final int MAX_SESSIONS = 8;

    private static final Logger logger = LoggerFactory.getLogger(NodeSessions.class);

    private final Loop loop;
    private final Duration answerWithin;
    private final Enrolments enrolments;
    private final ZdsServer.Listener listener;
    private final List<NodeSession> sessions = new ArrayList<>();
    private final List<NodeLink> parked = new ArrayList<>();
    private @Nullable NodeLink active;
    private boolean closed;

    NodeSessions(Loop loop, Duration answerWithin, Enrolments enrolments, ZdsServer.Listener listener) {
        this.loop = loop;
        this.answerWithin = answerWithin;
        this.enrolments = enrolments;
        this.listener = listener;
    }

    void accepted(SeqpacketSocket socket, PeerProcess peer) {
        if (closed) {
            socket.close();
            return;
        }
        if (sessions.size() >= MAX_SESSIONS) {
            logger.warn("refused {}: {} nodes are connected (expected: one)", peer, sessions.size());
            socket.close();
            return;
        }
        NodeSession session = new NodeSession(socket, peer, loop, answerWithin, this);
        sessions.add(session);
        session.start();
    }

    @Override
    public void greeted(NodeSession session, int version) {
        if (version != 1) {
            logger.warn("{} speaks version {} of ZDS (expected: 1); going on as if it were", session, version);
        }
        logger.info("{} is connected and told everything from now on", session);
        NodeLink older = active;
        active = new NodeLink(session);
        if (older != null) {
            parked.add(older);
        }
        enrolments.activate(active);
        for (NodeLink link : List.copyOf(parked)) {
            int pid = link.session().peer().pid();
            if (pid == 0 || pid == session.peer().pid()) {
                link.session().end("it has connected anew");
            }
        }
        listener.nodesChanged(sessions.size());
    }

    @Override
    public void ended(NodeSession session, String why) {
        logger.info("{} is gone: {}", session, why);
        sessions.remove(session);
        parked.removeIf(link -> link.session() == session);
        if (active != null && active.session() == session) {
            active = null;
            enrolments.deactivate();
            // A node takes one snapshot on a connection, so an older one that shall take over has to come again.
            for (NodeLink link : List.copyOf(parked)) {
                link.session().end("the newer node is gone: it may take over with a new connection");
            }
        }
        listener.nodesChanged(sessions.size());
    }

    @Override
    public void free(NodeSession session) {
        enrolments.pump();
        for (NodeLink link : List.copyOf(parked)) {
            if (link.session() == session) {
                tellDeletions(link);
            }
        }
    }

    /** Tells the nodes that are being replaced: the pod's listeners must not outlive it there. */
    void deleted(String uid) {
        for (NodeLink link : List.copyOf(parked)) {
            if (link.told().remove(uid)) {
                link.deletions().add(uid);
                tellDeletions(link);
            }
        }
    }

    private void tellDeletions(NodeLink link) {
        if (!link.session().isFree()) {
            return; // it comes back when it is
        }
        String uid = link.deletions().poll();
        if (uid == null) {
            return;
        }
        try {
            link.session().send(ZdsCodec.delete(uid), null, error -> {
                // It is being replaced: what it could not close ends with it.
            });
        } catch (IOException e) {
            link.session().end(NodeWorkload.text(e));
        }
    }

    void close() {
        closed = true;
        for (NodeSession session : List.copyOf(sessions)) {
            session.end("the agent is closing");
        }
    }
}
