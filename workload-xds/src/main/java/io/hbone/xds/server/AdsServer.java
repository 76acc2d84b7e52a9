package io.hbone.xds.server;

import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import io.grpc.util.AdvancedTlsX509KeyManager;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Serves {@link MeshResources} to any number of nodes. Safe for use by any thread. */
public final class AdsServer implements AutoCloseable {
    private final Server server;
    private final AdsService service;
    private final List<ExecutorService> executors;
    private final @Nullable EventLoopGroup domainLoops;
    private final @Nullable Path socket;

    private AdsServer(
            Server server,
            AdsService service,
            List<ExecutorService> executors,
            @Nullable EventLoopGroup domainLoops,
            @Nullable Path socket) {
        this.server = server;
        this.service = service;
        this.executors = executors;
        this.domainLoops = domainLoops;
        this.socket = socket;
    }

    /** A builder of a server of {@code resources}, which stay the caller's. */
    public static Builder builder(MeshResources resources) {
        return new Builder(resources);
    }

    /** The port that it listens on; -1 for a unix socket. */
    public int port() {
        return server.getPort();
    }

    /** Who is connected. */
    public List<ClientStatus> clients() {
        return service.clients();
    }

    /** Whether every client has answered all that there is at this moment; false when nobody is connected. */
    public boolean isDelivered() {
        return service.isDelivered();
    }

    /** Ends all streams, stops listening, and removes the unix socket. Waits for a second at most. */
    @Override
    public void close() {
        service.close();
        server.shutdown();
        try {
            if (!server.awaitTermination(1, TimeUnit.SECONDS)) {
                server.shutdownNow();
            }
            if (socket != null) {
                Files.deleteIfExists(socket);
            }
        } catch (InterruptedException e) {
            server.shutdownNow();
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new IllegalStateException("cannot remove " + socket + ": " + e.getMessage(), e);
        } finally {
            executors.forEach(ExecutorService::shutdown);
            if (domainLoops != null) {
                domainLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            }
        }
    }

    /** Builds and starts an {@link AdsServer}. */
    public static final class Builder {
        /** A batch is full here; with the largest resource on top it stays below the 4 MiB that gRPC clients take. */
        private static final int DEFAULT_BATCH = (1 << 20) - (64 << 10);

        /** Requests name what a client holds: 100 bytes for each of half a million. */
        private static final int MAX_REQUEST = 64 << 20;

        private final MeshResources resources;
        private ResourceFilter filter = ResourceFilter.ALL;
        private int maxBytes = DEFAULT_BATCH;
        private int maxNames = 200_000;
        private int maxUnanswered = 16;
        private @Nullable Path certificate;
        private @Nullable Path key;

        private Builder(MeshResources resources) {
            this.resources = Objects.requireNonNull(resources, "resources");
        }

        /** What each node sees; everything if not said. */
        public Builder filter(ResourceFilter value) {
            filter = Objects.requireNonNull(value, "filter");
            return this;
        }

        /** Where a response ends and the next one begins, in bytes; 960 KiB if not said, and not more. */
        public Builder maxBatchBytes(int value) {
            if (value < 1 || value > DEFAULT_BATCH) {
                throw new IllegalArgumentException("batch: " + value + " bytes (expected: 1 to " + DEFAULT_BATCH + ")");
            }
            maxBytes = value;
            return this;
        }

        /** How many responses of a type a client may leave unanswered before it gets no more; 16 if not said. */
        public Builder maxUnanswered(int value) {
            maxUnanswered = value;
            return this;
        }

        /** How many names of a type a client may subscribe one by one; 200,000 if not said. */
        public Builder maxNames(int value) {
            maxNames = value;
            return this;
        }

        /** Who the server is: PEM files, read again when they change. Without them there is no TLS. */
        public Builder tls(Path certificateChain, Path privateKey) {
            certificate = certificateChain;
            key = privateKey;
            return this;
        }

        /**
         * Listens on TCP; port 0 takes any.
         *
         * @throws IOException when that is not possible
         */
        public AdsServer listen(InetSocketAddress address) throws IOException {
            ScheduledExecutorService reload = Executors.newSingleThreadScheduledExecutor(Builder::daemon);
            try {
                return start(NettyServerBuilder.forAddress(address, credentials(reload)), reload, null, null);
            } catch (IOException | RuntimeException e) {
                reload.shutdown();
                throw e;
            }
        }

        /**
         * Listens on a unix stream socket without TLS; a file that is left of another server is removed. Who may connect is said
         * by the permissions of its folder.
         *
         * @throws IOException when that is not possible
         */
        public AdsServer listen(Path socket) throws IOException {
            Files.deleteIfExists(socket);
            EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
            SocketAddress address = new DomainSocketAddress(socket.toFile());
            NettyServerBuilder builder = NettyServerBuilder.forAddress(address, InsecureServerCredentials.create())
                    .channelType(EpollServerDomainSocketChannel.class)
                    // gRPC's default is of TCP, and each connection would be warned about.
                    .withChildOption(ChannelOption.SO_KEEPALIVE, null)
                    .bossEventLoopGroup(loops)
                    .workerEventLoopGroup(loops);
            try {
                return start(builder, null, loops, socket);
            } catch (IOException | RuntimeException e) {
                loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
                throw e;
            }
        }

        private AdsServer start(
                NettyServerBuilder builder,
                @Nullable ExecutorService reload,
                @Nullable EventLoopGroup loops,
                @Nullable Path socket)
                throws IOException {
            int threads = Math.max(2, Runtime.getRuntime().availableProcessors());
            ExecutorService executor = Executors.newFixedThreadPool(threads, Builder::daemon);
            AdsService service = new AdsService(resources, filter, maxBytes, maxNames, maxUnanswered, executor);
            try {
                // as Cilium's: clients may PING every 15 s, and are watched (spec/cilium.md 4.1)
                Server server = builder.addService(service)
                        .intercept(new AdsService.Peer())
                        .executor(executor)
                        .maxInboundMessageSize(MAX_REQUEST)
                        .permitKeepAliveTime(15, TimeUnit.SECONDS)
                        .keepAliveTime(30, TimeUnit.SECONDS)
                        .keepAliveTimeout(10, TimeUnit.SECONDS)
                        .build()
                        .start();
                List<ExecutorService> executors = reload == null ? List.of(executor) : List.of(executor, reload);
                return new AdsServer(server, service, executors, loops, socket);
            } catch (IOException | RuntimeException e) {
                service.close();
                executor.shutdown();
                throw e;
            }
        }

        private ServerCredentials credentials(ScheduledExecutorService reload) throws IOException {
            if (certificate == null || key == null) {
                return InsecureServerCredentials.create();
            }
            AdvancedTlsX509KeyManager manager = new AdvancedTlsX509KeyManager();
            try {
                manager.updateIdentityCredentials(certificate.toFile(), key.toFile(), 1, TimeUnit.MINUTES, reload);
            } catch (GeneralSecurityException e) {
                throw new IOException(certificate + ", " + key + ": " + e.getMessage() + " (expected: PEM)", e);
            }
            return TlsServerCredentials.newBuilder().keyManager(manager).build();
        }

        private static Thread daemon(Runnable task) {
            Thread thread = new Thread(task, "xds-server");
            thread.setDaemon(true);
            return thread;
        }
    }
}
