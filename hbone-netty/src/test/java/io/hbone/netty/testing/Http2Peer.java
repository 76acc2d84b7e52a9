package io.hbone.netty.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.netty.socket.TunnelOptions;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * The other end of an HTTP/2 connection, in an {@link EmbeddedChannel} whose time stands still: sends what a test wants, right or
 * wrong, and says in words what was answered. Every buffer of the channel is counted; {@link #close} fails when one is left.
 */
public final class Http2Peer implements AutoCloseable {

    public static final int END_STREAM = 0x1;
    public static final int END_HEADERS = 0x4;
    public static final int PADDED = 0x8;
    public static final int ACK = 0x1;

    public static final int HEADER_TABLE_SIZE = 1;
    public static final int MAX_CONCURRENT_STREAMS = 3;
    public static final int INITIAL_WINDOW_SIZE = 4;
    public static final int MAX_FRAME_SIZE = 5;

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final UnpooledByteBufAllocator buffers = new UnpooledByteBufAllocator(true);
    private final DefaultHttp2FrameReader reader = new DefaultHttp2FrameReader(new DefaultHttp2HeadersDecoder(false));
    private final ByteBuf unread = Unpooled.buffer();
    private final List<String> answers = new ArrayList<>();
    private final Map<Integer, ByteArrayOutputStream> bodies = new HashMap<>();
    private final ChannelHandlerContext ctx;
    private boolean prefaceDue;

    private Http2Peer() {
        channel.pipeline().addLast(new ChannelInboundHandlerAdapter());
        ctx = channel.pipeline().firstContext();
        channel.freezeTime();
        channel.config().setAllocator(buffers);
        channel.config().setWriteBufferWaterMark(TunnelOptions.WATER_MARK);
        try {
            reader.maxFrameSize(Http2CodecUtil.MAX_FRAME_SIZE_UPPER_BOUND);
        } catch (Http2Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** Talks to {@code server}, which has just been connected; the connection preface is still to be sent. */
    public static Http2Peer ofServer(ChannelHandler server) {
        Http2Peer peer = new Http2Peer();
        peer.channel.pipeline().addLast(server);
        return peer;
    }

    /** Talks to {@code client}, which has just connected; its preface is read away. */
    public static Http2Peer ofClient(ChannelHandler client) {
        Http2Peer peer = new Http2Peer();
        peer.prefaceDue = true;
        peer.channel.pipeline().addLast(client);
        return peer;
    }

    public EmbeddedChannel channel() {
        return channel;
    }

    // ---- what the peer says ---------------------------------------------------------------------------------------

    /** All in one read. */
    public Http2Peer send(byte[]... frames) {
        channel.writeInbound(buffer(concat(frames)));
        return this;
    }

    /** Each in a read of its own. */
    public Http2Peer sendApart(byte[]... pieces) {
        for (byte[] piece : pieces) {
            channel.writeInbound(buffer(piece));
        }
        return this;
    }

    /** Several reads before the read is complete, as in a busy socket's turn. */
    public Http2Peer sendInOneTurn(byte[]... pieces) {
        for (byte[] piece : pieces) {
            channel.pipeline().fireChannelRead(buffer(piece));
        }
        channel.pipeline().fireChannelReadComplete();
        channel.runPendingTasks();
        return this;
    }

    private ByteBuf buffer(byte[] bytes) {
        return buffers.directBuffer(Math.max(1, bytes.length)).writeBytes(bytes);
    }

    /** A client's first words. */
    public static byte[] preface() {
        return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    }

    /** @param pairs identifier, value, identifier, value... */
    public static byte[] settings(long... pairs) {
        ByteBuf payload = Unpooled.buffer();
        for (int i = 0; i < pairs.length; i += 2) {
            payload.writeShort((int) pairs[i]).writeInt((int) pairs[i + 1]);
        }
        return frame(Http2FrameTypes.SETTINGS, 0, 0, ByteBufUtil.getBytes(payload));
    }

    public static byte[] settingsAck() {
        return frame(Http2FrameTypes.SETTINGS, ACK, 0);
    }

    public static byte[] data(int stream, int length) {
        return frame(Http2FrameTypes.DATA, 0, stream, new byte[length]);
    }

    public static byte[] dataEnd(int stream, int length) {
        return frame(Http2FrameTypes.DATA, END_STREAM, stream, new byte[length]);
    }

    public static byte[] padded(int stream, int length, int padding, int flags) {
        byte[] payload = new byte[1 + length + padding];
        payload[0] = (byte) padding;
        return frame(Http2FrameTypes.DATA, PADDED | flags, stream, payload);
    }

    public static byte[] windowUpdate(int stream, int increment) {
        return frame(Http2FrameTypes.WINDOW_UPDATE, 0, stream, int32(increment));
    }

    public static byte[] reset(int stream, Http2Error code) {
        return frame(Http2FrameTypes.RST_STREAM, 0, stream, int32((int) code.code()));
    }

    public static byte[] ping(long payload) {
        return frame(Http2FrameTypes.PING, 0, 0, int64(payload));
    }

    public static byte[] pingAck(long payload) {
        return frame(Http2FrameTypes.PING, ACK, 0, int64(payload));
    }

    public static byte[] goAway(int lastStream, Http2Error code) {
        return frame(Http2FrameTypes.GO_AWAY, 0, 0, concat(int32(lastStream), int32((int) code.code())));
    }

    public static byte[] connect(int stream) {
        return connect(stream, "10.0.0.1:8080");
    }

    public static byte[] connect(int stream, String authority) {
        return headers(stream, false, ":method", "CONNECT", ":authority", authority);
    }

    public static byte[] ok(int stream) {
        return headers(stream, false, ":status", "200");
    }

    public static byte[] headers(int stream, boolean end, String... namesAndValues) {
        return frame(
                Http2FrameTypes.HEADERS, END_HEADERS | (end ? END_STREAM : 0), stream, headerBlock(namesAndValues));
    }

    /** Literals without indexing and without Huffman coding, in the order given (RFC 7541 section 6.2.2). */
    public static byte[] headerBlock(String... namesAndValues) {
        ByteBuf out = Unpooled.buffer();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            out.writeByte(0);
            literal(out, namesAndValues[i]);
            literal(out, namesAndValues[i + 1]);
        }
        return ByteBufUtil.getBytes(out);
    }

    private static void literal(ByteBuf out, String text) {
        int length = text.length();
        if (length < 127) {
            out.writeByte(length);
        } else {
            out.writeByte(127);
            int rest = length - 127;
            for (; rest >= 128; rest >>= 7) {
                out.writeByte(rest & 0x7f | 0x80);
            }
            out.writeByte(rest);
        }
        out.writeCharSequence(text, StandardCharsets.US_ASCII);
    }

    public static byte[] frame(int type, int flags, int stream, byte... payload) {
        byte[] frame = new byte[Http2CodecUtil.FRAME_HEADER_LENGTH + payload.length];
        Unpooled.wrappedBuffer(frame)
                .writerIndex(0)
                .writeMedium(payload.length)
                .writeByte(type)
                .writeByte(flags)
                .writeInt(stream)
                .writeBytes(payload);
        return frame;
    }

    public static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    public static byte[] repeat(byte[] part, int times) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(part.length * times);
        for (int i = 0; i < times; i++) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    public static byte[] int32(int value) {
        return ByteBufUtil.getBytes(Unpooled.copyInt(value));
    }

    public static byte[] int64(long value) {
        return ByteBufUtil.getBytes(Unpooled.copyLong(value));
    }

    // ---- time -----------------------------------------------------------------------------------------------------

    public Http2Peer pass(Duration time) {
        channel.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
        channel.runPendingTasks();
        return this;
    }

    // ---- what was answered ----------------------------------------------------------------------------------------

    /** What came since the last call, one line for a frame: {@code HEADERS 1 :status=200 END}, {@code DATA 1 5}, ... */
    public List<String> answers() {
        channel.runPendingTasks();
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            unread.writeBytes(out);
            out.release();
        }
        if (prefaceDue) {
            byte[] preface = new byte[preface().length];
            unread.readBytes(preface);
            assertThat(preface).isEqualTo(preface());
            prefaceDue = false;
        }
        try {
            reader.readFrame(ctx, unread, new Describing());
        } catch (Http2Exception e) {
            throw new AssertionError("what was answered is not HTTP/2", e);
        }
        unread.discardReadBytes();
        List<String> result = List.copyOf(answers);
        answers.clear();
        return result;
    }

    /** Reads answers away. */
    public Http2Peer ignoreAnswers() {
        answers();
        return this;
    }

    /** All DATA that came on a stream. */
    public byte[] body(int stream) {
        answers.addAll(0, answers());
        return bodies.getOrDefault(stream, new ByteArrayOutputStream()).toByteArray();
    }

    /** Bytes that the channel holds in buffers. */
    public long heldMemory() {
        return buffers.metric().usedDirectMemory() + buffers.metric().usedHeapMemory();
    }

    /** Ends the connection, and fails when a buffer was leaked. */
    @Override
    public void close() {
        channel.close();
        channel.finishAndReleaseAll();
        assertThat(heldMemory()).as("bytes in buffers that nobody released").isZero();
    }

    private final class Describing extends Http2FrameAdapter {
        @Override
        public int onDataRead(ChannelHandlerContext ctx, int stream, ByteBuf data, int padding, boolean end) {
            int length = data.readableBytes();
            answers.add("DATA " + stream + " " + length + (end ? " END" : ""));
            bodies.computeIfAbsent(stream, id -> new ByteArrayOutputStream()).writeBytes(ByteBufUtil.getBytes(data));
            return length + padding;
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx, int stream, Http2Headers headers, int padding, boolean end) {
            StringBuilder line = new StringBuilder("HEADERS ").append(stream);
            headers.forEach(header ->
                    line.append(' ').append(header.getKey()).append('=').append(header.getValue()));
            answers.add(line.append(end ? " END" : "").toString());
        }

        @Override
        public void onRstStreamRead(ChannelHandlerContext ctx, int stream, long code) {
            answers.add("RST_STREAM " + stream + " " + Http2Error.valueOf(code));
        }

        @Override
        public void onSettingsAckRead(ChannelHandlerContext ctx) {
            answers.add("SETTINGS ACK");
        }

        @Override
        public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings) {
            Map<Integer, Long> sorted = new TreeMap<>();
            settings.forEach((key, value) -> sorted.put((int) key, value));
            answers.add("SETTINGS " + sorted);
        }

        @Override
        public void onPingRead(ChannelHandlerContext ctx, long payload) {
            answers.add("PING " + payload);
        }

        @Override
        public void onPingAckRead(ChannelHandlerContext ctx, long payload) {
            answers.add("PING ACK " + payload);
        }

        @Override
        public void onGoAwayRead(ChannelHandlerContext ctx, int lastStream, long code, ByteBuf message) {
            answers.add("GOAWAY " + (lastStream == Integer.MAX_VALUE ? "MAX" : lastStream) + " "
                    + Http2Error.valueOf(code));
        }

        @Override
        public void onWindowUpdateRead(ChannelHandlerContext ctx, int stream, int increment) {
            answers.add("WINDOW_UPDATE " + stream + " " + increment);
        }
    }
}
