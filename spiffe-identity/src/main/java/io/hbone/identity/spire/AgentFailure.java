package io.hbone.identity.spire;

import org.jspecify.annotations.Nullable;

/**
 * Why a call to an agent ended.
 *
 * @param message what happened, and what to look at
 * @param configuration whether only an operator can help, so that trying often is of no use
 * @param cause what was caught, if anything was
 */
record AgentFailure(
        String message, boolean configuration, @Nullable Throwable cause) {
    static AgentFailure temporary(String message, @Nullable Throwable cause) {
        return new AgentFailure(message, false, cause);
    }

    static AgentFailure configuration(String message, @Nullable Throwable cause) {
        return new AgentFailure(message, true, cause);
    }
}
