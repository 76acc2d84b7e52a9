package io.hbone.bench.harness;

import io.hbone.core.Baggage;
import io.hbone.core.HboneSettings;
import io.hbone.core.TunnelException;
import io.hbone.netty.h2.ConnectHeaders;
import io.hbone.netty.h2.StreamListener;
import io.hbone.netty.h2.Tunnel;
import io.hbone.netty.h2.TunnelEvents;
import io.hbone.netty.h2.TunnelStream;
import io.hbone.netty.h2.WindowBudget;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Both ends of a tunnel without TLS and without sockets, with one stream open. Once that is so, what they write is dropped, and
 * they read what they are given: each end can be driven alone.
 *
 * <p><b>Threading:</b> the caller's alone.
 */
public final class TunnelPair implements AutoCloseable {

    /** What TLS hands over at a time. */
    private static final int PIECE = 16 * 1024;

    /** More than is ever on its way. */
    private static final int HEAD_START = 64 * 1024 * 1024;

    /** No PING disturbs, and nobody misses its answer. */
    private static final HboneSettings SETTINGS =
            HboneSettings.builder().pingInterval(Duration.ofDays(1)).build();

    private final Taker atServer = new Taker();
    private final EmbeddedChannel client;
    private final EmbeddedChannel server;
    private final TunnelStream clientStream;

    public TunnelPair() {
        WindowBudget budget = new WindowBudget(SETTINGS.processWindowBudget());
        Tunnel tunnel = Tunnel.client(SETTINGS, budget, (stream, headers) -> {});
        client = connected(tunnel);
        server = connected(Tunnel.server(SETTINGS, budget, new Accept(atServer)));
        exchange();
        clientStream = tunnel.open(ConnectHeaders.request(Loopback.request()), new Taker());
        exchange();
        ByteBuf headStart = credit(HEAD_START);
        clientReads(headStart);
        headStart.release();
        client.pipeline().addFirst(new Drop());
        server.pipeline().addFirst(new Drop());
    }

    /** A tunnel takes its place in a pipeline when its connection is there. */
    private static EmbeddedChannel connected(Tunnel tunnel) {
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.pipeline().addLast(tunnel);
        return channel;
    }

    private void exchange() {
        boolean moved;
        do {
            moved = move(client, server) | move(server, client);
        } while (moved);
    }

    private static boolean move(EmbeddedChannel from, EmbeddedChannel to) {
        from.runPendingTasks();
        boolean moved = false;
        for (ByteBuf bytes = from.readOutbound(); bytes != null; bytes = from.readOutbound()) {
            moved = true;
            to.writeInbound(bytes);
        }
        return moved;
    }

    /** The stream's client end. */
    public TunnelStream clientStream() {
        return clientStream;
    }

    /** A buffer of some bytes after room for a frame header. */
    public ByteBuf dataWithHeadroom(int bytes) {
        int size = TunnelStream.HEADROOM + bytes;
        return ByteBufAllocator.DEFAULT.directBuffer(size, size).setIndex(TunnelStream.HEADROOM, size);
    }

    /** DATA frames of the stream, one after the other, in pieces as TLS would hand them over. */
    public List<ByteBuf> dataFrames(int count, int payload) {
        ByteBuf frames = ByteBufAllocator.DEFAULT.directBuffer();
        for (int i = 0; i < count; i++) {
            frames.writeMedium(payload)
                    .writeByte(Http2FrameTypes.DATA)
                    .writeByte(0)
                    .writeInt(clientStream.id())
                    .writeZero(payload);
        }
        List<ByteBuf> pieces = new ArrayList<>();
        while (frames.isReadable()) {
            pieces.add(frames.readBytes(Math.min(PIECE, frames.readableBytes())));
        }
        frames.release();
        return pieces;
    }

    /** WINDOW_UPDATE frames for connection and stream. */
    public ByteBuf credit(int increment) {
        ByteBuf frames = ByteBufAllocator.DEFAULT.directBuffer();
        for (int streamId : new int[] {0, clientStream.id()}) {
            frames.writeMedium(Integer.BYTES)
                    .writeByte(Http2FrameTypes.WINDOW_UPDATE)
                    .writeByte(0)
                    .writeInt(streamId)
                    .writeInt(increment);
        }
        return frames;
    }

    /** The server reads {@code pieces}, which stay the caller's. */
    public void serverReads(List<ByteBuf> pieces) {
        for (int i = 0; i < pieces.size(); i++) {
            read(server, pieces.get(i));
        }
    }

    /** The client reads {@code bytes}, which stay the caller's. */
    public void clientReads(ByteBuf bytes) {
        read(client, bytes);
        if (!clientStream.isWritable()) {
            throw new IllegalStateException("the client may write no more (expected: credit for what it wrote)");
        }
    }

    /** What the server's application has taken so far, bytes. */
    long serverHasTaken() {
        return atServer.taken;
    }

    /** Without the queues and arrays of {@link EmbeddedChannel#writeInbound}, which would be measured. */
    private static void read(EmbeddedChannel channel, ByteBuf bytes) {
        channel.pipeline().fireChannelRead(bytes.retain().readerIndex(0));
        channel.pipeline().fireChannelReadComplete();
        channel.runPendingTasks();
    }

    @Override
    public void close() {
        client.finishAndReleaseAll();
        server.finishAndReleaseAll();
    }

    /** Says 200 to every stream. */
    private record Accept(Taker taker) implements TunnelEvents {
        @Override
        public void incoming(TunnelStream stream, Http2Headers request) {
            taker.stream = stream;
            stream.setListener(taker);
            stream.respond(ConnectHeaders.ok(Baggage.EMPTY), false);
        }
    }

    /** An application that takes everything at once. */
    private static final class Taker implements StreamListener {
        @Nullable TunnelStream stream;

        long taken;

        @Override
        public void onResponse(Http2Headers headers) {}

        @Override
        public void onData(ByteBuf data) {
            int bytes = data.readableBytes();
            data.release();
            taken += bytes;
            if (stream != null) {
                stream.taken(bytes);
            }
        }

        @Override
        public void onReadComplete() {}

        @Override
        public void onEnd() {}

        @Override
        public void onWritable() {}

        @Override
        public void onReset(boolean orderly, TunnelException why) {
            throw new IllegalStateException(why);
        }

        @Override
        public void onFailure(TunnelException why) {}
    }

    /** The end of the world. */
    private static final class Drop extends ChannelOutboundHandlerAdapter {
        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            ReferenceCountUtil.release(message);
            promise.trySuccess();
        }

        @Override
        public void flush(ChannelHandlerContext ctx) {}
    }
}
