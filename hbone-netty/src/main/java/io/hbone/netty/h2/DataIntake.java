package io.hbone.netty.h2;

import static io.netty.handler.codec.http2.Http2Exception.connectionError;
import static io.netty.handler.codec.http2.Http2Exception.streamError;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The receiving path of DATA: charges both windows and passes payload on to the streams' listeners, as it comes.
 *
 * <p><b>Reference counting:</b> what it gives to a {@link StreamListener} is the listener's.
 *
 * <p><b>Threading:</b> the tunnel's event loop only.
 */
final class DataIntake implements FrameReader.Sink {

    private final Tunnel tunnel;
    private final ConnectionReceiveWindow receiveWindow;
    /** The streams that got data since the last {@link #readComplete}. */
    private final List<TunnelStream> touched = new ArrayList<>(4);
    /** The stream whose DATA frame is being read. */
    private @Nullable TunnelStream reading;

    /** @param connectionWindow bytes */
    DataIntake(Tunnel tunnel, int connectionWindow) {
        this.tunnel = tunnel;
        // nothing can take back what HTTP/2 gives to begin with
        receiveWindow = new ConnectionReceiveWindow(Math.max(connectionWindow, Http2CodecUtil.DEFAULT_WINDOW_SIZE));
    }

    @Override
    public boolean dataBegins(int streamId, int length, boolean endOfStream) throws Http2Exception {
        if (!receiveWindow.arrived(length)) {
            throw connectionError(Http2Error.FLOW_CONTROL_ERROR, "more DATA than the connection's window");
        }
        int increment = receiveWindow.toReturn();
        if (increment > 0) {
            tunnel.frames().windowUpdate(0, increment);
            tunnel.flush();
        }
        TunnelStream stream = tunnel.streams().get(streamId);
        if (stream == null) {
            tunnel.ids().requireOpened(streamId, "DATA");
            if (!tunnel.ids().wasResetByUs(streamId)) {
                throw streamError(streamId, Http2Error.STREAM_CLOSED, "DATA after the end");
            }
            return false;
        }
        if (stream.isRemoteEnded()) {
            throw streamError(streamId, Http2Error.STREAM_CLOSED, "DATA after END_STREAM");
        }
        if (!stream.receiveWindow.arrived(length)) {
            throw streamError(streamId, Http2Error.FLOW_CONTROL_ERROR, "more DATA than the stream's window");
        }
        if (stream.awaitsResponse()) {
            throw streamError(streamId, Http2Error.PROTOCOL_ERROR, "DATA before the answer to a CONNECT");
        }
        reading = stream;
        return true;
    }

    @Override
    public void data(ByteBuf slice) {
        TunnelStream stream = reading;
        if (stream == null || stream.isClosed()) {
            slice.release();
            return;
        }
        if (stream.isAbandoned()) {
            stream.returnCredit(slice.readableBytes()); // a peer that writes before it reads must come to read our end
            slice.release();
            return;
        }
        if (!stream.touched) {
            stream.touched = true;
            touched.add(stream);
        }
        stream.received(slice);
    }

    @Override
    public void dataEnds(int padding, boolean endOfStream) {
        TunnelStream stream = reading;
        reading = null;
        if (stream == null || stream.isClosed()) {
            return;
        }
        if (padding > 0) {
            stream.returnCredit(padding);
        }
        if (endOfStream) {
            tunnel.streams().peerEnded(stream);
        }
    }

    @Override
    public void idleFrame() throws Http2Exception {
        tunnel.limits().countControlFrame("empty or unknown frames");
    }

    /** What was ready to be read has been read. */
    void readComplete() {
        for (int i = 0; i < touched.size(); i++) { // listeners may close streams, but no data comes meanwhile
            TunnelStream stream = touched.get(i);
            stream.touched = false;
            stream.listener().onReadComplete();
        }
        touched.clear();
    }
}
