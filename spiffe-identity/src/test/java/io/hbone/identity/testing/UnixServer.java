package io.hbone.identity.testing;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import io.hbone.identity.UnixEndpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.concurrent.TimeUnit;

/** Serves gRPC services of a test on a Unix domain socket. */
public final class UnixServer implements AutoCloseable {
    private final UnixEndpoint endpoint;
    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("unix-server", true), EpollIoHandler.newFactory());
    private final Server server;

    public UnixServer(UnixEndpoint endpoint, BindableService... services) {
        this(endpoint, null, services);
    }

    /** @param tls null for none */
    public UnixServer(UnixEndpoint endpoint, SslContext tls, BindableService... services) {
        this.endpoint = endpoint;
        NettyServerBuilder builder = NettyServerBuilder.forAddress(
                        new DomainSocketAddress(endpoint.path().toFile()))
                .bossEventLoopGroup(group)
                .workerEventLoopGroup(group)
                .channelType(EpollServerDomainSocketChannel.class)
                // Not an option of this kind of socket.
                .withChildOption(ChannelOption.SO_KEEPALIVE, null)
                .directExecutor();
        if (tls != null) {
            builder.sslContext(tls);
        }
        for (BindableService service : services) {
            builder.addService(service);
        }
        try {
            Files.deleteIfExists(endpoint.path());
            server = builder.build().start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends it, and all calls, as a crash would. The socket stays, where nobody listens any more. */
    @Override
    public void close() {
        server.shutdownNow();
        try {
            server.awaitTermination(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    @Override
    public String toString() {
        return endpoint.toString();
    }
}
