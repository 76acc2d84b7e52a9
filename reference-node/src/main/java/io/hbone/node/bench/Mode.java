package io.hbone.node.bench;

import org.jspecify.annotations.Nullable;

/** What a client asks of the server on one connection. */
enum Mode {
    /** Take what comes, and report how much that was. */
    SINK('s'),
    /** Send until the connection ends. */
    SOURCE('g'),
    /** Send back what comes. */
    ECHO('e'),
    /** Send back so many bytes, then close: so the client's port is free at once. */
    ONCE('o');

    private final byte code;

    Mode(char code) {
        this.code = (byte) code;
    }

    byte code() {
        return code;
    }

    /** Null when there is none. */
    static @Nullable Mode of(byte code) {
        for (Mode mode : values()) {
            if (mode.code == code) {
                return mode;
            }
        }
        return null;
    }
}
