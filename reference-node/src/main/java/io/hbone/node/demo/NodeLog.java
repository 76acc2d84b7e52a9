package io.hbone.node.demo;

import java.util.ArrayList;
import java.util.List;

/** What one node has reported so far. Safe for use by any thread. */
final class NodeLog {
    private final List<Sighting> connections = new ArrayList<>();
    private final List<TunnelSighting> tunnels = new ArrayList<>();

    synchronized void add(Sighting connection) {
        connections.add(connection);
    }

    synchronized void add(TunnelSighting tunnel) {
        tunnels.add(tunnel);
    }

    synchronized List<Sighting> connections() {
        return List.copyOf(connections);
    }

    synchronized List<TunnelSighting> tunnels() {
        return List.copyOf(tunnels);
    }
}
