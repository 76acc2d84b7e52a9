package io.hbone.netty.proxy;

import io.hbone.netty.h2.TunnelStream;
import io.hbone.netty.socket.ReadSizes;
import io.hbone.netty.socket.Sockets;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.function.Function;

/** A listening socket and the connections that it has accepted. Safe for use by any thread. */
final class ListenSocket<C extends AcceptedConnection> {

    private final Channel listener;
    private final LiveConnections<C> connections;

    private ListenSocket(Channel listener, LiveConnections<C> connections) {
        this.listener = listener;
        this.connections = connections;
    }

    /**
     * Listens on {@code address}.
     *
     * @param carry makes the handler of an accepted connection
     * @param first the handler that an accepted connection starts with: that one, or one that makes way for it
     * @param wrap makes of the socket what the caller hands out
     */
    static <C extends AcceptedConnection, T> Future<T> bind(
            Sockets sockets,
            EventLoopGroup group,
            InetSocketAddress address,
            Function<DuplexChannel, C> carry,
            Function<C, ChannelHandler> first,
            Function<ListenSocket<C>, T> wrap) {
        LiveConnections<C> connections = new LiveConnections<>();
        Promise<T> bound = GlobalEventExecutor.INSTANCE.newPromise();
        ServerBootstrap bootstrap = sockets.listener(group, group)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, new ReadSizes(TunnelStream.HEADROOM))
                .childHandler(new Accepting<>(carry, first, connections));
        sockets.factory()
                .enter(() -> bootstrap.bind(address).addListener((ChannelFuture listening) -> {
                    if (listening.isSuccess()) {
                        bound.setSuccess(wrap.apply(new ListenSocket<>(listening.channel(), connections)));
                    } else {
                        bound.setFailure(listening.cause());
                    }
                }));
        return bound;
    }

    InetSocketAddress localAddress() {
        return (InetSocketAddress) listener.localAddress();
    }

    LiveConnections<C> connections() {
        return connections;
    }

    /** Stops listening, and waits for what is open; what is left after {@code deadline} is cut off. */
    Future<Void> drain(Duration deadline) {
        Promise<Void> drained = GlobalEventExecutor.INSTANCE.newPromise();
        // only then: what is accepted until it is closed is waited for, too
        listener.close()
                .addListener(closed -> connections.drain(deadline).addListener(done -> drained.setSuccess(null)));
        return drained;
    }

    @ChannelHandler.Sharable
    private static final class Accepting<C extends AcceptedConnection> extends ChannelInitializer<Channel> {
        private final Function<DuplexChannel, C> carry;
        private final Function<C, ChannelHandler> first;
        private final LiveConnections<C> connections;

        Accepting(Function<DuplexChannel, C> carry, Function<C, ChannelHandler> first, LiveConnections<C> connections) {
            this.carry = carry;
            this.first = first;
            this.connections = connections;
        }

        @Override
        protected void initChannel(Channel accepted) {
            C connection = carry.apply((DuplexChannel) accepted);
            connections.add(connection);
            accepted.pipeline().addLast(first.apply(connection));
        }
    }
}
