package io.hbone.netty.h2;

import static io.netty.handler.codec.http2.Http2Exception.connectionError;
import static io.netty.handler.codec.http2.Http2Exception.streamError;

import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import java.nio.charset.StandardCharsets;

/**
 * What a peer's frames other than DATA do to a {@link Tunnel}, and what the peer has set.
 *
 * <p><b>Threading:</b> the tunnel's event loop only.
 */
final class PeerFrames extends Http2FrameAdapter {

    private final Tunnel tunnel;
    private int initialWindow = Http2CodecUtil.DEFAULT_WINDOW_SIZE;
    private int widestConnectionWindow = Http2CodecUtil.DEFAULT_WINDOW_SIZE;
    private long maxStreams = Long.MAX_VALUE;
    private long settingsSentAt;
    private boolean settingsAnswered;
    private boolean settingsSeen;

    PeerFrames(Tunnel tunnel) {
        this.tunnel = tunnel;
    }

    /** What we may send to begin with on a new stream, bytes. */
    int initialWindow() {
        return initialWindow;
    }

    /** The most that the peer has let us send on the connection at any time, bytes. */
    int widestConnectionWindow() {
        return widestConnectionWindow;
    }

    /** How many streams the peer lets us have open. */
    long maxStreams() {
        return maxStreams;
    }

    /** Whether the peer's SETTINGS have come. */
    boolean hasSentSettings() {
        return settingsSeen;
    }

    /** Whether the peer acts by our SETTINGS. */
    boolean hasTakenSettings() {
        return settingsAnswered;
    }

    /** Ours are out. @param now in nanoseconds */
    void settingsSent(long now) {
        settingsSentAt = now;
    }

