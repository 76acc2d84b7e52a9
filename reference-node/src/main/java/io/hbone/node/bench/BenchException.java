package io.hbone.node.bench;

/** Why something could not be measured, in words for who runs the bench: what happened to whom, and what to look at. */
final class BenchException extends Exception {
    BenchException(String message) {
        super(message);
    }

    BenchException(String message, Throwable cause) {
        super(message, cause);
    }
}
