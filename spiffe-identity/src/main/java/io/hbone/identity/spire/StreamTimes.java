package io.hbone.identity.spire;

import java.time.Duration;

/**
 * How long a streaming source is patient.
 *
 * @param firstMessage with a stream that says nothing, or nothing of use, at first
 * @param shrinkGrace with an SVID that is missing from a message: an agent that signs it anew leaves it out for a moment
 *     (spec/spire.md 1.6.5)
 * @param reopenBundles until the stream of bundles is opened anew, because an agent never takes a trust domain out of one
 */
record StreamTimes(Duration firstMessage, Duration shrinkGrace, Duration reopenBundles) {
    static final StreamTimes STANDARD =
            new StreamTimes(Duration.ofSeconds(10), Duration.ofSeconds(5), Duration.ofHours(1));

    StreamTimes {
        requirePositive("firstMessage", firstMessage);
        requirePositive("shrinkGrace", shrinkGrace);
        requirePositive("reopenBundles", reopenBundles);
    }

    private static void requirePositive(String name, Duration duration) {
        if (duration.isZero() || duration.isNegative()) {
            throw new IllegalArgumentException(name + ": " + duration + " (expected: more than zero)");
        }
    }
}
