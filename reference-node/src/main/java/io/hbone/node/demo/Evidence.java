package io.hbone.node.demo;

import java.util.List;

/**
 * Everything that is known of a row's traffic, and of nothing else.
 *
 * @param clientAddress where the client is
 * @param dialled what the client dialled
 * @param onTheWire what the wire must see as the destination
 * @param keepsClientAddress whether the service can see the client's own address
 * @param exchanges by the client
 * @param served by the service
 * @param flows by the wire
 * @param web by the node of {@link Pod#WEB}
 * @param shop by the node of {@link Pod#SHOP}
 */
record Evidence(
        String clientAddress,
        String dialled,
        String onTheWire,
        boolean keepsClientAddress,
        List<Exchange> exchanges,
        List<Served> served,
        List<Flow> flows,
        NodeView web,
        NodeView shop) {

    Evidence {
        exchanges = List.copyOf(exchanges);
        served = List.copyOf(served);
        flows = List.copyOf(flows);
    }

    /** What a node reported. */
    record NodeView(List<Sighting> connections, List<TunnelSighting> tunnels) {
        NodeView {
            connections = List.copyOf(connections);
            tunnels = List.copyOf(tunnels);
        }
    }

    long sent() {
        return exchanges.stream().mapToLong(Exchange::sent).sum();
    }

    long received() {
        return exchanges.stream().mapToLong(Exchange::received).sum();
    }
}
