package io.hbone.netty.proxy;

import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.socket.Addresses;
import io.netty.channel.Channel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Set;

/** The node's own ports, which nothing is carried to: it would come back. */
final class IllegalPorts {

    /** Outbound capture, inbound plaintext, inbound HBONE. */
    static final Set<Integer> DEFAULT = Set.of(15001, 15006, 15008);

    private IllegalPorts() {}

    /**
     * Whether {@code port} is one of them, or that of the listener which {@code accepted} came by: only the listener knows which one
     * it got when any would do.
     */
    static boolean contains(Set<Integer> ports, Channel accepted, int port) {
        if (ports.contains(port)) {
            return true;
        }
        Channel listener = accepted.parent();
        return listener != null
                && listener.localAddress() instanceof InetSocketAddress address
                && address.getPort() == port;
    }

    /** Whether a captured connection would lead to the node that captured it. */
    static boolean leadsHome(
            Set<Integer> ports,
            Channel accepted,
            InetSocketAddress destination,
            InetSocketAddress client,
            InetSocketAddress local) {
        InetAddress ip = destination.getAddress();
        return contains(ports, accepted, destination.getPort())
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
