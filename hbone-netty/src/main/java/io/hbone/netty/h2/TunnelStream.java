package io.hbone.netty.h2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * One stream of a {@link Tunnel}: the state of RFC 9113 section 5.1, both windows, and what waits for credit.
 *
 * <p><b>Reference counting:</b> {@link #write} and {@link #writeWithHeadroom} take over their buffer in every case.
 *
 * <p><b>Threading:</b> the tunnel's event loop only.
 */
public final class TunnelStream {

    /** The bytes before its payload that a buffer must have for {@link #writeWithHeadroom}: an HTTP/2 frame header. */
    public static final int HEADROOM = 9;

    final SendWindow sendWindow;
    final StreamReceiveWindow receiveWindow;

    private final HeldData held = new HeldData();

    /** Whether the stream stands in the tunnel's queue of those that wait for the connection. */
    boolean queued;
    /** Whether the listener is owed an {@link StreamListener#onWritable}. */
    boolean owedWritable;
    /** Whether data came in the current read of the tunnel. */
    boolean touched;

    private final Tunnel tunnel;
    private final int id;
    private StreamListener listener;
    private @Nullable ArrayDeque<ByteBuf> pending;
    private boolean endPending;
    private boolean awaitsResponse;
    private boolean localEnded;
    private boolean remoteEnded;
    private boolean abandoned;
    private boolean closed;
    private boolean handOverScheduled;

    TunnelStream(
            Tunnel tunnel, int id, StreamListener listener, SendWindow sendWindow, StreamReceiveWindow receiveWindow) {
        this.tunnel = tunnel;
        this.id = id;
        this.listener = listener;
        this.sendWindow = sendWindow;
        this.receiveWindow = receiveWindow;
    }

    /** The stream's number, odd: only clients open streams. */
    public int id() {
        return id;
    }

    /** The tunnel that carries it. */
    public Tunnel tunnel() {
        return tunnel;
    }

    /** The thread of everything. */
    public EventLoop eventLoop() {
        return tunnel.channel().eventLoop();
    }

    /** Answers the request; with {@code endOfStream} nothing can be written after it. */
    public void respond(Http2Headers headers, boolean endOfStream) {
        if (closed || localEnded) {
            return;
        }
        tunnel.frames().headers(id, headers, endOfStream);
        tunnel.flush();
        if (endOfStream) {
            localEnded();
            reset(Http2Error.NO_ERROR); // the peer may stop sending what nobody will read (RFC 9113 section 8.1)
        }
    }

    /**
     * Sends {@code data}, or keeps it until the peer gives credit.
     *
     * @return whether more may be written now; if not, {@link StreamListener#onWritable} says when
     */
    public boolean write(ByteBuf data) {
        return tunnel.data().write(this, data, false);
    }

    /**
     * The same for a buffer that nobody else refers to and that has {@link #HEADROOM} bytes before its reader index which may be
     * overwritten: frame header and payload stay in one piece, and TLS need not join them.
     */
    public boolean writeWithHeadroom(ByteBuf data) {
        return tunnel.data().write(this, data, true);
    }

    /** Whether {@link #write} would send at once; if not, {@link StreamListener#onWritable} says when. */
    public boolean isWritable() {
        return tunnel.data().isWritable(this);
    }

    /** Sends what was written, at the latest when the event loop has handled what is ready now. */
    public void flush() {
        tunnel.flush();
    }

    /** Ends our direction, after what was written. */
    public void end() {
        if (closed || localEnded || endPending) {
            return;
        }
        endPending = true;
        tunnel.data().sendPending(this, Integer.MAX_VALUE);
        tunnel.flush();
    }

    /** The consumer has taken {@code bytes} of what {@link StreamListener#onData} gave. */
    public void taken(int bytes) {
        held.taken(bytes);
        if (held.isGathering() && !handOverScheduled) {
            handOverScheduled = true;
            eventLoop().execute(this::handOverScheduled); // nobody is called back from within a call
        }
        returnCredit(bytes);
    }

    /** The peer may send {@code bytes} more, which nobody had to take. */
    void returnCredit(int bytes) {
        if (closed || remoteEnded) {
            return;
        }
        int increment =
                receiveWindow.taken(bytes, tunnel.now(), tunnel.keepalive().roundTrip());
        if (increment > 0) {
            tunnel.frames().windowUpdate(id, increment);
            tunnel.flush();
        }
    }

    /** A piece of payload came: the listener gets it, now or together with others. */
    void received(ByteBuf piece) {
        if (held.passes(piece)) {
            handOver();
            give(piece);
        } else {
            ByteBuf full = held.gather(piece, tunnel.channel().alloc());
            if (full != null) {
                give(full);
            }
        }
    }

    /** Gives the listener what was held back, before it is told of an end. */
    void handOver() {
        ByteBuf gathered = held.next();
        if (gathered != null) {
            give(gathered);
        }
    }

    private void give(ByteBuf data) {
        held.given(data.readableBytes());
        listener.onData(data);
    }

    private void handOverScheduled() {
        handOverScheduled = false;
        if (!closed && held.isGathering()) {
            handOver();
            listener.onReadComplete();
        }
    }

    /** Ends both directions at once; the listener is told no more. Harmless when the stream is over. */
    public void reset(Http2Error code) {
        if (!closed) {
            tunnel.streams().reset(this, code);
        }
    }

    /**
     * Nobody is left to take what the peer sends: it is dropped, the stream is reset as soon as our direction has ended, and the
     * listener is told no more.
     */
    public void abandon() {
        if (!closed) {
            dismissListener();
            abandoned = true;
            tunnel.streams().removeIfEnded(this);
        }
    }

    /** Whether the stream is over. */
    public boolean isClosed() {
        return closed;
    }

    /** Whether our direction has ended, on the wire. */
    public boolean isLocalEnded() {
        return localEnded;
    }

    /** Whether the peer's direction has ended. */
    public boolean isRemoteEnded() {
        return remoteEnded;
    }

    /** The receive window as it has grown, bytes. */
    public int receiveWindowSize() {
        return receiveWindow.size();
    }

    StreamListener listener() {
        return listener;
    }

    /** The listener is told no more, but for a last word to the one that is returned. */
    StreamListener dismissListener() {
        StreamListener last = listener;
        listener = Discard.LISTENER;
        return last;
    }

    /** Who is told about the stream from now on. */
    public void setListener(StreamListener listener) {
        this.listener = listener;
    }

    boolean hasPending() {
        return pending != null && !pending.isEmpty();
    }

    @Nullable ByteBuf peekPending() {
        return pending == null ? null : pending.peek();
    }

    void addPending(ByteBuf data) {
        if (pending == null) {
            pending = new ArrayDeque<>(2);
        }
        pending.add(data);
    }

    void removePending() {
        if (pending != null) {
            pending.remove();
        }
    }

    /** Whether {@link #end} waits for nothing but its turn. */
    boolean isEndDue() {
        return endPending && !localEnded && !hasPending();
    }

    boolean isEnding() {
        return endPending || localEnded;
    }

    boolean awaitsResponse() {
        return awaitsResponse;
    }

    void requested() {
        awaitsResponse = true;
    }

    void responded() {
        awaitsResponse = false;
    }

    boolean isAbandoned() {
        return abandoned;
    }

    /** Our END_STREAM is written. */
    void localEnded() {
        localEnded = true;
        tunnel.streams().removeIfEnded(this);
    }

    void remoteEnded() {
        remoteEnded = true;
    }

    void closed() {
        closed = true;
        receiveWindow.close();
        held.release();
        if (pending != null) {
            for (ByteBuf data : pending) {
                data.release();
            }
            pending = null;
        }
    }

    @Override
    public String toString() {
        return "stream " + id + " of " + tunnel;
    }
}
