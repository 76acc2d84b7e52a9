package io.hbone.netty.socket;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;

/**
 * Where sockets come to be: the seam for those that live in another network namespace than the process. The kernel puts a socket
 * into the namespace of the thread that makes it, and it stays there, with what it accepts (spec/java.md 2.9). A factory for
 * another namespace has a thread there, and takes the work to that thread, for an event loop can neither go nor wait.
 */
@FunctionalInterface
public interface SocketFactory {

    /** Sockets of the namespace that the process is in. */
    SocketFactory HERE = ChannelFactory::newChannel;

    /**
     * Makes one socket, neither bound nor connected, on the calling thread: one on which {@link #enter} calls {@code making}. Must
     * leave the thread as it was. What it throws fails the connect or the bind.
     *
     * @param constructor makes the socket on the calling thread
     * @return what {@code constructor} made
     */
    <C extends Channel> C create(ChannelFactory<C> constructor);

    /**
     * Calls {@code making}, which calls {@link #create} and does not block, on a thread where that may be done. Returns at once,
     * whatever thread it is called on; right here, if not said otherwise.
     *
     * @param making called exactly once, also when no socket can be made: then it is {@link #create} that throws
     */
    default void enter(Runnable making) {
        making.run();
    }
}
