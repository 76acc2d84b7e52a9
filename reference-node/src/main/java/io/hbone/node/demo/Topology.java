package io.hbone.node.demo;

import java.io.IOException;
import java.util.List;

/**
 * The four pods, the nodes of the enrolled ones, and the wire between them: everything in its place and
 * running. How it is undone is known to the {@link Cleanup} that it was opened with.
 */
interface Topology {
    /** {@code namespaces} or {@code loopback}. */
    String mode();

    /** What that is, in a sentence. */
    String description();

    /** What this way of running cannot show, a sentence each. */
    List<String> cannotShow();

    /** Where a pod is. */
    String address(Pod pod);

    /** What the wire must see as the destination of a row's connections. */
    String onTheWire(Row row);

    /** What a row's client dials. */
    String dialled(Row row);

    /** Whether a service can see its client's own address. */
    boolean keepsClientAddresses();

    /** One connection of a row, from its first to its last byte. */
    Exchange exchange(Row row, Payload payload) throws IOException;

    /** The connections that a pod's service has served so far. */
    List<Served> served(Pod pod) throws IOException;

    /** What has crossed the wire so far, searched for {@code marker}. */
    List<Flow> flows(String marker) throws IOException;

    /** What the node of an enrolled pod has reported so far. */
    NodeLog log(Pod pod);
}