    @Override
    public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings theirs) throws Http2Exception {
        tunnel.limits().countControlFrame("SETTINGS");
        settingsSeen = true;
        Long tableSize = theirs.headerTableSize();
        if (tableSize != null) {
            tunnel.frames().headerTableSize(tableSize);
        }
        Integer frameSize = theirs.maxFrameSize();
        if (frameSize != null) {
            tunnel.data().maxFrameSize(frameSize);
        }
        Long streams = theirs.maxConcurrentStreams();
        if (streams != null) {
            maxStreams = streams;
        }
        Integer window = theirs.initialWindowSize();
        if (window != null) {
            changeInitialWindow(window);
        }
        tunnel.frames().settingsAck();
        tunnel.flush();
        tunnel.events().roomChanged(tunnel);
    }

    private void changeInitialWindow(int window) throws Http2Exception {
        int delta = window - initialWindow;
        initialWindow = window;
        for (TunnelStream stream : tunnel.streams().all()) {
            if (!stream.sendWindow.add(delta)) {
                throw connectionError(Http2Error.FLOW_CONTROL_ERROR, "initial window %d overflows %s", window, stream);
            }
            if (delta > 0 && !stream.isClosed()) {
                tunnel.data().resume(stream, Integer.MAX_VALUE);
            }
        }
    }

    @Override
    public void onSettingsAckRead(ChannelHandlerContext ctx) throws Http2Exception {
        tunnel.limits().countControlFrame("SETTINGS");
        if (!settingsAnswered) {
            settingsAnswered = true;
            tunnel.keepalive().measured(tunnel.now() - settingsSentAt);
        }
    }

    @Override
    public void onPingRead(ChannelHandlerContext ctx, long payload) throws Http2Exception {
        tunnel.limits().countControlFrame("PING");
        tunnel.frames().pingAck(payload);
        tunnel.flush();
    }

    @Override
    public void onPingAckRead(ChannelHandlerContext ctx, long payload) throws Http2Exception {
        tunnel.limits().countControlFrame("PING");
        if (!tunnel.ending().drainAnswered(payload)) {
            tunnel.keepalive().answered(payload);
        }
    }

    @Override
    public void onWindowUpdateRead(ChannelHandlerContext ctx, int streamId, int increment) throws Http2Exception {
        if (streamId == 0) {
            if (!tunnel.data().window().add(increment)) {
                throw connectionError(Http2Error.FLOW_CONTROL_ERROR, "the connection's window overflows");
            }
            widestConnectionWindow =
                    Math.max(widestConnectionWindow, tunnel.data().window().available());
            tunnel.data().resumeWaiting();
            tunnel.events().roomChanged(tunnel);
            return;
        }
        TunnelStream stream = tunnel.streams().get(streamId);
        if (stream == null) {
            tunnel.ids().requireOpened(streamId, "WINDOW_UPDATE");
            return; // it was on its way when the stream ended
        }
        if (!stream.sendWindow.add(increment)) {
            throw streamError(streamId, Http2Error.FLOW_CONTROL_ERROR, "the stream's window overflows");
        }
        tunnel.data().resume(stream, Integer.MAX_VALUE);
        tunnel.flush();
    }

    @Override
    public void onPriorityRead(ChannelHandlerContext ctx, int streamId, int dependency, short weight, boolean exclusive)
            throws Http2Exception {
        tunnel.limits().countControlFrame("PRIORITY");
        if (dependency == streamId) {
            throw streamError(streamId, Http2Error.PROTOCOL_ERROR, "depends on itself");
        }
    }

    @Override
    public void onRstStreamRead(ChannelHandlerContext ctx, int streamId, long errorCode) throws Http2Exception {
        tunnel.ids().requireOpened(streamId, "RST_STREAM");
        TunnelStream stream = tunnel.streams().get(streamId);
        if (stream == null) {
            return; // it was on its way when the stream ended
        }
        if (tunnel.isServer() && !tunnel.limits().admitReset()) {
            throw connectionError(
                    Http2Error.ENHANCE_YOUR_CALM, "%s", tunnel.limits().tooManyResets());
        }
        stream.handOver();
        StreamListener listener = stream.dismissListener();
        tunnel.streams().remove(stream);
        Http2Error code = Http2Error.valueOf(errorCode);
        boolean orderly = code == Http2Error.NO_ERROR || code == Http2Error.CANCEL;
        TunnelError error = code == Http2Error.REFUSED_STREAM ? TunnelError.STREAM_REFUSED : TunnelError.STREAM_RESET;
        listener.onReset(orderly, new TunnelException(error, stream + " was reset by the peer: " + code));
    }

    @Override
    public void onGoAwayRead(ChannelHandlerContext ctx, int lastStreamId, long errorCode, ByteBuf message)
            throws Http2Exception {
        tunnel.limits().countControlFrame("GOAWAY");
        if (tunnel.isServer()) {
            tunnel.ending().peerLeaves();
            return;
        }
        tunnel.ending().goAway();
        String why = Http2Error.valueOf(errorCode) + " " + message.toString(StandardCharsets.US_ASCII);
        for (TunnelStream stream : tunnel.streams().all()) {
            if (stream.id() > lastStreamId) {
                StreamListener listener = stream.dismissListener();
                tunnel.streams().remove(stream);
                listener.onFailure(
                        new TunnelException(TunnelError.STREAM_REFUSED, stream + " was not served: GOAWAY " + why));
            }
        }
        tunnel.ending().closeIfDrained();
    }

    @Override
    public void onHeadersRead(
            ChannelHandlerContext ctx,
            int streamId,
            Http2Headers headers,
            int dependency,
            short weight,
            boolean exclusive,
            int padding,
            boolean endOfStream)
            throws Http2Exception {
        onHeadersRead(ctx, streamId, headers, padding, endOfStream);
    }

    @Override
    public void onHeadersRead(
            ChannelHandlerContext ctx, int streamId, Http2Headers headers, int padding, boolean endOfStream)
            throws Http2Exception {
        TunnelStream stream = tunnel.streams().get(streamId);
        if (stream != null) {
            if (tunnel.isServer()) {
                throw streamError(
                        streamId,
                        stream.isRemoteEnded() ? Http2Error.STREAM_CLOSED : Http2Error.PROTOCOL_ERROR,
                        "HEADERS after a CONNECT (expected: DATA, RFC 9113 section 8.5)");
            }
            response(stream, headers, endOfStream);
        } else if (tunnel.ids().isNewOfPeer(streamId)) {
            request(streamId, headers, endOfStream);
        } else {
            tunnel.ids().requireOpened(streamId, "HEADERS");
            if (tunnel.isServer()
                    && !tunnel.ids().wasResetByUs(streamId)) { // a client gets answers to what it has cancelled
                throw connectionError(Http2Error.STREAM_CLOSED, "HEADERS on stream %d, which has ended", streamId);
            }
        }
    }

    private void request(int streamId, Http2Headers headers, boolean endOfStream) throws Http2Exception {
        tunnel.ids().openedByPeer(streamId, !tunnel.ending().isDrained());
        tunnel.limits().countAnswer();
        if (tunnel.ending().isDrained()) {
            throw streamError(streamId, Http2Error.REFUSED_STREAM, "the tunnel is going away");
        }
        if (tunnel.activeStreams() >= tunnel.settings().maxConcurrentStreams()) {
            throw streamError(
                    streamId,
                    Http2Error.REFUSED_STREAM,
                    "more than %d streams at a time",
                    tunnel.settings().maxConcurrentStreams());
        }
        TunnelStream stream = tunnel.streams().add(streamId, Discard.LISTENER);
        if (endOfStream) {
            stream.remoteEnded();
        }
        tunnel.events().incoming(stream, headers);
        if (endOfStream && !stream.isClosed()) {
            stream.listener().onEnd();
        }
    }

    private void response(TunnelStream stream, Http2Headers headers, boolean endOfStream) throws Http2Exception {
        if (!stream.awaitsResponse()) {
            throw streamError(
                    stream.id(), Http2Error.PROTOCOL_ERROR, "HEADERS after the answer to a CONNECT (expected: DATA)");
        }
        if (!ConnectHeaders.isInformational(headers)) {
            stream.responded();
            stream.listener().onResponse(headers);
        } else if (endOfStream) {
            throw streamError(stream.id(), Http2Error.PROTOCOL_ERROR, "informational answer with END_STREAM");
        }
        if (endOfStream) {
            tunnel.streams().peerEnded(stream);
        }
    }
}
