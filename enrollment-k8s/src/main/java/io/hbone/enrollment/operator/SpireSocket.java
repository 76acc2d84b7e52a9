package io.hbone.enrollment.operator;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
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
        return Grpc.newChannelBuilder("unix://" + path.toAbsolutePath(), InsecureChannelCredentials.create())
                .overrideAuthority("localhost")
                .maxInboundMessageSize(MAX_MESSAGE)
                .build();
    }
}
