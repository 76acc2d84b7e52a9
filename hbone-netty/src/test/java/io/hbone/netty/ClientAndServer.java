package io.hbone.netty;

import io.hbone.core.Authority;
import io.hbone.core.Baggage;
import io.hbone.core.ConnectRequest;
import io.hbone.core.HboneSettings;
import io.hbone.core.TraceParent;
import io.hbone.core.WorkloadCertificate;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.Transport;
import io.hbone.netty.testing.Leaks;
import io.hbone.netty.testing.TestPki;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/** A client and a server of one trust domain, joined by TLS over the loopback, on the transport that the build asks for. */
final class ClientAndServer implements AutoCloseable {

    static final Transport TRANSPORT = Transport.of(System.getProperty("hbone.transport", "epoll"));
    static final Duration LONG_ENOUGH = Duration.ofSeconds(60);

    private static final TestPki PKI = TestPki.ca("cluster.local");
    static final WorkloadCertificate CLIENT = PKI.workload("default", "client");
    static final WorkloadCertificate SERVER = PKI.workload("default", "server");

    final TestPki.Source identities = TestPki.source(CLIENT, SERVER);
    final EventLoopGroup loops = TRANSPORT.newEventLoopGroup(2, "test");
    final HboneServer server;
    final HboneClient client;

    ClientAndServer(StreamAcceptor acceptor) throws Exception {
        this(HboneSettings.DEFAULT, acceptor);
    }

    ClientAndServer(HboneSettings settings, StreamAcceptor acceptor) throws Exception {
        server = HboneServer.builder(TestPki.identityOf(SERVER), identities, acceptor)
                .settings(settings)
                .sockets(Sockets.of(TRANSPORT))
                .group(loops)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .get();
        client = HboneClient.builder(TestPki.identityOf(CLIENT), identities)
                .settings(settings)
                .sockets(Sockets.of(TRANSPORT))
                .group(loops)
                .build();
    }

    /** Accepts every stream with a handler of its own, on a channel that may be half-closed. */
    static StreamAcceptor accepting(Handlers handlers) {
        return stream -> stream.accept(Baggage.EMPTY, halfClosing(handlers.of(stream)));
    }

    interface Handlers {
        ChannelHandler of(IncomingStream stream);
    }

    /** Puts {@code handler} into a channel that stays open when the peer ends its direction. */
    static ChannelHandler halfClosing(ChannelHandler handler) {
        return configured(handler, true, true);
    }

    static ChannelHandler configured(ChannelHandler handler, boolean halfClosure, boolean autoRead) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, halfClosure);
                channel.config().setAutoRead(autoRead);
                channel.pipeline().addLast(handler);
            }
        };
    }

    /** Opens a stream to a destination whose port is {@code number}. */
    Future<Channel> connect(int number, ChannelHandler handler) {
        return client.connect(server.localAddress(), Set.of(SERVER.id()), request(number), handler);
    }

    static ConnectRequest request(int number) {
        return ConnectRequest.to(Authority.of("10.0.0.1", number), TraceParent.random(new SplittableRandom(number)));
    }

    @Override
    public void close() throws Exception {
        client.close();
        server.close();
        // the quiet period lets closed channels release what their handlers hold
        loops.shutdownGracefully(100, 10_000, TimeUnit.MILLISECONDS).sync();
        Leaks.report();
    }
}
