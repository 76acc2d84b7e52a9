package io.hbone.netty.h2;

import static io.netty.handler.codec.http2.Http2CodecUtil.FRAME_HEADER_LENGTH;
import static io.netty.handler.codec.http2.Http2Exception.connectionError;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameTypes;

/**
 * Cuts a byte stream into HTTP/2 frames (RFC 9113 section 4). DATA is passed on in slices as it comes; every other frame is
 * collected, within bounds, and given to Netty's reader.
 *
 * <p><b>Reference counting:</b> {@link #read} does not release its input; slices given to {@link Sink#data} are retained and the
 * sink's to release.
 *
 * <p><b>Threading:</b> one event loop.
 */
final class FrameReader {

    /** Takes DATA as the reader finds it, in the order of the wire. */
    interface Sink {
        /**
         * A DATA frame begins.
         *
         * @param length what it costs in flow control: payload and padding
         * @return whether its payload is wanted; otherwise it is skipped
         */
        boolean dataBegins(int streamId, int length, boolean endOfStream) throws Http2Exception;

        /** A piece of the payload, never empty; the callee releases it. */
        void data(ByteBuf slice);

        /**
         * The DATA frame that was wanted is complete.
         *
         * @param padding the bytes that were charged and not passed on
         */
        void dataEnds(int padding, boolean endOfStream);

        /** A frame came that does nothing: empty DATA that does not end a stream, or one of an unknown type. */
        void idleFrame() throws Http2Exception;
    }

    private static final int FLAG_ACK = 0x1;
    private static final int FLAG_END_STREAM = 0x1;
    private static final int FLAG_END_HEADERS = 0x4;
    private static final int FLAG_PADDED = 0x8;

    /** No frame but HEADERS and CONTINUATION has a reason to be larger than SETTINGS or a GOAWAY with a message. */
    private static final int MAX_CONTROL_PAYLOAD = 16 * 1024;

    /** A collecting buffer that grew beyond this is not kept for the next frame. */
    private static final int KEPT_CAPACITY = 1024;

    private enum State {
        HEADER,
        PAD_LENGTH,
        DATA,
        PADDING,
        COLLECT,
        SKIP
    }

    private final Sink sink;
    private final Http2FrameListener listener;
    private final DefaultHttp2FrameReader frames;
    private final int maxFrameSize;
    private final int maxHeaderBlock;

    private State state = State.HEADER;
    /** A header that is split over reads, or a frame for Netty's reader with its header. */
    private ByteBuf collected = Unpooled.EMPTY_BUFFER;
    /** The stream whose header block is open, or 0. */
    private int continuationOf;

    private boolean closed;
    private boolean first = true;

    private byte type;
    private int streamId;
    private int flags;
    /** What is still to come of the payload, without the padding after it. */
    private int remaining;
    /** What is still to come of the padding. */
    private int padding;
    /** The padding and its length field. */
    private int charged;

    FrameReader(Sink sink, Http2FrameListener listener, int maxFrameSize, int maxHeaderListSize) throws Http2Exception {
        this.sink = sink;
        this.listener = listener;
        this.maxFrameSize = maxFrameSize;
        maxHeaderBlock = Math.max(MAX_CONTROL_PAYLOAD, maxHeaderListSize);
        frames = new DefaultHttp2FrameReader(new DefaultHttp2HeadersDecoder(true, maxHeaderListSize));
        frames.maxFrameSize(maxFrameSize);
    }

    /**
     * Reads what is in {@code in}. After a stream error the call is repeated with the rest; after any other exception the reader
     * must not be used again.
     */
    void read(ChannelHandlerContext ctx, ByteBuf in) throws Http2Exception {
        while (in.isReadable() || isFrameCollected()) {
            if (closed) {
                in.skipBytes(in.readableBytes());
                return;
            }
            switch (state) {
                case HEADER -> readHeader(in);
                case PAD_LENGTH -> readPadLength(in);
                case DATA -> readData(in);
                case PADDING -> readPadding(in);
                case COLLECT -> collect(ctx, in);
                case SKIP -> skip(in);
            }
        }
    }

    /** Whether the last frame was part of a header block. */
    boolean isHeaderBlock() {
        return type == Http2FrameTypes.HEADERS || type == Http2FrameTypes.CONTINUATION;
    }

    /** Releases what is held of an incomplete frame; what is read from now on is skipped. */
    void close() {
        closed = true;
        collected.release();
        collected = Unpooled.EMPTY_BUFFER;
        frames.close();
    }

    private void readHeader(ByteBuf in) throws Http2Exception {
        if (!collected.isReadable() && in.readableBytes() >= FRAME_HEADER_LENGTH) {
            int at = in.readerIndex();
            in.skipBytes(FRAME_HEADER_LENGTH);
            frameBegins(in, at);
            return;
        }
        collect(in, FRAME_HEADER_LENGTH);
        if (collected.readableBytes() == FRAME_HEADER_LENGTH) {
            ByteBuf header = Unpooled.buffer(FRAME_HEADER_LENGTH).writeBytes(collected);
            collected.clear();
            frameBegins(header, 0);
        }
    }

