package io.hbone.node.bench;

/**
 * When the requests of one connection are due: at even intervals, whatever the server does. A request's latency counts from then,
 * not from when it could be sent: so what a stalled server keeps from being sent shows in full (no coordinated omission).
 *
 * @param first when the first is due, nanoseconds of the loop's clock
 * @param interval to the next, nanoseconds, positive
 * @param until none is due from here on
 */
record Pace(long first, long interval, long until) {
    Pace {
        if (interval <= 0) {
            throw new IllegalArgumentException("interval: " + interval + " (expected: more than 0)");
        }
    }

    /**
     * The pace of one of many connections that share a rate: they take turns.
     *
     * @param perSecond of all together, positive
     * @param number of the connection, from 0
     * @param connections how many there are
     */
    static Pace of(Window window, double perSecond, int number, int connections) {
        long interval = Math.max(1, Math.round(1e9 * connections / perSecond));
        long first = window.begin() + Math.round(1e9 * number / perSecond);
        return new Pace(first, interval, window.until());
    }

    boolean isOver(long due) {
        return due - until >= 0;
    }

    /** The first that is due at {@code due} or later and that {@code window} counts; it may be over. */
    long counted(long due, Window window) {
        long early = window.from() - due;
        return early <= 0 ? due : due + (early + interval - 1) / interval * interval;
    }
}
