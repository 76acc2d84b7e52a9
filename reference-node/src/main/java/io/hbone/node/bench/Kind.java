package io.hbone.node.bench;

import java.util.Locale;

/** What can be measured, in the order in which it is. */
enum Kind {
    /** Throughput from client to server. */
    SEND("Gbit/s", 8e-9),
    /** Throughput from server to client. */
    RECEIVE("Gbit/s", 8e-9),
    /** Requests at a fixed rate. */
    LATENCY("requests/s", 1),
    /** Requests as fast as they go. */
    REQUESTS("requests/s", 1),
    /** New connections as fast as they go. */
    CONNECTIONS("connections/s", 1);

    private final String unit;
    private final double scale;

    Kind(String unit, double scale) {
        this.unit = unit;
        this.scale = scale;
    }

    /** Of its speed. */
    String unit() {
        return unit;
    }

    /** Its speed in its unit, from that of what its timeline counts. */
    double speed(double perSecond) {
        return perSecond * scale;
    }

    /** As options and reports write it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