    private void frameBegins(ByteBuf header, int at) throws Http2Exception {
        int length = header.getUnsignedMedium(at);
        type = header.getByte(at + 3);
        flags = header.getUnsignedByte(at + 4);
        streamId = header.getInt(at + 5) & Integer.MAX_VALUE;
        if (first && (type != Http2FrameTypes.SETTINGS || (flags & FLAG_ACK) != 0)) {
            throw connectionError(Http2Error.PROTOCOL_ERROR, "first frame is of type %d (expected: SETTINGS)", type);
        }
        first = false;
        if (length > maxFrameSize) {
            throw connectionError(
                    Http2Error.FRAME_SIZE_ERROR, "frame of %d bytes (expected: <= %d)", length, maxFrameSize);
        }
        if (continuationOf != 0 && (type != Http2FrameTypes.CONTINUATION || streamId != continuationOf)) {
            throw connectionError(
                    Http2Error.PROTOCOL_ERROR,
                    "frame of type %d on stream %d (expected: CONTINUATION of stream %d)",
                    type,
                    streamId,
                    continuationOf);
        }
        switch (type) {
            case Http2FrameTypes.DATA -> dataFrameBegins(length);
            case Http2FrameTypes.HEADERS, Http2FrameTypes.CONTINUATION -> {
                continuationOf = (flags & FLAG_END_HEADERS) != 0 ? 0 : streamId;
                collectFrame(header, at, length, maxHeaderBlock);
            }
            case Http2FrameTypes.PRIORITY,
                    Http2FrameTypes.RST_STREAM,
                    Http2FrameTypes.SETTINGS,
                    Http2FrameTypes.PING,
                    Http2FrameTypes.GO_AWAY,
                    Http2FrameTypes.WINDOW_UPDATE -> collectFrame(header, at, length, MAX_CONTROL_PAYLOAD);
            case Http2FrameTypes.PUSH_PROMISE ->
                throw connectionError(Http2Error.PROTOCOL_ERROR, "PUSH_PROMISE (expected: none, push is disabled)");
            default -> {
                sink.idleFrame();
                skipPayload(length);
            }
        }
    }

    private void dataFrameBegins(int length) throws Http2Exception {
        if (streamId == 0) {
            throw connectionError(Http2Error.PROTOCOL_ERROR, "DATA on stream 0");
        }
        boolean padded = (flags & FLAG_PADDED) != 0;
        if (padded && length == 0) {
            throw connectionError(
                    Http2Error.FRAME_SIZE_ERROR, "padded DATA without a pad length on stream %d", streamId);
        }
        if (length == 0 && !endOfStream()) {
            sink.idleFrame();
        }
        skipPayload(length); // holds when the sink throws a stream error, too
        if (!sink.dataBegins(streamId, length, endOfStream())) {
            return;
        }
        padding = 0;
        charged = 0;
        remaining = length;
        if (padded) {
            state = State.PAD_LENGTH;
        } else if (length > 0) {
            state = State.DATA;
        } else {
            dataFrameEnds();
        }
    }

    private void readPadLength(ByteBuf in) throws Http2Exception {
        padding = in.readUnsignedByte();
        remaining--;
        if (padding > remaining) {
            throw connectionError(
                    Http2Error.PROTOCOL_ERROR,
                    "padding of %d bytes (expected: <= %d) on stream %d",
                    padding,
                    remaining,
                    streamId);
        }
        remaining -= padding;
        charged = padding + 1;
        if (remaining > 0) {
            state = State.DATA;
        } else {
            payloadEnds();
        }
    }

    private void readData(ByteBuf in) {
        int available = Math.min(remaining, in.readableBytes());
        remaining -= available;
        sink.data(in.readRetainedSlice(available));
        if (remaining == 0) {
            payloadEnds();
        }
    }

    private void payloadEnds() {
        if (padding > 0) {
            state = State.PADDING;
        } else {
            dataFrameEnds();
        }
    }

    private void readPadding(ByteBuf in) {
        int skipped = Math.min(padding, in.readableBytes());
        in.skipBytes(skipped);
        padding -= skipped;
        if (padding == 0) {
            dataFrameEnds();
        }
    }

    private void dataFrameEnds() {
        state = State.HEADER;
        sink.dataEnds(charged, endOfStream());
    }

    private void skipPayload(int length) {
        remaining = length;
        state = length == 0 ? State.HEADER : State.SKIP;
    }

    private void skip(ByteBuf in) {
        int skipped = Math.min(remaining, in.readableBytes());
        in.skipBytes(skipped);
        remaining -= skipped;
        if (remaining == 0) {
            state = State.HEADER;
        }
    }

    private void collectFrame(ByteBuf header, int at, int length, int limit) throws Http2Exception {
        if (length > limit) {
            throw connectionError(
                    Http2Error.ENHANCE_YOUR_CALM,
                    "frame of %d bytes on stream %d (expected: <= %d)",
                    length,
                    streamId,
                    limit);
        }
        if (collected.capacity() == 0) {
            collected = Unpooled.buffer(Math.max(FRAME_HEADER_LENGTH + length, 64));
        }
        collected.writeBytes(header, at, FRAME_HEADER_LENGTH);
        remaining = FRAME_HEADER_LENGTH + length;
        state = State.COLLECT;
    }

    private void collect(ChannelHandlerContext ctx, ByteBuf in) throws Http2Exception {
        collect(in, remaining);
        if (!isFrameCollected()) {
            return;
        }
        state = State.HEADER;
        try {
            frames.readFrame(ctx, collected, listener);
        } finally {
            if (collected.capacity() > KEPT_CAPACITY) {
                collected.release();
                collected = Unpooled.EMPTY_BUFFER;
            } else {
                collected.clear();
            }
        }
    }

    private boolean isFrameCollected() {
        return state == State.COLLECT && collected.readableBytes() == remaining;
    }

    /** Moves bytes until {@code size} are collected. */
    private void collect(ByteBuf in, int size) {
        if (collected.capacity() == 0) {
            collected = Unpooled.buffer(Math.max(size, 64));
        }
        collected.writeBytes(in, Math.min(size - collected.readableBytes(), in.readableBytes()));
    }

    private boolean endOfStream() {
        return (flags & FLAG_END_STREAM) != 0;
    }
}
