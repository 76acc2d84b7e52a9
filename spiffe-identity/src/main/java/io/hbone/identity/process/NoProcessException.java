package io.hbone.identity.process;

import java.io.IOException;

/** The container runtime answered, and says that what it was asked for does not run. */
public final class NoProcessException extends IOException {
    private static final long serialVersionUID = 1L;

    NoProcessException(String message) {
        super(message);
    }
}
