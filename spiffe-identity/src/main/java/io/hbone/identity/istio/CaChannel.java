package io.hbone.identity.istio;

import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.channel.unix.IntegerUnixChannelOption;
import io.hbone.core.FileStamp;
import io.hbone.core.ServerNames;
import java.security.GeneralSecurityException;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection to a CA, made when it is first needed, and made anew when the file with its roots has changed. When that fails the
 * old one stays in use, and the next call tries again (spec/ztunnel.md 9.2). Safe for use by any thread.
 */
final class CaChannel implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(CaChannel.class);

    /** A leaf, its intermediates and roots: far more than any CA sends. */
    private static final int MAX_RESPONSE = 1024 * 1024;

    /** SOL_SOCKET and SO_MARK of the Linux kernel (asm-generic/socket.h). */
    private static final ChannelOption<Integer> SO_MARK = new IntegerUnixChannelOption("SO_MARK", 1, 36);

    private final String host;
    private final int port;
    private final @Nullable Integer mark;
    private final CaRoots roots;
    private final ServerNames names;
    private final Executor executor;

    private @Nullable ManagedChannel channel;
    private @Nullable FileStamp seen;
    private @Nullable String lastProblem;
    private boolean closed;

    CaChannel(String host, int port, @Nullable Integer mark, CaRoots roots, ServerNames names, Executor executor) {
        this.host = host;
        this.port = port;
        this.mark = mark;
        this.roots = roots;
        this.names = names;
        this.executor = executor;
    }

    /** @throws GeneralSecurityException when there is none and none can be made */
    synchronized ManagedChannel current() throws GeneralSecurityException {
        if (closed) {
            throw new GeneralSecurityException("closed");
        }
        ManagedChannel held = channel;
        FileStamp stamp = roots.stamp();
        if (held != null && Objects.equals(stamp, seen)) {
            // Who asks decides when it is tried again; gRPC would wait for up to two minutes after a failure.
            held.resetConnectBackoff();
            return held;
        }
        ManagedChannel made;
        try {
            made = make();
        } catch (GeneralSecurityException e) {
            if (held == null) {
                throw e;
            }
            if (!Objects.equals(lastProblem, e.getMessage())) {
                lastProblem = e.getMessage();
                log.warn("roots of the CA not loaded, the last ones stay in use: {}", lastProblem);
            }
            return held;
        }
        if (held != null) {
            log.info("roots of the CA changed: connecting anew to {}", this);
            // Lets calls that are under way end.
            held.shutdown();
        }
        channel = made;
        seen = stamp;
        lastProblem = null;
        return made;
    }

    private ManagedChannel make() throws GeneralSecurityException {
        TlsChannelCredentials.Builder credentials = TlsChannelCredentials.newBuilder();
        credentials.trustManager(CaTrust.of(roots.load(), names));
        NettyChannelBuilder builder = NettyChannelBuilder.forAddress(host, port, credentials.build())
                .executor(executor)
                .maxInboundMessageSize(MAX_RESPONSE);
        if (mark != null) {
            builder.withOption(SO_MARK, mark);
        }
        return builder.build();
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (channel != null) {
            channel.shutdownNow();
        }
    }

    /** Its address. */
    @Override
    public String toString() {
        return host + ":" + port;
    }
}
