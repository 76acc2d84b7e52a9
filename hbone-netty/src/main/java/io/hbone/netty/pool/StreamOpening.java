package io.hbone.netty.pool;

import io.hbone.core.ConnectRequest;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.h2.ConnectHeaders;
import io.hbone.netty.h2.StreamListener;
import io.hbone.netty.h2.Tunnel;
import io.hbone.netty.h2.TunnelStream;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
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
final class StreamOpening implements TunnelWaiter, StreamListener, PendingStream {

    /** A peer that refuses this often is not merely going away. */
    private static final int MAX_ATTEMPTS = 3;

    /** Finds a tunnel, now or later. */
    interface Tunnels {
        void acquire(TunnelWaiter waiter);

        /** The waiter is told no more. */
        default void forget(TunnelWaiter waiter) {}
    }

    private final Tunnels tunnels;
    private final EventLoop loop;
    private final Object peer;
    private final ConnectRequest request;
    private final StreamRequester requester;
    private final Duration timeout;

    private int attempts;
    private @Nullable TunnelStream stream;
    private @Nullable ScheduledFuture<?> timer;
    /** The requester has been told, or does not want to be. */
    private boolean over;

    /** @param peer what messages call the peer */
    StreamOpening(
            Tunnels tunnels,
            EventLoop loop,
            Object peer,
            ConnectRequest request,
            StreamRequester requester,
            Duration timeout) {
        this.tunnels = tunnels;
        this.loop = loop;
        this.peer = peer;
        this.request = request;
        this.requester = requester;
        this.timeout = timeout;
    }

    /** On the loop. */
    void start() {
        if (!over) {
            attempts++;
            tunnels.acquire(this);
        }
    }

    @Override
    public void cancel() {
        if (!loop.inEventLoop()) {
            loop.execute(this::cancel);
        } else if (!over) {
            over = true;
            if (stream == null) {
                tunnels.forget(this);
            } else {
                stopWaiting().reset(Http2Error.CANCEL);
            }
        }
    }

    @Override
    public void ready(Tunnel tunnel) {
        TunnelStream opened = tunnel.open(ConnectHeaders.request(request), this);
        stream = opened;
        timer = opened.eventLoop().schedule(this::timedOut, timeout.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public void onResponse(Http2Headers headers) {
        TunnelStream answered = stopWaiting();
        int status = ConnectHeaders.statusOf(headers);
        if (status / 100 == 2) {
            over = true;
            answered.setListener(requester.established(answered, ConnectHeaders.baggageOf(headers)));
        } else {
            answered.reset(Http2Error.CANCEL);
            failed(TunnelException.rejected(status, request.authority() + " through " + peer));
        }
    }

    @Override
    public void failed(TunnelException why) {
        over = true;
        requester.failed(why);
    }

    @Override
    public void onReset(boolean orderly, TunnelException why) {
        onFailure(why);
    }

    @Override
    public void onFailure(TunnelException why) {
        stopWaiting();
        if (why.error() == TunnelError.STREAM_REFUSED && attempts < MAX_ATTEMPTS) {
            start();
        } else {
            failed(why);
        }
    }

    private void timedOut() {
        TunnelStream late = stopWaiting();
        late.reset(Http2Error.CANCEL);
        failed(new TunnelException(
                TunnelError.REQUEST_TIMEOUT,
                "no answer to CONNECT " + request.authority() + " from " + peer + " within " + timeout));
    }

    private TunnelStream stopWaiting() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
        TunnelStream waited = stream;
        if (waited == null) {
            throw new IllegalStateException("no stream yet");
        }
        stream = null;
        return waited;
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
