package io.hbone.core;

/** What a policy engine decided, and what decided it. */
public sealed interface Decision {

    /** The policy that decided as {@code namespace/name}, or empty when the absence of policies did. */
    String policy();

    /** Why, in words for an operator. */
    String why();

    /** May pass. */
    record Allow(String policy, String why) implements Decision {
        /** No policy applies to the workload. */
        public static final Allow NO_POLICIES = new Allow("", "no policy applies");
    }

    /** Must not pass. */
    record Deny(String policy, String why) implements Decision {}
}
