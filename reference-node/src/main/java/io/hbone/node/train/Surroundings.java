package io.hbone.node.train;

import java.util.Map;

/** What nodes depend on: where they learn who is where, and get their certificates. */
interface Surroundings extends AutoCloseable {
    /** Tells nodes who is there. @param mesh in ztunnel's local format */
    void tell(String mesh);

    /** What a node that starts now must be told to find all of it. */
    Map<String, String> settings();

    @Override
    void close();
}
