package io.hbone.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hbone.core.Authority;
import io.hbone.core.HboneSettings;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.testing.Leaks;
import io.hbone.netty.testing.Pump;
import io.hbone.netty.testing.TestPki;
import io.hbone.netty.tls.TlsContexts;
import io.hbone.netty.tls.TlsProvider;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2LocalFlowController;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A sender to a peer with stock ztunnel's windows (spec/ztunnel.md 2.5): 4 MiB a stream, 16 MiB a connection, neither of them given
 * back before the application has read. Such a peer stops a whole connection when four of its applications stop reading; the peer
 * here is Netty's own HTTP/2.
 */
@Timeout(120)
class StockWindowsTest {

    private static final int MIB = 1024 * 1024;
    private static final int STREAM_WINDOW = 4 * MIB;
    private static final int CONNECTION_WINDOW = 16 * MIB;

    /** Streams to ports below it are not read until {@link #letThemRead}. */
    private static final int FIRST_READER = 100;

    private final EventLoopGroup serverLoops = ClientAndServer.TRANSPORT.newEventLoopGroup(1, "stock");
    /** One, so that all streams would share a tunnel. */
    private final EventLoopGroup clientLoops = ClientAndServer.TRANSPORT.newEventLoopGroup(1, "client");

    private final TlsContexts tls = new TlsContexts(TlsProvider.preferred());
    private final List<Channel> connections = new CopyOnWriteArrayList<>();
    private final List<Channel> stalled = new CopyOnWriteArrayList<>();
    private final Map<Integer, CompletableFuture<Long>> received = new ConcurrentHashMap<>();
    private Channel listener;
    private HboneClient client;

