package io.hbone.zds;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/** A node's session and what it was told on it. Touched by the loop only. */
final class NodeLink {
    private final NodeSession session;
    private final Set<String> told = new HashSet<>();
    private final Deque<String> deletions = new ArrayDeque<>();
    private boolean snapshotSent;

    NodeLink(NodeSession session) {
        this.session = session;
    }

    NodeSession session() {
        return session;
    }

    /** The workloads that it was sent and not told to drop. */
    Set<String> told() {
        return told;
    }

    /** What a node that is being replaced has still to be told. */
    Deque<String> deletions() {
        return deletions;
    }

    boolean isSnapshotSent() {
        return snapshotSent;
    }

    void snapshotSent() {
        snapshotSent = true;
    }
}
