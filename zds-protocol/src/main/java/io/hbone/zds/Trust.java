package io.hbone.zds;

import io.hbone.zds.internal.PeerProcess;

/** Who may be at the other end: root, or the user that this process runs as. Who else can reach the socket's file is refused. */
final class Trust {
    private Trust() {}

    static boolean isTrusted(PeerProcess peer) {
        return peer.uid() == 0 || peer.uid() == PeerProcess.ownUid();
    }

    static String refusal(PeerProcess peer) {
        return "refused " + peer + " (expected: user 0 or " + PeerProcess.ownUid() + ')';
    }
}
