package io.hbone.xds;

/**
 * A resource that was not taken, and why. Those that came with it are not affected, and what was held under its name stays.
 *
 * @param name of the resource
 * @param reason "what it was (expected: what)", for the operator of the server that sent it
 */
public record Rejection(String name, String reason) {
    /** As in a NACK: {@code name: reason}. */
    @Override
    public String toString() {
        return name + ": " + reason;
    }
}
