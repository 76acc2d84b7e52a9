package io.hbone.netty.h2;

/**
 * What a peer may send on a stream. Credit is returned when the application has taken the bytes, in steps of half the window.
 * The window starts small; it doubles whenever half of it was taken within two round trips, for then the window, and not the
 * application or the network, is what limits the stream (the rule that QUIC implementations use).
 */
final class StreamReceiveWindow {

    private final int initial;
    private final int max;
    private final WindowBudget budget;

    private int size;
    /** What the peer may still send. */
    private int credit;
    /** What was taken and not returned yet. */
    private int taken;

    private long lastReturn;

    /** @param granted what the peer may send to begin with: {@code initial}, or more when it does not know of that yet */
    StreamReceiveWindow(int initial, int granted, int max, WindowBudget budget, long now) {
        this.initial = initial;
        this.max = max;
        this.budget = budget;
        size = initial;
        credit = granted;
        lastReturn = now;
    }

    /** Bytes arrived. Returns false when the peer sent more than it may. */
    boolean arrived(int bytes) {
        credit -= bytes;
        return credit >= 0;
    }

    /**
     * The application took bytes.
     *
     * @param now the time in nanoseconds
     * @param roundTrip of the tunnel, nanoseconds
     * @return what to announce to the peer now, 0 for nothing
     */
    int taken(int bytes, long now, long roundTrip) {
        taken += bytes;
        if (taken < size / 2) {
            return 0;
        }
        int growth = 0;
        if (size < max && now - lastReturn < 2 * roundTrip) {
            int wanted = Math.min(size, max - size);
            if (budget.tryTake(wanted)) {
                growth = wanted;
            }
        }
        int increment = taken + growth;
        size += growth;
        credit += increment;
        taken = 0;
        lastReturn = now;
        return increment;
    }

    /** The stream is over: what the window had grown goes back to the budget. */
    void close() {
        if (size > initial) {
            budget.giveBack(size - initial);
            size = initial;
        }
    }

    int size() {
        return size;
    }
}
