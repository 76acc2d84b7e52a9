package io.hbone.core;

/**
 * Where revocations come from. Never fails: what cannot be read leaves in force what was known before. All methods are safe for use
 * by any thread and return at once.
 */
public interface RevocationSource {
    /** Revokes nothing, ever. */
    RevocationSource NONE = new RevocationSource() {
        @Override
        public Revocations current() {
            return Revocations.NONE;
        }

        @Override
        public Subscription subscribe(Runnable changed) {
            return () -> {};
        }
    };

    /** What is known now: a read without locks. */
    Revocations current();

    /** Calls {@code changed}, which must not block, on a thread of the source after each change of {@link #current}. */
    Subscription subscribe(Runnable changed);

    /** A running subscription. */
    interface Subscription extends AutoCloseable {
        /** Ends it; harmless when repeated. A call that is already under way may still arrive. */
        @Override
        void close();
    }
}
