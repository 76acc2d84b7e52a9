package io.hbone.enrollment.operator;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import java.nio.file.Path;

/** A SPIRE server's own socket: who may open it may do everything (spec/spire.md 3.1). */
public final class SpireSocket {
    /** A page of entries is far smaller; a server that knows no pages sends all. */
    private static final int MAX_MESSAGE = 64 << 20;

    private SpireSocket() {}

    /**
     * A connection, made when it is used.
     *
     * @param path the server's {@code socket_path}
     * @return the caller shuts it down
     */
    public static ManagedChannel connect(Path path) {
        ManagedChannelBuilder<?> builder =
                Grpc.newChannelBuilder("unix://" + path.toAbsolutePath(), InsecureChannelCredentials.create());
        if (builder instanceof NettyChannelBuilder netty) {
            // Not an option of this kind of socket, and each connection would be warned about.
            netty.withOption(ChannelOption.SO_KEEPALIVE, null);
        }
        return builder.overrideAuthority("localhost")
                .maxInboundMessageSize(MAX_MESSAGE)
                .build();
    }
}
