package io.hbone.enrollment;

import java.time.Duration;

/**
 * The times of an agent; each more than zero, but for {@code drain}.
 *
 * @param verify how often the rules of an enrolled workload are looked at
 * @param firstRetry the pause after a first failure; pauses double, each with jitter
 * @param longestRetry the longest pause
 * @param drain how long connections through the node may go on after their workload was un-enrolled; zero ends them at once
 * @param delivery how long to wait for nodes to take what they were told of the mesh
 * @param seed how long workloads that were there when the agent started are waited for before nodes are told anything
 */
public record AgentSettings(
        Duration verify, Duration firstRetry, Duration longestRetry, Duration drain, Duration delivery, Duration seed) {
    /** What is right as a rule. */
    public static final AgentSettings DEFAULT = new AgentSettings(
            Duration.ofSeconds(30),
            Duration.ofSeconds(1),
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            Duration.ofSeconds(5),
            Duration.ofSeconds(30));

    public AgentSettings {
        positive("verify", verify);
        positive("firstRetry", firstRetry);
        positive("longestRetry", longestRetry);
        positive("delivery", delivery);
        positive("seed", seed);
        if (drain.isNegative()) {
            throw new IllegalArgumentException("drain: " + drain + " (expected: zero or more)");
        }
    }

    private static void positive(String name, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: more than zero)");
        }
    }

    /** The same with another pause between looks at the rules. */
    public AgentSettings withVerify(Duration value) {
        return new AgentSettings(value, firstRetry, longestRetry, drain, delivery, seed);
    }

    /** The same with another time for connections to end. */
    public AgentSettings withDrain(Duration value) {
        return new AgentSettings(verify, firstRetry, longestRetry, value, delivery, seed);
    }
}
