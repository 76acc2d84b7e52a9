package io.hbone.netty.socket;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;

/**
 * Where sockets come to be: the seam for those that live in another network namespace than the process. The kernel puts a socket
 * into the namespace of the thread that makes it, and it stays there, with what it accepts (spec/java.md 2.9); so a factory
 * enters the namespace, calls the constructor, and returns.
 *
 * <p>Written as a reference to a generic method: {@code sockets.withFactory(namespace::create)}.
 */
@FunctionalInterface
public interface SocketFactory {

    /** Sockets of the namespace that the process is in. */
    SocketFactory HERE = ChannelFactory::newChannel;

    /**
     * Makes one socket, neither bound nor connected. Called on the event loop of a connection, and for a listener on the thread
     * that binds it: it must not block, and must leave the thread as it was. What it throws fails the connect or the bind.
     *
     * @param constructor makes the socket on the calling thread
     * @return what {@code constructor} made
     */
    <C extends Channel> C create(ChannelFactory<C> constructor);
}
