package io.hbone.netty.socket;

import io.netty.channel.ChannelFactory;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringDatagramChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.Locale;

/** The ways to talk to the kernel. */
public enum Transport {
    /** Linux, the default there. */
    EPOLL,
    /** Linux 5.9 and newer; often forbidden in containers. */
    IO_URING,
    /** Everywhere, without redirects, marks and client addresses: those need the other two. */
    NIO;

    /** {@link #EPOLL} where it works, else {@link #NIO}. */
    public static Transport preferred() {
        return EPOLL.isAvailable() ? EPOLL : NIO;
    }

    /**
     * The transport of a name, as settings write it: {@code epoll}, {@code io_uring} or {@code nio}.
     *
     * @throws IllegalArgumentException when there is none of that name
     */
    public static Transport of(String name) {
        for (Transport transport : values()) {
            if (transport.toString().equals(name.toLowerCase(Locale.ROOT))) {
                return transport;
            }
        }
        throw new IllegalArgumentException("transport: " + name + " (expected: epoll, io_uring or nio)");
    }

    /** Whether it works on this machine. */
    public boolean isAvailable() {
        return switch (this) {
            case EPOLL -> Epoll.isAvailable();
            case IO_URING -> IoUring.isAvailable();
            case NIO -> true;
        };
    }

    /**
     * Event loops for it, on daemon threads named {@code name-N-M}. Use these for {@link #EPOLL} rather than a group on Netty's
     * own {@code EpollIoHandler}: that drops a socket which waits for nothing from epoll and fails its next wait with ENOENT
     * (netty#16689, since 4.2.13), so that connections with a half-closed or paused direction are cut off; here they are not.
     */
    public MultiThreadIoEventLoopGroup newEventLoopGroup(int threads, String name) {
        return new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory(name, true), ioHandlerFactory());
    }

    private IoHandlerFactory ioHandlerFactory() {
        return switch (this) {
            case EPOLL -> LastingEpoll.newFactory();
            case IO_URING -> IoUringIoHandler.newFactory();
            case NIO -> NioIoHandler.newFactory();
        };
    }

    /** @param ipv4 whether they only have to reach IPv4 addresses: then the kernel need not map those */
    ChannelFactory<SocketChannel> sockets(boolean ipv4) {
        return switch (this) {
            case EPOLL -> ipv4 ? () -> new EpollSocketChannel(SocketProtocolFamily.INET) : EpollSocketChannel::new;
            case IO_URING -> IoUringSocketChannel::new;
            case NIO -> NioSocketChannel::new;
        };
    }

    ChannelFactory<DatagramChannel> datagramSockets() {
        return switch (this) {
            case EPOLL -> EpollDatagramChannel::new;
            case IO_URING -> IoUringDatagramChannel::new;
            case NIO -> NioDatagramChannel::new;
        };
    }

    ChannelFactory<ServerChannel> serverSockets() {
        return switch (this) {
            case EPOLL -> EpollServerSocketChannel::new;
            case IO_URING -> IoUringServerSocketChannel::new;
            case NIO -> NioServerSocketChannel::new;
        };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
