package io.hbone.xds.model;

/**
 * A workload that takes all its connections on one port, and is told by a protocol where they were meant to go.
 *
 * @param port 0 for the port that was asked for
 */
public record ApplicationTunnel(Protocol protocol, int port) {
    /** How it is told. */
    public enum Protocol {
        NONE,
        /** HAProxy's PROXY protocol, version 2. */
        PROXY
    }
}
