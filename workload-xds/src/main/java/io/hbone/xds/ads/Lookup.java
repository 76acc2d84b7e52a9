package io.hbone.xds.ads;

/** How the wait for a resource on demand ended. */
public enum Lookup {
    /** The store has it. */
    FOUND,
    /** The server says that there is none. */
    ABSENT,
    /** The server did not say, in time. */
    TIMED_OUT
}
