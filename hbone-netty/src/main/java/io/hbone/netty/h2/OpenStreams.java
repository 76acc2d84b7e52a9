package io.hbone.netty.h2;

import io.hbone.core.HboneSettings;
import io.hbone.core.TunnelException;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The streams that a tunnel has open, from their first HEADERS to their end.
 *
 * <p><b>Threading:</b> the tunnel's event loop only.
 */
final class OpenStreams {

    private final Tunnel tunnel;
    private final WindowBudget budget;
    private final IntObjectMap<TunnelStream> streams = new IntObjectHashMap<>(8);

    /** @param budget what the windows of all of them may grow to together */
    OpenStreams(Tunnel tunnel, WindowBudget budget) {
        this.tunnel = tunnel;
        this.budget = budget;
    }

    int size() {
        return streams.size();
    }

    boolean isEmpty() {
        return streams.isEmpty();
    }

    /** The stream of that number, null when it is not open. */
    @Nullable TunnelStream get(int id) {
        return streams.get(id);
    }

    /** All of them, in a list of their own: listeners may open and close streams meanwhile. */
    List<TunnelStream> all() {
        return List.copyOf(streams.values());
    }

    /** A stream begins, whoever opened it. */
    TunnelStream add(int id, StreamListener listener) {
        HboneSettings settings = tunnel.settings();
        int initial = settings.initialStreamWindow();
        // a peer that has not read our SETTINGS yet counts with the default
        int granted =
                tunnel.peer().hasTakenSettings() ? initial : Math.max(initial, Http2CodecUtil.DEFAULT_WINDOW_SIZE);
        TunnelStream stream = new TunnelStream(
                tunnel,
                id,
                listener,
                new SendWindow(tunnel.peer().initialWindow()),
                new StreamReceiveWindow(initial, granted, settings.maxStreamWindow(), budget, tunnel.now()));
        streams.put(id, stream);
        return stream;
    }

    /** The peer sends no more on the stream. */
    void peerEnded(TunnelStream stream) {
        if (!stream.isClosed()) {
            stream.remoteEnded();
            stream.handOver();
            stream.listener().onEnd();
            removeIfEnded(stream);
        }
    }

    /** Ends a stream of which both directions have ended, or one that nobody reads and we have ended. */
    void removeIfEnded(TunnelStream stream) {
        if (stream.isClosed() || !stream.isLocalEnded()) {
            return;
        }
        if (stream.isRemoteEnded()) {
            remove(stream);
        } else if (stream.isAbandoned()) {
            reset(stream, Http2Error.CANCEL);
        }
    }

    /** Ends a stream, and tells the peer but not the listener. */
    void reset(TunnelStream stream, Http2Error code) {
        tunnel.frames().reset(stream.id(), code);
        tunnel.flush();
        tunnel.ids().resetByUs(stream.id());
        stream.dismissListener();
        remove(stream);
    }

    /** The stream is over. */
    void remove(TunnelStream stream) {
        stream.closed();
        if (streams.remove(stream.id()) != null) {
            tunnel.events().roomChanged(tunnel);
            tunnel.ending().closeIfDrained();
        }
    }

    /** All are over, because their connection is. */
    void failAll(TunnelException why) {
        List<TunnelStream> open = all();
        streams.clear();
        for (TunnelStream stream : open) {
            stream.handOver();
            stream.closed();
            stream.dismissListener().onFailure(why);
        }
    }
}