    @BeforeEach
    void start() {
        Sockets sockets = Sockets.of(ClientAndServer.TRANSPORT);
        listener = sockets.listener(serverLoops, serverLoops)
                .childOption(ChannelOption.AUTO_READ, true)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, false)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel connection) {
                        accept(connection);
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .syncUninterruptibly()
                .channel();
        client = HboneClient.builder(TestPki.identityOf(ClientAndServer.CLIENT), TestPki.source(ClientAndServer.CLIENT))
                .settings(HboneSettings.DEFAULT)
                .sockets(sockets)
                .group(clientLoops)
                .build();
    }

    @AfterEach
    void stop() throws Exception {
        for (Channel stream : stalled) {
            stream.close().sync(); // Netty keeps what a stream has not read, even when its connection is gone
        }
        client.close();
        listener.close().sync();
        connections.forEach(Channel::close);
        clientLoops.shutdownGracefully(100, 10_000, TimeUnit.MILLISECONDS).sync();
        serverLoops.shutdownGracefully(100, 10_000, TimeUnit.MILLISECONDS).sync();
        tls.close();
        Leaks.report();
    }

    /** design.md: beside five stalled readers everybody else behind a stock ztunnel gets 0.0 Gbit/s. */
    @Test
    void streamsBesideFiveStalledReaders_goThroughAnotherTunnel() throws Exception {
        List<Future<Channel>> opening = new ArrayList<>();
        for (int i = 1; i <= 5; i++) {
            opening.add(connect(i, new Pump(i, 8L * MIB))); // all of them wait for the first tunnel
        }
        for (Future<Channel> each : opening) {
            each.get(60, TimeUnit.SECONDS);
        }
        await().atMost(ClientAndServer.LONG_ENOUGH).until(() -> windowOf(connections.get(0)) == 0);
        assertThat(connections).hasSize(1);

        for (int i = FIRST_READER; i < FIRST_READER + 3; i++) {
            open(i, new Pump(i, 40L * MIB));
        }
        for (int i = FIRST_READER; i < FIRST_READER + 3; i++) {
            assertThat(bytesOf(i)).isEqualTo(40L * MIB);
        }
        assertThat(connections).hasSize(2);

        letThemRead();
        for (int i = 1; i <= 5; i++) {
            assertThat(bytesOf(i)).isEqualTo(8L * MIB);
        }
    }

    /** With little of the window left a new stream would go on, but at a crawl where round trips are long. */
    @Test
    void streamsBesideAWindowThatIsNearlyUsedUp_goThroughAnotherTunnel() throws Exception {
        for (int i = 1; i <= 3; i++) {
            open(i, new Pump(i, 8L * MIB));
        }
        open(4, new Pump(4, 3L * MIB + MIB / 2));
        await().atMost(ClientAndServer.LONG_ENOUGH).until(() -> windowOf(connections.get(0)) == MIB / 2);

        open(FIRST_READER, new Pump(5, MIB));
        assertThat(bytesOf(FIRST_READER)).isEqualTo(MIB);
        assertThat(connections).hasSize(2);
    }

    /** Not every peer that holds back credit has stalled: up to here one tunnel is enough. */
    @Test
    void streamsBesideOneStalledReader_shareItsTunnel() throws Exception {
        open(1, new Pump(1, 8L * MIB));
        await().atMost(ClientAndServer.LONG_ENOUGH)
                .until(() -> windowOf(connections.get(0)) == CONNECTION_WINDOW - STREAM_WINDOW);

        open(FIRST_READER, new Pump(2, 40L * MIB));
        assertThat(bytesOf(FIRST_READER)).isEqualTo(40L * MIB);
        assertThat(connections).hasSize(1);
    }

    private Future<Channel> connect(int port, Pump pump) {
        return client.connect(
                (InetSocketAddress) listener.localAddress(),
                Set.of(ClientAndServer.SERVER.id()),
                ClientAndServer.request(port),
                ClientAndServer.halfClosing(pump));
    }

    private void open(int port, Pump pump) throws Exception {
        connect(port, pump).get(60, TimeUnit.SECONDS);
    }

    private long bytesOf(int port) throws Exception {
        return received(port).get(60, TimeUnit.SECONDS);
    }

    private CompletableFuture<Long> received(int port) {
        return received.computeIfAbsent(port, any -> new CompletableFuture<>());
    }

    private void letThemRead() {
        stalled.forEach(stream -> stream.config().setAutoRead(true));
    }

    // ---- the peer -------------------------------------------------------------------------------------------------

    private void accept(Channel connection) {
        connections.add(connection);
        Http2FrameCodec codec = Http2FrameCodecBuilder.forServer()
                .initialSettings(Http2Settings.defaultSettings()
                        .initialWindowSize(STREAM_WINDOW)
                        .maxConcurrentStreams(1000))
                .build();
        connection
                .pipeline()
                .addLast(
                        tls.newServerHandler(connection.alloc(), ClientAndServer.SERVER, Duration.ofSeconds(30)),
                        codec,
                        new Http2MultiplexHandler(new ChannelInitializer<>() {
                            @Override
                            protected void initChannel(Channel stream) {
                                stream.pipeline().addLast(new Application());
                            }
                        }),
                        new Widener());
    }

    /** What the client may send on a connection. */
    private static int windowOf(Channel connection) throws Exception {
        return connection
                .eventLoop()
                .submit(() -> {
                    Http2Connection http2 =
                            connection.pipeline().get(Http2FrameCodec.class).connection();
                    return http2.local().flowController().windowSize(http2.connectionStream());
                })
                .get(20, TimeUnit.SECONDS);
    }

    /** Widens the connection's window once the preface is out. */
    private static final class Widener extends ChannelInboundHandlerAdapter {
        @Override
        public void channelActive(ChannelHandlerContext ctx) throws Http2Exception {
            Http2Connection http2 = ctx.pipeline().get(Http2FrameCodec.class).connection();
            Http2LocalFlowController windows = http2.local().flowController();
            int now = windows.windowSize(http2.connectionStream());
            windows.incrementWindowSize(http2.connectionStream(), CONNECTION_WINDOW - now);
            ctx.flush();
            ctx.fireChannelActive();
        }
    }

    /** Reads, or does not. */
    private final class Application extends ChannelInboundHandlerAdapter {
        private int port;
        private long bytes;

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            try {
                if (message instanceof Http2HeadersFrame request) {
                    port = Authority.parse(request.headers().authority().toString())
                            .port();
                    if (port < FIRST_READER) {
                        ctx.channel().config().setAutoRead(false);
                        stalled.add(ctx.channel());
                    }
                    ctx.writeAndFlush(new DefaultHttp2HeadersFrame(new DefaultHttp2Headers().status("200")));
                } else if (message instanceof Http2DataFrame data) {
                    bytes += data.content().readableBytes();
                    if (data.isEndStream()) {
                        received(port).complete(bytes);
                        ctx.writeAndFlush(new DefaultHttp2DataFrame(true));
                    }
                }
            } finally {
                ReferenceCountUtil.release(message);
            }
        }
    }
}
