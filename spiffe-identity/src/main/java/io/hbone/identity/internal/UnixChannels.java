package io.hbone.identity.internal;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NegotiationType;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import io.hbone.identity.UnixEndpoint;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A gRPC channel over a Unix domain socket with an event loop of its own. What arrives is handed on there, so receivers must be
 * quick. Not through a helper process: an agent looks at who connects.
 */
public final class UnixChannels implements AutoCloseable {
    /** gRPC stops at 4 MiB, and bundles of many federated trust domains are larger (spec/spire.md 1.8). */
    public static final int MAX_MESSAGE_BYTES = 64 << 20;

    /** grpc-java would say the socket's path, which servers that are strict refuse (spec/spire.md 5.5). */
    private static final String AUTHORITY = "localhost";

    private final EventLoopGroup group;
    private final ManagedChannel channel;

    /** @param tls null for none */
    public UnixChannels(UnixEndpoint endpoint, @Nullable SslContext tls) {
        this.group = new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("hbone-agent", true), EpollIoHandler.newFactory());
        NettyChannelBuilder builder = NettyChannelBuilder.forAddress(
                        new DomainSocketAddress(endpoint.path().toFile()))
                .eventLoopGroup(group)
                .channelType(EpollDomainSocketChannel.class, DomainSocketAddress.class)
                // Not an option of this kind of socket.
                .withOption(ChannelOption.SO_KEEPALIVE, null)
                .overrideAuthority(AUTHORITY)
                .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                .directExecutor();
        if (tls == null) {
            builder.usePlaintext();
        } else {
            builder.negotiationType(NegotiationType.TLS).sslContext(tls);
        }
        this.channel = builder.build();
    }

    /** The channel, which connects when it is used. */
    public ManagedChannel channel() {
        return channel;
    }

    /** Ends all calls. Does not wait. */
    @Override
    public void close() {
        channel.shutdownNow();
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
}
