package io.hbone.node.bench;

import java.time.Duration;

/**
 * When a run counts, in nanoseconds of {@link Place#now()}.
 *
 * @param begin of the warm-up
 * @param from what happens before is not counted
 * @param until what happens from here on is not counted
 */
record Window(long begin, long from, long until) {
    static Window at(long begin, Duration warmUp, Duration duration) {
        long from = begin + warmUp.toNanos();
        return new Window(begin, from, from + duration.toNanos());
    }

    boolean contains(long time) {
        return time - from >= 0 && time - until < 0;
    }
}
