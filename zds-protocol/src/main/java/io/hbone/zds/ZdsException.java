package io.hbone.zds;

/** A message that breaks the protocol. The text says what was wrong with it, for the other side's log. */
final class ZdsException extends Exception {
    private static final long serialVersionUID = 1L;

    ZdsException(String message) {
        super(message);
    }
}
