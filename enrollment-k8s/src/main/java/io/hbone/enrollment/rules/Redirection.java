package io.hbone.enrollment.rules;

import io.hbone.zds.NetworkNamespace;

/**
 * Leads the traffic of network namespaces through a node, and stops doing so. All methods block, as they run the system's tools inside
 * of the namespace; they may be called from any thread, for different namespaces at once, and for one namespace by one thread at a time.
 */
public interface Redirection {
    /** What is found of the rules in a namespace. */
    enum State {
        /** None of them. */
        ABSENT,
        /** All of them, and nothing else that bears their names. */
        INSTALLED,
        /** Some of them, or others than expected: left over by an older version, or by an agent that died half way. */
        STALE
    }

    /**
     * Puts all rules in place, whatever was there before. They take effect at once or not at all.
     *
     * @throws RedirectException when the rules could not be written or are not there afterwards; what was written is removed again
     */
    void install(NetworkNamespace namespace) throws RedirectException;

    /**
     * Removes every rule, chain, route and policy of this library's, of every variant; nothing happens where there is none.
     *
     * @throws RedirectException when something is left
     */
    void remove(NetworkNamespace namespace) throws RedirectException;

    /** What is there now. */
    State inspect(NetworkNamespace namespace) throws RedirectException;
}
