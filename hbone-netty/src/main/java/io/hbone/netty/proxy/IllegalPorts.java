package io.hbone.netty.proxy;

import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.socket.Addresses;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.Set;

/** The node's own ports, which nothing is carried to: it would come back. */
final class IllegalPorts {

    /** Outbound capture, inbound plaintext, inbound HBONE. */
    static final Set<Integer> DEFAULT = Set.of(15001, 15006, 15008);

    private IllegalPorts() {}

    /** The same and the port that a listener is about to take. */
    static Set<Integer> with(Set<Integer> ports, InetSocketAddress listener) {
        if (listener.getPort() == 0 || ports.contains(listener.getPort())) {
            return ports;
        }
        Set<Integer> all = new HashSet<>(ports);
        all.add(listener.getPort());
        return Set.copyOf(all);
    }

    /** Whether a captured connection would lead to the node that captured it. */
    static boolean leadsHome(
            Set<Integer> ports, InetSocketAddress destination, InetSocketAddress client, InetSocketAddress local) {
        InetAddress ip = destination.getAddress();
        return ports.contains(destination.getPort())
                && (ip.isLoopbackAddress()
                        || ip.isAnyLocalAddress()
                        || ip.equals(client.getAddress()) // an application has its pod's address
                        || ip.equals(local.getAddress()));
    }

    static TunnelException recursion(InetSocketAddress destination) {
        return new TunnelException(
                TunnelError.RECURSIVE_CALL, "attempted recursive call to ourselves: " + Addresses.text(destination));
    }
}
