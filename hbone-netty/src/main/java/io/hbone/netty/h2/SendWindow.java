package io.hbone.netty.h2;

/** What a peer allows us to send, of a stream or of the connection (RFC 9113 section 5.2). */
final class SendWindow {

    private int available;

    SendWindow(int initial) {
        available = initial;
    }

    /** What may be sent now; negative after the peer has shrunk its initial window. */
    int available() {
        return available;
    }

    void consume(int bytes) {
        available -= bytes;
    }

    /** Adds credit. Returns false, and changes nothing, when the window would exceed 2^31-1. */
    boolean add(int bytes) {
        long sum = (long) available + bytes;
        if (sum > Integer.MAX_VALUE) {
            return false;
        }
        available = (int) sum;
        return true;
    }
}
