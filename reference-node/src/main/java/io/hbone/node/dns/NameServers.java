package io.hbone.node.dns;

import io.hbone.netty.socket.Sockets;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Who is asked what the mesh does not know, on behalf of one workload. Safe for use by any thread.
 *
 * @param now those of this moment, in the order in which they are asked
 * @param sockets in the workload's network, whose way out its policies know; marked, so that its redirect rules let them pass
 * @param home in the network of this process, where servers on loopback addresses are
 * @param asking the addresses of open sockets, by which a query that was led back to its sender is known
 */
record NameServers(
        Supplier<List<InetSocketAddress>> now, Sockets sockets, Sockets home, Set<InetSocketAddress> asking) {

    NameServers(Supplier<List<InetSocketAddress>> now, Sockets sockets, Sockets home) {
        this(now, sockets, home, ConcurrentHashMap.newKeySet());
    }

    List<InetSocketAddress> servers() {
        return now.get();
    }

    Sockets socketsTo(InetSocketAddress server) {
        return server.getAddress().isLoopbackAddress() ? home : sockets;
    }
}
