package io.hbone.identity.spire;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** How long to wait before a stream is opened again: 0.1 s, doubled each time, up to 30 s, 20 % more or less. */
final class StreamBackoff {
    static final Duration MIN = Duration.ofMillis(100);
    static final Duration MAX = Duration.ofSeconds(30);

    private static final double JITTER = 0.2;
    private static final int MAX_DOUBLINGS = 10;

    private final RandomGenerator random;
    private int failures;

    StreamBackoff(RandomGenerator random) {
        this.random = random;
    }

    /** The stream was good for a while. */
    void reset() {
        failures = 0;
    }

    Duration next(AgentFailure failure) {
        long millis = MAX.toMillis();
        if (!failure.configuration()) {
            millis = Math.min(MIN.toMillis() << Math.min(failures, MAX_DOUBLINGS), millis);
            failures++;
        }
        return Duration.ofMillis((long) (millis * (1 + JITTER * (2 * random.nextDouble() - 1))));
    }
}
