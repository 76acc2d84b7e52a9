package io.hbone.netty.pool;

import io.hbone.core.ConnectRequest;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.h2.ConnectHeaders;
import io.hbone.netty.h2.StreamListener;
import io.hbone.netty.h2.Tunnel;
import io.hbone.netty.h2.TunnelStream;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One stream on its way: waits for a tunnel, sends CONNECT, waits for the answer. A stream that the peer refused before it did
 * any work (RFC 9113 section 8.7) is asked for again on another tunnel.
 */
final class StreamOpening implements TunnelWaiter, StreamListener {

    /** A peer that refuses this often is not merely going away. */
    private static final int MAX_ATTEMPTS = 3;

    /** Finds a tunnel, now or later. */
    interface Tunnels {
        void acquire(TunnelWaiter waiter);
    }

    private final Tunnels tunnels;
    private final Object peer;
    private final ConnectRequest request;
    private final StreamRequester requester;
    private final Duration timeout;

    private int attempts;
    private @Nullable TunnelStream stream;
    private @Nullable ScheduledFuture<?> timer;

    /** @param peer what messages call the peer */
    StreamOpening(Tunnels tunnels, Object peer, ConnectRequest request, StreamRequester requester, Duration timeout) {
        this.tunnels = tunnels;
        this.peer = peer;
        this.request = request;
        this.requester = requester;
        this.timeout = timeout;
    }

    void start() {
        attempts++;
        tunnels.acquire(this);
    }

    @Override
    public void ready(Tunnel tunnel) {
        if (!requester.isWanted()) {
            requester.failed(new TunnelException(
                    TunnelError.APPLICATION_IO, "the application was gone before the tunnel was up"));
            return;
        }
        TunnelStream opened = tunnel.open(ConnectHeaders.request(request), this);
        stream = opened;
        timer = opened.eventLoop().schedule(this::timedOut, timeout.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public void onResponse(Http2Headers headers) {
        TunnelStream answered = stopWaiting();
        int status = ConnectHeaders.statusOf(headers);
        if (status / 100 == 2) {
            answered.setListener(requester.established(answered, ConnectHeaders.baggageOf(headers)));
        } else {
            answered.reset(Http2Error.CANCEL);
            requester.failed(TunnelException.rejected(status, request.authority() + " through " + peer));
        }
    }

    @Override
    public void failed(TunnelException why) {
        requester.failed(why);
    }

    @Override
    public void onReset(boolean orderly, TunnelException why) {
        onFailure(why);
    }

    @Override
    public void onFailure(TunnelException why) {
        stopWaiting();
        if (why.error() == TunnelError.STREAM_REFUSED && attempts < MAX_ATTEMPTS && requester.isWanted()) {
            start();
        } else {
            requester.failed(why);
        }
    }

    private void timedOut() {
        TunnelStream late = stopWaiting();
        late.reset(Http2Error.CANCEL);
        requester.failed(new TunnelException(
                TunnelError.REQUEST_TIMEOUT,
                "no answer to CONNECT " + request.authority() + " from " + peer + " within " + timeout));
    }

    private TunnelStream stopWaiting() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
        if (stream == null) {
            throw new IllegalStateException("no stream yet");
        }
        return stream;
    }

    // before the answer there is no data: the tunnel sees to that

    @Override
    public void onData(ByteBuf data) {
        data.release();
    }

    @Override
    public void onReadComplete() {}

    @Override
    public void onEnd() {}

    @Override
    public void onWritable() {}
}
