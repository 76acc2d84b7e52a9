package io.hbone.identity;

import java.time.Clock;
import java.util.Objects;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;

/**
 * What every source of certificates runs with. Sources can share one.
 *
 * @param clock by which certificates are valid or not
 * @param executor runs the work, completes stages and calls listeners; one thread is enough. A source never shuts it down. When
 *     it drops cancelled tasks at once ({@code ScheduledThreadPoolExecutor.setRemoveOnCancelPolicy}), forgotten workloads leave
 *     nothing behind
 * @param random spreads refreshes and retries; need not be secure, must be safe for use by any thread
 * @param observer is told what happens
 */
public record SourceContext(
        Clock clock, ScheduledExecutorService executor, RandomGenerator random, IdentityObserver observer) {

    public SourceContext {
        Objects.requireNonNull(clock, "clock");
        Objects.requireNonNull(executor, "executor");
        Objects.requireNonNull(random, "random");
        Objects.requireNonNull(observer, "observer");
    }

    /** With the system's clock and randomness. */
    public static SourceContext of(ScheduledExecutorService executor, IdentityObserver observer) {
        return new SourceContext(
                Clock.systemUTC(), executor, () -> ThreadLocalRandom.current().nextLong(), observer);
    }
}
