package io.hbone.xds.model;

/** A resource cannot be used. The message says what was wrong with it, without its name. It carries no stack trace: it is about data. */
public final class MalformedResourceException extends Exception {
    private static final long serialVersionUID = 1L;

    public MalformedResourceException(String message) {
        super(message, null, false, false);
    }
}
