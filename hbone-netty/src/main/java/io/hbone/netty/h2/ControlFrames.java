package io.hbone.netty.h2;

import io.hbone.core.HboneSettings;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2FrameWriter;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;

/**
 * Writes what a tunnel sends besides DATA ({@link DataWriter}). Nothing is flushed here.
 *
 * <p><b>Threading:</b> the tunnel's event loop only.
 */
final class ControlFrames {

    /** What a client says first (RFC 9113 section 3.4). */
    static final AsciiString PREFACE = AsciiString.of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

    private final ChannelHandlerContext ctx;
    private final DefaultHttp2HeadersEncoder headersEncoder =
            new DefaultHttp2HeadersEncoder((name, value) -> ConnectHeaders.isPerConnection(name));
    private final DefaultHttp2FrameWriter writer = new DefaultHttp2FrameWriter(headersEncoder);

    ControlFrames(ChannelHandlerContext ctx) {
        this.ctx = ctx;
    }

    /** Preface, SETTINGS and the connection's window: what an end says before it hears anything. */
    void greeting(HboneSettings settings, boolean server) {
        Http2Settings mine = new Http2Settings()
                .initialWindowSize(settings.initialStreamWindow())
                .maxFrameSize(settings.maxFrameSize())
                .maxHeaderListSize(settings.maxHeaderListSize());
        if (server) {
            mine.maxConcurrentStreams(settings.maxConcurrentStreams());
        } else {
            mine.pushEnabled(false);
            ctx.write(Unpooled.copiedBuffer(PREFACE, StandardCharsets.US_ASCII));
        }
        writer.writeSettings(ctx, mine, ctx.newPromise());
        int more = settings.connectionWindow() - Http2CodecUtil.DEFAULT_WINDOW_SIZE;
        if (more > 0) {
            windowUpdate(0, more);
        }
    }

    void settingsAck() {
        writer.writeSettingsAck(ctx, ctx.newPromise());
    }

    void headers(int streamId, Http2Headers headers, boolean endOfStream) {
        writer.writeHeaders(ctx, streamId, headers, 0, endOfStream, ctx.newPromise());
    }

    void windowUpdate(int streamId, int increment) {
        writer.writeWindowUpdate(ctx, streamId, increment, ctx.newPromise());
    }

    void reset(int streamId, Http2Error code) {
        writer.writeRstStream(ctx, streamId, code.code(), ctx.newPromise());
    }

    void ping(long payload) {
        writer.writePing(ctx, false, payload, ctx.newPromise());
    }

    void pingAck(long payload) {
        writer.writePing(ctx, true, payload, ctx.newPromise());
    }

    /** @param message ASCII, for the peer's operator */
    void goAway(int lastStreamId, Http2Error code, String message) {
        writer.writeGoAway(
                ctx, lastStreamId, code.code(), ByteBufUtil.writeAscii(ctx.alloc(), message), ctx.newPromise());
    }

    /** The peer remembers this much of our headers. */
    void headerTableSize(long bytes) throws Http2Exception {
        // more than the default would only cost us
        if (bytes < headersEncoder.configuration().maxHeaderTableSize()) {
            headersEncoder.configuration().maxHeaderTableSize(bytes);
        }
    }

    /** No frame will follow. */
    void close() {
        writer.close();
    }
}
