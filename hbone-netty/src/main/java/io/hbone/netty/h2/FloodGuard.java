package io.hbone.netty.h2;

/**
 * Counts what a peer does in windows of time, and says when it is too much. Two windows' worth may pass at the border of two
 * windows: good enough against abuse, and one counter.
 */
final class FloodGuard {

    private final int limit;
    private final long window;
    private long windowStart;
    private int count;

    /**
     * @param limit how often within the window, positive
     * @param window nanoseconds
     */
    FloodGuard(int limit, long window, long now) {
        this.limit = limit;
        this.window = window;
        windowStart = now;
    }

    /** Counts one. Returns false when that is too many. */
    boolean admit(long now) {
        if (now - windowStart >= window) {
            windowStart = now;
            count = 0;
        }
        return ++count <= limit;
    }
}
