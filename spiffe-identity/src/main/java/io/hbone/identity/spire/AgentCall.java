package io.hbone.identity.spire;

/** One streaming call to an agent. */
interface AgentCall {
    /** Ends it; harmless when repeated and when it has ended. */
    void cancel();

    /** Takes what comes; called on any thread, one call after the other. */
    interface Receiver<T> {
        void onMessage(T message);

        /** It is over; nothing comes after. */
        void onEnd(AgentFailure failure);
    }

    /** Starts a call. It may fail by {@code receiver} alone. */
    interface Opener<T> {
        AgentCall open(Receiver<T> receiver);
    }
}
