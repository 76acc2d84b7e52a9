package io.hbone.xds.ads;

import java.time.Duration;

/**
 * How a client behaves in time.
 *
 * @param firstBackoff after the first failure; doubles with each one
 * @param maxBackoff the longest
 * @param stableAfter a stream that lasted so long was a good one: the next failure counts as the first
 * @param firstAnswer how long a server may take for its first answer of each type; then another stream is tried
 * @param staleAfter how long after a reconnect what the server has not spoken of is still believed, when the server turns out to
 *     send everything again instead of what has changed
 * @param lookup how long a connection waits for a resource on demand
 * @param maxAbsent so many names that were asked for in vain are remembered; of more, the oldest are asked for again
 * @param maxPending so many names may be waited for at a time
 */
public record AdsSettings(
        Duration firstBackoff,
        Duration maxBackoff,
        Duration stableAfter,
        Duration firstAnswer,
        Duration staleAfter,
        Duration lookup,
        int maxAbsent,
        int maxPending) {
    /** Backoff as in ztunnel (spec/ztunnel.md 7.4), and bounds where it has none. */
    public static final AdsSettings DEFAULT = new AdsSettings(
            Duration.ofMillis(10),
            Duration.ofSeconds(15),
            Duration.ofSeconds(10),
            Duration.ofSeconds(60),
            Duration.ofSeconds(30),
            Duration.ofSeconds(5),
            4096,
            16384);
}
