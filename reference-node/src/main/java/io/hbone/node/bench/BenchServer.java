package io.hbone.node.bench;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** The other end of all measurements: takes, gives and sends back, as each connection says. */
final class BenchServer implements AutoCloseable {
    private final Channel listener;

    private BenchServer(Channel listener) {
        this.listener = listener;
    }

    /**
     * Begins to listen.
     *
     * @throws BenchException when the port is not to be had
     */
    static BenchServer start(Place place, InetSocketAddress address) throws BenchException, InterruptedException {
        ServerBootstrap bootstrap = place.sockets()
                .listener(place.group(), place.group())
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, false)
                .childOption(ChannelOption.AUTO_READ, true)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, new AdaptiveRecvByteBufAllocator(2048, 65536, 262144))
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new HelloDecoder());
                    }
                });
        EventLoop loop = place.loop(0);
        CompletableFuture<Channel> bound = new CompletableFuture<>();
        // On a loop: the socket is to be in its namespace.
        loop.execute(() -> bootstrap.bind(address).addListener((ChannelFuture done) -> {
            if (done.isSuccess()) {
                bound.complete(done.channel());
            } else {
                bound.completeExceptionally(done.cause());
            }
        }));
        try {
            return new BenchServer(bound.get());
        } catch (ExecutionException e) {
            throw new BenchException("cannot listen on " + address + ": " + Failures.describe(e), e);
        }
    }

    /** Where it listens. */
    InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    /** Waits until it takes no more connections. */
    void awaitEnd() throws InterruptedException {
        listener.closeFuture().await();
    }

    /** Takes no more connections; those that are open end with their place. */
    @Override
    public void close() {
        listener.close().awaitUninterruptibly();
    }
}
