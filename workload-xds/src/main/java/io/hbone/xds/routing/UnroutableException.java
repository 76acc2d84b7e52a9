package io.hbone.xds.routing;

import org.jspecify.annotations.Nullable;

/** There is no way, and the message says why. It carries no stack trace: it is about data. */
final class UnroutableException extends Exception {
    private static final long serialVersionUID = 1L;

    private final @Nullable String missing;

    UnroutableException(String message) {
        this(message, null);
    }

    /** @param missing the name of the resource whose absence is the reason; null when nothing is absent */
    UnroutableException(String message, @Nullable String missing) {
        super(message, null, false, false);
        this.missing = missing;
    }

    @Nullable String missing() {
        return missing;
    }
}
