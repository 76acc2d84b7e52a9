package io.hbone.enrollment.operator;

/** Hears of what an operator does, for metrics. Called on its threads; must be quick. */
public interface OperatorObserver {
    /** Nobody. */
    OperatorObserver NONE = new OperatorObserver() {};

    /**
     * Entries were sent to the SPIRE server.
     *
     * @param method {@code upsert} or {@code delete}
     * @param done for how many of them all is now as it was wanted
     * @param failed for how many it is not
     */
    default void entries(String method, int done, int failed) {}

    /** This operator leads now, or does not any more. */
    default void leading(boolean leads) {}

    /**
     * How a SPIRE server that was asked something took it.
     *
     * @param problem empty when it answered
     */
    default void spire(String problem) {}
}
