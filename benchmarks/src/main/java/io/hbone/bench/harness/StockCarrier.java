package io.hbone.bench.harness;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2LocalFlowController;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.handler.codec.http2.UniformStreamByteDistributor;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;

/**
 * {@link Wire#STOCK}: CONNECT streams of {@link Http2FrameCodec} and {@link Http2MultiplexHandler} in one connection, tuned as far
 * as settings go: windows of 4 and 16 MiB, frames of up to 1 MiB, turns of 16 KiB instead of 1 KiB, and room for them in the
 * connection's buffer.
 */
final class StockCarrier implements Carrier {

    private static final int KIB = 1024;
    private static final int MIB = 1024 * KIB;
    private static final int STREAM_WINDOW = 4 * MIB;
    private static final int CONNECTION_WINDOW = 16 * MIB;
    private static final int MAX_FRAME_SIZE = MIB;
    private static final int MAX_STREAMS = 100_000;
    private static final int TURN = 16 * KIB;
    private static final WriteBufferWaterMark CONNECTION_WATER_MARK = new WriteBufferWaterMark(512 * KIB, MIB);

    private static final int MAX_RESETS = 10_000;
    private static final int MAX_RESETS_SECONDS = 30;

    private final Loopback loopback;
    private final Channel listener;
    private final Channel connection;

    StockCarrier(Loopback loopback, ChannelHandler receiver) {
        this.loopback = loopback;
        listener = loopback.listen(accepted -> setUp(
                accepted,
                loopback.serverTls(accepted),
                Http2FrameCodecBuilder.forServer(),
                Loopback.initializer(stream -> stream.pipeline().addLast(ConnectStream.server(receiver)))));
        connection = loopback.connect(
                        listener.localAddress(),
                        channel -> setUp(
                                channel,
                                loopback.clientTls(channel),
                                Http2FrameCodecBuilder.forClient(),
                                new ChannelInboundHandlerAdapter()))
                .syncUninterruptibly()
                .channel();
    }

    private static void setUp(
            Channel connection, SslHandler tls, Http2FrameCodecBuilder builder, ChannelHandler incomingStreams) {
        Http2FrameCodec codec = builder.initialSettings(Http2Settings.defaultSettings()
                        .initialWindowSize(STREAM_WINDOW)
                        .maxFrameSize(MAX_FRAME_SIZE)
                        .maxConcurrentStreams(MAX_STREAMS))
                .decoderEnforceMaxRstFramesPerWindow(MAX_RESETS, MAX_RESETS_SECONDS)
                .build();
        UniformStreamByteDistributor turns = new UniformStreamByteDistributor(codec.connection());
        turns.minAllocationChunk(TURN);
        codec.connection().remote().flowController(new DefaultHttp2RemoteFlowController(codec.connection(), turns));
        connection.config().setOption(ChannelOption.WRITE_BUFFER_WATER_MARK, CONNECTION_WATER_MARK);
        connection.pipeline().addLast(tls, codec, new Http2MultiplexHandler(incomingStreams), new Widener());
    }

    @Override
    public Future<Channel> open(ChannelHandler sender) {
        Promise<Channel> opened = loopback.clientLoop().newPromise();
        new Http2StreamChannelBootstrap(connection)
                .handler(
                        Loopback.initializer(stream -> stream.pipeline().addLast(ConnectStream.client(opened), sender)))
                .open()
                .addListener(open -> {
                    if (!open.isSuccess()) {
                        opened.tryFailure(open.cause());
                    }
                });
        return opened;
    }

    @Override
    public void end(Channel stream) {
        stream.writeAndFlush(new DefaultHttp2DataFrame(true));
    }

    @Override
    public void close() {
        connection.close().syncUninterruptibly();
        listener.close().syncUninterruptibly();
    }

    /** Sets the connection's window when the preface is out: the codec has settings for the window of streams alone. */
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
}
