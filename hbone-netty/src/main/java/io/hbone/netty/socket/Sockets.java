package io.hbone.netty.socket;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.unix.IntegerUnixChannelOption;
import io.netty.channel.unix.UnixChannelOption;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes sockets of one kind: transport, packet mark, keepalive, place. They are of TCP where nothing else is said; Nagle's algorithm is
 * off: Netty sees to that for each socket. Immutable; any thread.
 *
 * @param transport how to talk to the kernel
 * @param mark the packet mark (SO_MARK) of every socket, so that redirect rules can tell them from an application's; null for
 *     none. Needs CAP_NET_ADMIN
 * @param keepalive of TCP, on sockets to and from applications; null for none
 * @param originalSource whether listeners, and connections to applications, may bear other machines' addresses
 * @param factory where they come to be
 * @param sharedPorts whether a listener may take a port that another process's listener has, who does the same (SO_REUSEPORT):
 *     connections are spread over both
 */
public record Sockets(
        Transport transport,
        @Nullable Integer mark,
        @Nullable Keepalive keepalive,
        OriginalSource originalSource,
        SocketFactory factory,
        boolean sharedPorts) {

    // asm-generic/socket.h and linux/tcp.h; Netty's own options of these names are not for listeners
    private static final int SOL_SOCKET = 1;
    private static final int SOL_TCP = 6;
    private static final ChannelOption<Integer> SO_KEEPALIVE =
            new IntegerUnixChannelOption("SO_KEEPALIVE", SOL_SOCKET, 9);
    private static final ChannelOption<Integer> SO_MARK = new IntegerUnixChannelOption("SO_MARK", SOL_SOCKET, 36);
    private static final ChannelOption<Integer> TCP_KEEPIDLE = new IntegerUnixChannelOption("TCP_KEEPIDLE", SOL_TCP, 4);
    private static final ChannelOption<Integer> TCP_KEEPINTVL =
            new IntegerUnixChannelOption("TCP_KEEPINTVL", SOL_TCP, 5);
    private static final ChannelOption<Integer> TCP_KEEPCNT = new IntegerUnixChannelOption("TCP_KEEPCNT", SOL_TCP, 6);
    private static final ChannelOption<Integer> TCP_USER_TIMEOUT =
            new IntegerUnixChannelOption("TCP_USER_TIMEOUT", SOL_TCP, 18);

    /**
     * TCP keepalive.
     *
     * @param idle before the first probe, whole seconds
     * @param interval between probes, whole seconds
     * @param retries before the connection counts as dead, positive
     * @param userTimeout whether unacknowledged data, too, may wait no longer than all probes together
     */
    public record Keepalive(Duration idle, Duration interval, int retries, boolean userTimeout) {
        /** As stock ztunnel has it. */
        public static final Keepalive DEFAULT =
                new Keepalive(Duration.ofSeconds(180), Duration.ofSeconds(180), 9, false);

        Duration total() {
            return idle.plus(interval.multipliedBy(retries));
        }
    }

    /** Sockets of the network namespace that the process is in. */
    public Sockets(
            Transport transport, @Nullable Integer mark, @Nullable Keepalive keepalive, OriginalSource originalSource) {
        this(transport, mark, keepalive, originalSource, SocketFactory.HERE, false);
    }

    /** Sockets of a transport that bear this machine's addresses only, without a mark and with the default keepalive. */
    public static Sockets of(Transport transport) {
        return new Sockets(transport, null, Keepalive.DEFAULT, OriginalSource.OFF);
    }

    /** The same with another mark, null for none. */
    public Sockets withMark(@Nullable Integer value) {
        return new Sockets(transport, value, keepalive, originalSource, factory, sharedPorts);
    }

    /** The same with another keepalive, null for none. */
    public Sockets withKeepalive(@Nullable Keepalive value) {
        return new Sockets(transport, mark, value, originalSource, factory, sharedPorts);
    }

    /** The same with other rules about addresses. */
    public Sockets withOriginalSource(OriginalSource value) {
        return new Sockets(transport, mark, keepalive, value, factory, sharedPorts);
    }

    /** The same made elsewhere: in a pod's network namespace. */
    public Sockets withFactory(SocketFactory value) {
        return new Sockets(transport, mark, keepalive, originalSource, value, sharedPorts);
    }

    /** The same with listeners that share their ports with those of other processes, or do not. */
    public Sockets withSharedPorts(boolean value) {
        return new Sockets(transport, mark, keepalive, originalSource, factory, value);
    }

    /**
     * A bootstrap for a connection on {@code loop} to any address, to be used in {@link #make}. Half-closed connections stay open,
     * reading starts when asked for.
     */
    public Bootstrap connector(EventLoop loop) {
        return connector(loop, false);
    }

    /** The same for connections to {@code to} and other addresses of its family. */
    public Bootstrap connector(EventLoop loop, InetAddress to) {
        return connector(loop, to instanceof Inet4Address);
    }

    private Bootstrap connector(EventLoop loop, boolean ipv4) {
        Bootstrap bootstrap = new Bootstrap()
                .group(loop)
                .channelFactory(() -> factory.create(transport.sockets(ipv4)))
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .option(ChannelOption.AUTO_READ, false);
        if (mark != null && transport != Transport.NIO) {
            bootstrap.option(SO_MARK, mark);
        }
        if (keepalive != null) {
            keepaliveOptions(keepalive, bootstrap::option);
        }
        return bootstrap;
    }

    /** A bootstrap for a UDP socket on {@code loop}, bound or connected, to be used in {@link #make}. */
    public Bootstrap datagram(EventLoop loop) {
        Bootstrap bootstrap =
                new Bootstrap().group(loop).channelFactory(() -> factory.create(transport.datagramSockets()));
        if (mark != null && transport != Transport.NIO) {
            bootstrap.option(SO_MARK, mark);
        }
        return bootstrap;
    }

    /**
     * Makes a socket where sockets come to be: at once, or as soon as the thread of that place gets to it.
     *
     * @param loop of the socket
     * @param attempt by a bootstrap of {@link #connector} or {@link #datagram}, or to bind one of {@link #listener}
     * @param made gets what {@code attempt} returned, which need not be done: on {@code loop}, right here if this is it; on any
     *     thread when the loop has ended
     */
    public void make(EventLoop loop, Supplier<ChannelFuture> attempt, Consumer<ChannelFuture> made) {
        factory.enter(() -> {
            ChannelFuture future = attempt.get();
            if (loop.inEventLoop()) {
                made.accept(future);
                return;
            }
            try {
                loop.execute(() -> made.accept(future));
            } catch (RejectedExecutionException e) {
                made.accept(future);
            }
        });
    }

    /**
     * A bootstrap for a listener, to be used where the factory says: {@link SocketFactory#enter}. What is said of {@link #connector}
     * holds for accepted connections.
     */
    public ServerBootstrap listener(EventLoopGroup acceptor, EventLoopGroup workers) {
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(acceptor, workers)
                .channelFactory(() -> factory.create(transport.serverSockets()))
                .handler(new ListenGuard(originalSource))
                .option(ChannelOption.SO_BACKLOG, 1024)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childOption(ChannelOption.AUTO_READ, false);
        if (mark != null && transport != Transport.NIO) {
            bootstrap.option(SO_MARK, mark); // accepted sockets inherit it
        }
        if (sharedPorts && transport != Transport.NIO) {
            bootstrap.option(UnixChannelOption.SO_REUSEPORT, true);
        }
        if (keepalive != null && transport == Transport.NIO) {
            bootstrap.childOption(ChannelOption.SO_KEEPALIVE, true);
        } else if (keepalive != null) {
            // inherited, too: four system calls less for each connection
            keepaliveOptions(keepalive, bootstrap::option);
        }
        return bootstrap;
    }

    /** Takes an option with its value. */
    private interface OptionSetter {
        <T> Object set(ChannelOption<T> option, T value);
    }

    private void keepaliveOptions(Keepalive values, OptionSetter setter) {
        if (transport == Transport.NIO) {
            setter.set(ChannelOption.SO_KEEPALIVE, true); // the JDK's other options need names of its own
            return;
        }
        setter.set(SO_KEEPALIVE, 1);
        setter.set(TCP_KEEPIDLE, (int) values.idle().toSeconds());
        setter.set(TCP_KEEPINTVL, (int) values.interval().toSeconds());
        setter.set(TCP_KEEPCNT, values.retries());
        if (values.userTimeout()) {
            setter.set(TCP_USER_TIMEOUT, (int) values.total().toMillis());
        }
    }
}
