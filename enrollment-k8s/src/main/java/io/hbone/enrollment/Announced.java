package io.hbone.enrollment;

/** What nodes are told of a workload of this machine. */
enum Announced {
    /** Nothing: they do not know it. */
    NOTHING,
    /** Who it is, and that it is reached without a tunnel. */
    PLAIN,
    /** Who it is, and that it is reached by HBONE. */
    TUNNEL
}
