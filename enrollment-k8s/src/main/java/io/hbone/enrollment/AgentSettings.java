package io.hbone.enrollment;

import java.time.Duration;

/**
 * The times of an agent; each more than zero, but for {@code drain} and {@code linger}.
 *
 * @param verify how often the rules of an enrolled workload are looked at; more seldom with many workloads, half a second for each
 * @param firstRetry the pause after a first failure; pauses double, each with jitter
 * @param longestRetry the longest pause
 * @param drain how long connections through the node may go on after their workload was un-enrolled; zero ends them at once
 * @param linger how long a workload that was un-enrolled can still be reached by HBONE at least, so that the agents of other machines
 *     learn of it before; not longer than {@code drain}
 * @param delivery how long to wait for nodes to take what they were told of the mesh
 * @param seed how long workloads that were there when the agent started are waited for before nodes are told anything
 */
public record AgentSettings(
        Duration verify,
        Duration firstRetry,
        Duration longestRetry,
        Duration drain,
        Duration linger,
        Duration delivery,
        Duration seed) {
    /** What is right as a rule. */
    public static final AgentSettings DEFAULT = new AgentSettings(
            Duration.ofSeconds(30),
            Duration.ofSeconds(1),
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            Duration.ofSeconds(3),
            // Longer than a node's longest pause: one that comes back to a restarted agent last must not be believed to
            // know.
            Duration.ofSeconds(20),
            Duration.ofSeconds(30));

    public AgentSettings {
        positive("verify", verify);
        positive("firstRetry", firstRetry);
        positive("longestRetry", longestRetry);
        positive("delivery", delivery);
        positive("seed", seed);
        notNegative("drain", drain);
        notNegative("linger", linger);
    }

    private static void notNegative(String name, Duration value) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: zero or more)");
        }
    }

    private static void positive(String name, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: more than zero)");
        }
    }

    /** The same with another pause between looks at the rules. */
    public AgentSettings withVerify(Duration value) {
        return new AgentSettings(value, firstRetry, longestRetry, drain, linger, delivery, seed);
    }

    /** The same with another time for connections to end. */
    public AgentSettings withDrain(Duration value) {
        return new AgentSettings(verify, firstRetry, longestRetry, value, linger, delivery, seed);
    }

    /** The same with another time for other machines to learn that a workload has left. */
    public AgentSettings withLinger(Duration value) {
        return new AgentSettings(verify, firstRetry, longestRetry, drain, value, delivery, seed);
    }
}
