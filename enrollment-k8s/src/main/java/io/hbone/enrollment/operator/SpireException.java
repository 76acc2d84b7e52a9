package io.hbone.enrollment.operator;

/** A SPIRE server could not be asked, or did not do a whole call; the message says what to look at. */
final class SpireException extends RuntimeException {
    SpireException(String message, Throwable cause) {
        super(message, cause);
    }
}
