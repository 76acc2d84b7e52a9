package io.hbone.netty.h2;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads bytes with a {@link FrameReader}, or with Netty's, and writes down in words what they found. */
final class FrameReading implements AutoCloseable {

    static final int MAX_FRAME_SIZE = 16_384;
    static final int MAX_HEADER_LIST = 8192;

    final List<String> events = new ArrayList<>();
    private final UnpooledByteBufAllocator buffers = new UnpooledByteBufAllocator(true);
    private final EmbeddedChannel channel = new EmbeddedChannel(new ChannelInboundHandlerAdapter());
    private final ChannelHandlerContext ctx = channel.pipeline().firstContext();
    private final Describing describing = new Describing();
    private final ByteArrayOutputStream payload = new ByteArrayOutputStream();
    private final Set<Integer> unwanted = new HashSet<>();
    private @Nullable Http2Exception thrownByDataBegins;
    private int slices;

    FrameReading() {
        channel.config().setAllocator(buffers);
    }

    /** DATA of the stream is not wanted. */
    FrameReading without(int stream) {
        unwanted.add(stream);
        return this;
    }

    /** The next DATA frame is answered with {@code e}. */
    FrameReading objecting(Http2Exception e) {
        thrownByDataBegins = e;
        return this;
    }

    List<String> read(byte[]... pieces) {
        return read(Arrays.asList(pieces));
    }

    /** @return what was found, up to and with the first error of the connection */
    List<String> read(List<byte[]> pieces) {
        FrameReader reader;
        try {
            reader = new FrameReader(new Collecting(), describing, MAX_FRAME_SIZE, MAX_HEADER_LIST);
        } catch (Http2Exception e) {
            throw new IllegalArgumentException(e);
        }
        try {
            for (byte[] piece : pieces) {
                ByteBuf in = buffers.directBuffer(Math.max(piece.length, 1)).writeBytes(piece);
                try {
                    while (in.isReadable()) {
                        try {
                            reader.read(ctx, in);
                        } catch (Http2Exception.StreamException e) {
                            events.add("stream error " + e.streamId() + " " + e.error());
                        }
                    }
                } finally {
                    in.release();
                }
            }
        } catch (Http2Exception e) {
            events.add("connection error " + e.error());
        } finally {
            reader.close();
        }
        return events;
    }

    /** The same by Netty's reader. */
    List<String> readByNetty(byte[] bytes) {
        try (DefaultHttp2FrameReader reader =
                new DefaultHttp2FrameReader(new DefaultHttp2HeadersDecoder(true, MAX_HEADER_LIST))) {
            reader.maxFrameSize(MAX_FRAME_SIZE);
            ByteBuf in = buffers.directBuffer(Math.max(bytes.length, 1)).writeBytes(bytes);
            try {
                while (in.isReadable()) {
                    int before = in.readableBytes();
                    try {
                        reader.readFrame(ctx, in, describing);
                    } catch (Http2Exception.StreamException e) {
                        events.add("stream error " + e.streamId() + " " + e.error());
                    }
                    if (in.readableBytes() == before) {
                        break; // an incomplete frame
                    }
                }
            } finally {
                in.release();
            }
        } catch (Http2Exception e) {
            events.add("connection error " + e.error());
        }
        return events;
    }

    /** In how many pieces DATA came. */
    int slices() {
        return slices;
    }

    long heldMemory() {
        return buffers.metric().usedDirectMemory() + buffers.metric().usedHeapMemory();
    }

    @Override
    public void close() {
        channel.finishAndReleaseAll();
        if (heldMemory() != 0) {
            throw new AssertionError(heldMemory() + " bytes in buffers that nobody released");
        }
    }

    private void dataFrame(int stream, byte[] content, int charged, boolean end) {
        events.add("DATA " + stream + " " + content.length + " #" + Arrays.hashCode(content) + " +" + charged
                + (end ? " END" : ""));
    }

    private final class Collecting implements FrameReader.Sink {
        private int stream;

        @Override
        public boolean dataBegins(int streamId, int length, boolean endOfStream) throws Http2Exception {
            Http2Exception objection = thrownByDataBegins;
            if (objection != null) {
                thrownByDataBegins = null;
                throw objection;
            }
            stream = streamId;
            payload.reset();
            return !unwanted.contains(streamId);
        }

        @Override
        public void data(ByteBuf slice) {
            if (!slice.isReadable()) {
                throw new AssertionError("an empty slice");
            }
            slices++;
            payload.writeBytes(ByteBufUtil.getBytes(slice));
            slice.release();
        }

        @Override
        public void dataEnds(int padding, boolean endOfStream) {
            dataFrame(stream, payload.toByteArray(), padding, endOfStream);
        }

        @Override
        public void idleFrame() {
            describing.idle();
        }
    }

    private final class Describing extends Http2FrameAdapter {

        void idle() {
            events.add("idle");
        }

        @Override
        public int onDataRead(ChannelHandlerContext ctx, int stream, ByteBuf data, int padding, boolean end) {
            if (!data.isReadable() && padding == 0 && !end) {
                idle();
            }
            dataFrame(stream, ByteBufUtil.getBytes(data), padding, end);
            return 0;
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx, int stream, Http2Headers headers, int padding, boolean end) {
            StringBuilder line = new StringBuilder("HEADERS " + stream);
            headers.forEach(header ->
                    line.append(' ').append(header.getKey()).append('=').append(header.getValue()));
            events.add(line.append(end ? " END" : "").toString());
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx,
                int stream,
                Http2Headers headers,
                int dependency,
                short weight,
                boolean exclusive,
                int padding,
                boolean end) {
            onHeadersRead(ctx, stream, headers, padding, end);
        }

        @Override
        public void onPriorityRead(
                ChannelHandlerContext ctx, int stream, int dependency, short weight, boolean exclusive) {
            events.add("PRIORITY " + stream + " " + dependency + " " + weight + " " + exclusive);
        }

        @Override
        public void onRstStreamRead(ChannelHandlerContext ctx, int stream, long code) {
            events.add("RST_STREAM " + stream + " " + code);
        }

        @Override
        public void onSettingsAckRead(ChannelHandlerContext ctx) {
            events.add("SETTINGS ACK");
        }

        @Override
        public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings) {
            events.add("SETTINGS " + settings);
        }

        @Override
        public void onPingRead(ChannelHandlerContext ctx, long payload) {
            events.add("PING " + payload);
        }

        @Override
        public void onPingAckRead(ChannelHandlerContext ctx, long payload) {
            events.add("PING ACK " + payload);
        }

        @Override
        public void onGoAwayRead(ChannelHandlerContext ctx, int last, long code, ByteBuf message) {
            events.add("GOAWAY " + last + " " + Http2Error.valueOf(code) + " " + ByteBufUtil.hexDump(message));
        }

        @Override
        public void onWindowUpdateRead(ChannelHandlerContext ctx, int stream, int increment) {
            events.add("WINDOW_UPDATE " + stream + " " + increment);
        }

        @Override
        public void onUnknownFrame(
                ChannelHandlerContext ctx,
                byte type,
                int stream,
                io.netty.handler.codec.http2.Http2Flags flags,
                ByteBuf payload) {
            idle();
        }
    }
}
