package io.hbone.enrollment.rules;

import org.jspecify.annotations.Nullable;

/** Rules could not be read, written or removed: says in which namespace, which tool said what, and what to look at. */
public final class RedirectException extends Exception {
    /**
     * @param message for the operator
     * @param cause null when a tool reported the failure
     */
    public RedirectException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
