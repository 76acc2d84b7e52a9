package io.hbone.zds;

import java.time.Duration;

/** Checks of settings. */
final class Durations {
    private Durations() {}

    static Duration positive(Duration value, String name) {
        if (value.isZero() || value.isNegative()) {
            throw new IllegalArgumentException(name + ' ' + value + " (expected: more than zero)");
        }
        return value;
    }
}
