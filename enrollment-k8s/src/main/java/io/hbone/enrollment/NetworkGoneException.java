package io.hbone.enrollment;

import java.io.IOException;

/** There is no such network namespace, for the time being at least: the workload does not run. */
public final class NetworkGoneException extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param message for the operator */
    public NetworkGoneException(String message) {
        super(message);
    }
}
