package io.hbone.node.demo;

import io.hbone.netty.socket.Addresses;
import io.hbone.netty.socket.OriginalDestination;
import io.netty.channel.Channel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Stands in for redirect rules without root: remembers, as the kernel would, where each connection was meant to go. */
final class Redirects implements OriginalDestination {
    private final Map<InetSocketAddress, InetSocketAddress> meant = new ConcurrentHashMap<>();

    /** Connects to {@code node} from {@code source}, as if the client had dialled {@code destination}. */
    Socket connect(InetAddress source, InetSocketAddress node, InetSocketAddress destination, int patienceMillis)
            throws IOException {
        Socket socket = new Socket();
        try {
            socket.bind(new InetSocketAddress(source, 0));
            meant.put((InetSocketAddress) socket.getLocalSocketAddress(), destination);
            socket.connect(node, patienceMillis);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    @Override
    public InetSocketAddress of(Channel accepted) {
        InetSocketAddress client = Addresses.canonical((InetSocketAddress) accepted.remoteAddress());
        InetSocketAddress destination = meant.remove(client);
        return destination != null ? destination : Addresses.canonical((InetSocketAddress) accepted.localAddress());
    }
}
