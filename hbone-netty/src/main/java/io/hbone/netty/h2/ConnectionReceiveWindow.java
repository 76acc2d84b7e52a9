package io.hbone.netty.h2;

/**
 * What a peer may send on a tunnel. Credit is returned on arrival, in steps of a quarter of the window: the tunnel's window
 * bounds what is on the wire and never what applications have not read.
 */
final class ConnectionReceiveWindow {

    private final int size;
    private int credit;

    ConnectionReceiveWindow(int size) {
        this.size = size;
        credit = size;
    }

    /** Bytes arrived. Returns false when the peer sent more than it may. */
    boolean arrived(int bytes) {
        credit -= bytes;
        return credit >= 0;
    }

    /** What to announce to the peer now, 0 for nothing. */
    int toReturn() {
        int used = size - credit;
        if (used < size / 4) {
            return 0;
        }
        credit = size;
        return used;
    }
}
