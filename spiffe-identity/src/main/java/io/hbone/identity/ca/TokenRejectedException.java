package io.hbone.identity.ca;

/** A token is nobody's. The message says why and never quotes the token. */
public final class TokenRejectedException extends Exception {
    private static final long serialVersionUID = 1L;

    public TokenRejectedException(String message) {
        super(message, null, false, false);
    }
}
