package io.hbone.bench.harness;

import io.hbone.core.Authority;
import io.hbone.core.ConnectRequest;
import io.hbone.core.ConnectionObserver;
import io.hbone.core.IdentitySource;
import io.hbone.core.SpiffeId;
import io.hbone.core.TraceParent;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.netty.HboneClient;
import io.hbone.netty.HboneServer;
import io.hbone.netty.StreamAcceptor;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.Transport;
import io.hbone.netty.socket.TunnelOptions;
import io.hbone.netty.testing.TestPki;
import io.hbone.netty.tls.TlsContexts;
import io.hbone.netty.tls.TlsProvider;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.ssl.SslHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Two workloads of one trust domain on this machine: a client and a server, with one event loop each, and loopback sockets
 * between them that are set up alike for everything that is compared.
 */
public final class Loopback implements AutoCloseable {

    /** What every connection must agree on: figures for different ciphers do not compare. */
    private static final String CIPHER_SUITE = "TLS_AES_128_GCM_SHA256";

    private static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(10);

    private static final int QUIET_MILLIS = 100;
    private static final int DEADLINE_MILLIS = 2_000;

    private final Transport transport;
    private final EventLoopGroup clients;
    private final EventLoopGroup servers;
    private final WorkloadCertificate clientCertificate;
    private final WorkloadCertificate serverCertificate;
    private final IdentitySource identities;
    private final TlsContexts tls = new TlsContexts(TlsProvider.preferred());

    private volatile @Nullable String cipherSuite;

    /** @throws IllegalStateException when {@code transport} does not work on this machine */
    public Loopback(Transport transport) {
        if (!transport.isAvailable()) {
            throw new IllegalStateException("transport: " + transport + " (expected: one that works on this machine)");
        }
        this.transport = transport;
        clients = newLoop("client");
        servers = newLoop("server");
        TestPki pki = TestPki.ca("cluster.local");
        clientCertificate =
                pki.svid("bench", "client").lifetime(Duration.ofDays(1)).issue();
        serverCertificate =
                pki.svid("bench", "server").lifetime(Duration.ofDays(1)).issue();
        identities = TestPki.source(clientCertificate, serverCertificate);
    }

    /** A loop of this transport for somebody who takes part; the caller ends it. */
    EventLoopGroup newLoop(String name) {
        return transport.newEventLoopGroup(1, "bench-" + name);
    }

    /** The thread of everything at the client's end. */
    public EventLoop clientLoop() {
        return clients.next();
    }

    /** The client's loop alone. */
    EventLoopGroup clientGroup() {
        return clients;
    }

    /** The server's loop alone. */
    EventLoopGroup serverGroup() {
        return servers;
    }

    /** Sockets of the transport. */
    public Sockets sockets() {
        return Sockets.of(transport);
    }

    /** The local workload of a client. */
    public WorkloadIdentity client() {
        return TestPki.identityOf(clientCertificate);
    }

    /** The local workload of a server. */
    WorkloadIdentity server() {
        return TestPki.identityOf(serverCertificate);
    }

    /** Where both workloads' certificates come from. */
    public IdentitySource identities() {
        return identities;
    }

    /** Whom a client expects. */
    public Set<SpiffeId> expectedServers() {
        return Set.of(serverCertificate.id());
    }

    /** A request for a destination that nobody connects to: receivers stand in for it. */
    static ConnectRequest request() {
        return ConnectRequest.to(Authority.of("10.0.0.1", 80), TraceParent.random(new Random(1)));
    }

    /** For whoever opens tunnels. */
    ConnectionObserver observer() {
        return new CipherRecorder();
    }

    /** A client on the client's loop. */
    HboneClient newClient() {
        return HboneClient.builder(client(), identities)
                .sockets(sockets())
                .group(clients)
                .observer(observer())
                .build();
    }

    /** A server on the server's loop, bound to any port. */
    public HboneServer newServer(StreamAcceptor acceptor) {
        return newServer(acceptor, ConnectionObserver.NONE);
    }

    /** The same with an observer. */
    public HboneServer newServer(StreamAcceptor acceptor, ConnectionObserver observer) {
        return HboneServer.builder(server(), identities, acceptor)
                .sockets(sockets())
                .group(servers)
                .observer(observer)
                .bind(anyPort())
                .syncUninterruptibly()
                .getNow();
    }

    /** The address to bind to. */
    static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    /** Listens on the server's loop, with the socket options of tunnels. */
    Channel listen(Consumer<Channel> child) {
        return sockets()
                .listener(servers, servers)
                .childOption(ChannelOption.AUTO_READ, true)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, false)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, TunnelOptions.WATER_MARK)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, TunnelOptions.READ_SIZES)
                .childHandler(initializer(child))
                .bind(anyPort())
                .syncUninterruptibly()
                .channel();
    }

    /** Connects on the client's loop, with the socket options of tunnels. */
    public ChannelFuture connect(SocketAddress address, Consumer<Channel> setup) {
        return sockets()
                .connector(clientLoop())
                .option(ChannelOption.AUTO_READ, true)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, false)
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, TunnelOptions.WATER_MARK)
                .option(ChannelOption.RECVBUF_ALLOCATOR, TunnelOptions.READ_SIZES)
                .handler(initializer(setup))
                .connect(address);
    }

    /** Sets up a channel that is about to be used. */
    static ChannelHandler initializer(Consumer<Channel> setup) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                setup.accept(channel);
            }
        };
    }

    /** The handler of a tunnel's client for {@code channel}. */
    SslHandler clientTls(Channel channel) {
        SslHandler handler =
                tls.newClientHandler(channel.alloc(), clientCertificate, expectedServers(), HANDSHAKE_TIMEOUT);
        handler.handshakeFuture()
                .addListener(done -> cipherSuite = handler.engine().getSession().getCipherSuite());
        return handler;
    }

    /** The handler of a tunnel's server for {@code channel}. */
    SslHandler serverTls(Channel channel) {
        return tls.newServerHandler(channel.alloc(), serverCertificate, HANDSHAKE_TIMEOUT);
    }

    /** @throws IllegalStateException when the last client agreed on another cipher than what suites are about */
    void requireCipherSuite() {
        if (!CIPHER_SUITE.equals(cipherSuite)) {
            throw new IllegalStateException("cipher suite: " + cipherSuite + " (expected: " + CIPHER_SUITE + ")");
        }
    }

    /** Shuts loops down when nothing has happened on them for a moment: connections that are closing get their end. */
    static void end(EventLoopGroup... groups) {
        for (EventLoopGroup group : groups) {
            group.shutdownGracefully(QUIET_MILLIS, DEADLINE_MILLIS, TimeUnit.MILLISECONDS);
        }
        for (EventLoopGroup group : groups) {
            group.terminationFuture().syncUninterruptibly();
        }
    }

    @Override
    public void close() {
        end(clients, servers);
        tls.close();
    }

    /** Keeps the cipher suite of tunnels. */
    private final class CipherRecorder implements ConnectionObserver {
        @Override
        public void tunnelOpened(TunnelDetails tunnel) {
            cipherSuite = tunnel.cipherSuite();
        }
    }
}
