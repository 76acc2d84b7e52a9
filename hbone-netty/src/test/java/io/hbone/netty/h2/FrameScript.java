package io.hbone.netty.h2;

import static io.hbone.netty.testing.Http2Peer.frame;

import io.hbone.netty.testing.Http2Peer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Makes frame sequences up: mostly valid, now and then wrong in one way. The same seed gives the same sequence. */
final class FrameScript {

    private static final int[] STREAMS = {1, 1, 3, 5, 7, 0, 2};

    private final SplittableRandom random;
    private final DefaultHttp2HeadersEncoder hpack = new DefaultHttp2HeadersEncoder();
    private final List<byte[]> frames = new ArrayList<>();
    private boolean faults = true;

    FrameScript(long seed) {
        random = new SplittableRandom(seed);
    }

    /** Only frames that no reader may object to. */
    FrameScript valid() {
        faults = false;
        return this;
    }

    /** Starts with SETTINGS. */
    byte[] frames(int count) {
        frames.clear();
        frames.add(Http2Peer.settings(Http2Peer.INITIAL_WINDOW_SIZE, 1 << 20));
        for (int i = 0; i < count; i++) {
            add();
        }
        return Http2Peer.concat(frames.toArray(new byte[0][]));
    }

    /** Cuts anywhere, often into single bytes. */
    List<byte[]> cut(byte[] bytes) {
        List<byte[]> pieces = new ArrayList<>();
        int max = 1 << random.nextInt(0, 12);
        for (int at = 0; at < bytes.length; ) {
            int length = Math.min(bytes.length - at, 1 + random.nextInt(max));
            pieces.add(Arrays.copyOfRange(bytes, at, at + length));
            at += length;
        }
        return pieces;
    }

    private void add() {
        int stream = faults ? STREAMS[random.nextInt(STREAMS.length)] : STREAMS[random.nextInt(5)];
        switch (random.nextInt(faults ? 15 : 12)) {
            case 0, 1, 2 -> data(stream);
            case 3 -> frames.add(Http2Peer.padded(stream, random.nextInt(400), random.nextInt(256), random.nextInt(2)));
            case 4, 5 -> headers(stream);
            case 6 -> splitHeaders(stream);
            case 7 -> frames.add(Http2Peer.ping(random.nextLong()));
            case 8 -> frames.add(Http2Peer.windowUpdate(faults ? stream : 0, 1 + random.nextInt(1 << 20)));
            case 9 -> frames.add(Http2Peer.settings(Http2Peer.MAX_FRAME_SIZE, 1 << (14 + random.nextInt(10))));
            case 10 -> frames.add(Http2Peer.goAway(random.nextInt(10), Http2Error.NO_ERROR));
            case 11 -> frames.add(frame(10 + random.nextInt(200), random.nextInt(256), stream, bytes(size())));
            case 12 -> arbitrary(stream);
            case 13 -> mutateLast();
            default ->
                frames.add(frame(Http2FrameTypes.PRIORITY, 0, stream, bytes(random.nextInt(4) == 0 ? size() : 5)));
        }
    }

    private void data(int stream) {
        frames.add(frame(Http2FrameTypes.DATA, random.nextInt(2), stream, bytes(size())));
    }

    private void headers(int stream) {
        boolean padded = random.nextInt(3) == 0;
        byte[] block = block(stream);
        byte[] padding = new byte[padded ? random.nextInt(256) : 0];
        byte[] payload = padded ? Http2Peer.concat(new byte[] {(byte) padding.length}, block, padding) : block;
        int flags = Http2Peer.END_HEADERS | (padded ? Http2Peer.PADDED : 0) | random.nextInt(2);
        frames.add(frame(Http2FrameTypes.HEADERS, flags, stream, payload));
    }

    private void splitHeaders(int stream) {
        byte[] block = block(stream);
        int cut = random.nextInt(block.length + 1);
        frames.add(frame(Http2FrameTypes.HEADERS, random.nextInt(2), stream, Arrays.copyOf(block, cut)));
        if (faults && random.nextInt(6) == 0) {
            data(stream); // where only CONTINUATION may be
        }
        frames.add(frame(
                Http2FrameTypes.CONTINUATION,
                Http2Peer.END_HEADERS,
                stream,
                Arrays.copyOfRange(block, cut, block.length)));
    }

    private byte[] block(int stream) {
        Http2Headers headers = new DefaultHttp2Headers(false)
                .method("CONNECT")
                .authority("10.0.0." + random.nextInt(4) + ":80")
                .add("x-filler", "f".repeat(random.nextInt(300)));
        ByteBuf out = Unpooled.buffer();
        try {
            hpack.encodeHeaders(stream, headers, out);
        } catch (Http2Exception e) {
            throw new IllegalStateException(e);
        }
        return ByteBufUtil.getBytes(out);
    }

    /** Any type but those that the two readers are known to judge differently. */
    private void arbitrary(int stream) {
        int type = random.nextInt(12);
        if (type == Http2FrameTypes.PUSH_PROMISE) {
            type = Http2FrameTypes.PING;
        }
        int flags = random.nextInt(256);
        byte[] payload = bytes(size());
        if (type == Http2FrameTypes.DATA && payload.length == 0) {
            flags &= ~Http2Peer.PADDED;
        }
        frames.add(frame(type, flags, stream, payload));
    }

    /** Changes a byte of the last frame's payload. */
    private void mutateLast() {
        byte[] last = frames.get(frames.size() - 1);
        if (last.length > 9) {
            last[9 + random.nextInt(last.length - 9)] ^= (byte) (1 << random.nextInt(8));
        }
    }

    private int size() {
        return switch (random.nextInt(32)) {
            case 0, 1, 2, 3 -> 0;
            case 4, 5, 6, 7 -> 1;
            case 8, 9, 10, 11 -> random.nextInt(12);
            case 12 -> 16_384;
            case 13 -> faults ? 16_385 : 16_383;
            default -> random.nextInt(400);
        };
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }
}
