package io.hbone.node.bench;

import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.handler.proxy.Socks5ProxyHandler;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.IntFunction;

/** Opens the client's connections. */
final class Dialler {
    /** Fewer than any backlog. */
    private static final int AT_ONCE = 64;

    private final Place place;
    private final Target target;

    Dialler(Place place, Target target) {
        this.place = place;
        this.target = target;
    }

    Place place() {
        return place;
    }

    Target target() {
        return target;
    }

    /**
     * Opens one.
     *
     * @param loop where it lives
     * @param payload bytes to send right behind the hello
     * @param next gets what comes behind the server's greeting
     * @return completes on {@code loop}: when the server has greeted, or with what happened, as {@link Failures#describe} takes it
     */
    CompletableFuture<Channel> open(EventLoop loop, Hello hello, int payload, ChannelHandler next) {
        CompletableFuture<Channel> greeted = new CompletableFuture<>();
        if (loop.inEventLoop()) {
            connect(loop, hello, payload, next, greeted);
        } else {
            // Where a socket is made says which namespace it is in.
            loop.execute(() -> connect(loop, hello, payload, next, greeted));
        }
        return greeted;
    }

    private void connect(
            EventLoop loop, Hello hello, int payload, ChannelHandler next, CompletableFuture<Channel> greeted) {
        int patience = (int) target.patience().toMillis();
        InetSocketAddress socks = target.socks();
        place.sockets()
                .connector(loop)
                .option(ChannelOption.AUTO_READ, true)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, false)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, patience)
                .option(ChannelOption.RECVBUF_ALLOCATOR, new AdaptiveRecvByteBufAllocator(2048, 65536, 262144))
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        if (socks != null) {
                            Socks5ProxyHandler proxy = new Socks5ProxyHandler(socks);
                            proxy.setConnectTimeoutMillis(patience);
                            channel.pipeline().addLast(proxy);
                        }
                        channel.pipeline().addLast(new GreetingDecoder(hello, payload, next, target, greeted));
                    }
                })
                .connect(target.address())
                .addListener((ChannelFuture done) -> {
                    if (!done.isSuccess()) {
                        greeted.completeExceptionally(done.cause());
                    }
                });
    }

    /**
     * Opens many, spread over the loops, and waits for all.
     *
     * @param handlers makes the handler of the connection of a number
     * @throws BenchException when one could not be opened; the others are closed then
     */
    List<Channel> openAll(int count, Hello hello, IntFunction<ChannelHandler> handlers)
            throws BenchException, InterruptedException {
        List<Channel> open = new ArrayList<>(count);
        List<CompletableFuture<Channel>> flying = new ArrayList<>(AT_ONCE);
        for (int from = 0; from < count; from += AT_ONCE) {
            flying.clear();
            for (int number = from; number < Math.min(count, from + AT_ONCE); number++) {
                flying.add(open(place.loop(number), hello, 0, handlers.apply(number)));
            }
            BenchException failure = null;
            for (int i = 0; i < flying.size(); i++) {
                try {
                    open.add(flying.get(i).get());
                } catch (ExecutionException e) {
                    failure = failed(from + i + 1, count, e);
                }
            }
            if (failure != null) {
                open.forEach(Channel::close);
                throw failure;
            }
        }
        return open;
    }

    private BenchException failed(int number, int count, Throwable cause) {
        String which = count == 1 ? "connection" : "connection " + number + " of " + count;
        return new BenchException(which + " to " + target + ": " + Failures.describe(cause), cause);
    }
}
