package io.hbone.node.http;

import io.hbone.netty.socket.Sockets;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * A listening port that serves pages: HTTP/1.1 only, 8 KiB of headers at most, two seconds for a request to arrive
 * (spec/ztunnel.md 1.4).
 */
public final class HttpPort implements AutoCloseable {
    private static final int MAX_LINE = 4096;
    private static final int MAX_HEADERS = 8192;

    /** How long a client may take to send a request that it began. */
    static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(2);

    /** How long a connection without requests is kept: longer than scrapers pause. */
    static final Duration IDLE_TIMEOUT = Duration.ofSeconds(65);

    private final Channel listener;
    private final ChannelGroup connections;

    private HttpPort(Channel listener, ChannelGroup connections) {
        this.listener = listener;
        this.connections = connections;
    }

    /**
     * Listens.
     *
     * @param group its loops accept and serve; it stays the caller's
     * @param sockets of the transport that {@code group} drives
     * @throws IOException when the address is not to be had
     */
    public static HttpPort bind(EventLoopGroup group, Sockets sockets, InetSocketAddress address, HttpService page)
            throws IOException {
        ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
        ChannelFuture bound = sockets.listener(group, group)
                .childOption(ChannelOption.AUTO_READ, true)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        connections.add(channel);
                        install(channel, page);
                    }
                })
                .bind(address)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException("cannot listen on " + address, bound.cause());
        }
        return new HttpPort(bound.channel(), connections);
    }

    /** What serves one connection. */
    static void install(Channel channel, HttpService page) {
        HttpDeadline deadline = new HttpDeadline(REQUEST_TIMEOUT, IDLE_TIMEOUT);
        HttpDecoderConfig limits =
                new HttpDecoderConfig().setMaxInitialLineLength(MAX_LINE).setMaxHeaderSize(MAX_HEADERS);
        channel.pipeline()
                .addLast(deadline)
                .addLast(new HttpServerCodec(limits))
                .addLast(new HttpConnection(page, deadline));
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    /** Stops listening; connections end when what was asked for is answered. */
    @Override
    public void close() {
        listener.close().awaitUninterruptibly();
        // What is answered at once is answered where it is read: it is on its way out, before this.
        connections.forEach(
                channel -> channel.writeAndFlush(channel.alloc().buffer(0)).addListener(done -> channel.close()));
    }
}
