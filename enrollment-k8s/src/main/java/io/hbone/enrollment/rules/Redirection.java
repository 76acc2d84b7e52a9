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
     * With the tools of this system: {@code nsenter} (util-linux or busybox), {@code ip} (iproute2), and {@code nft} or iptables.
     * Running them takes CAP_SYS_ADMIN and CAP_NET_ADMIN.
     */
    static Redirection of(RedirectSettings settings) {
        return new SystemRedirection(settings, Tools.system());
    }

    /**
     * Has the answers to what a node delivers here find back to it, and captures nothing: so the node can be reached from outside as
     * soon as it listens. To be followed by {@link #install}. Nothing happens where there are rules already.
     *
     * @throws RedirectException as {@link #install} does
     */
    default void prepare(NetworkNamespace namespace) throws RedirectException {}

    /**
     * Puts all rules in place, whatever was there of them before; nothing is written where they are in place. Answers can be delivered
     * before anything is captured, and everything is captured when this returns. Connections that are open stay as they are.
     *
     * @throws RedirectException when the rules could not be written or are not there afterwards, or those of another convention are.
     *     Where there was none before, there is none then; where there were some, they stay, so that nobody sends in plaintext because a
     *     repair failed
     */
    void install(NetworkNamespace namespace) throws RedirectException;

    /**
     * Captures nothing more, and keeps alive what was captured: what the node carries goes on, what is opened from now on goes past it.
     * To be followed by {@link #remove} when the node has ended what it carries. Until then {@link #inspect} says {@link State#STALE}.
     * Nothing happens where there is nothing. Who cannot do this removes everything.
     */
    default void release(NetworkNamespace namespace) throws RedirectException {
        remove(namespace);
    }

    /**
     * Removes every rule, chain, route and policy rule of its convention, of every family, whatever they were written with; nothing happens where
     * there is none. Connections that the node carries end, see {@link #release}; others that are open stay as they are.
     *
     * @throws RedirectException when something is left: as much as possible was removed
     */
    void remove(NetworkNamespace namespace) throws RedirectException;

    /** What is there now. */
    State inspect(NetworkNamespace namespace) throws RedirectException;
}
