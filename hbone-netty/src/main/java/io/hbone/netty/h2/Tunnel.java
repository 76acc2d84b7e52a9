package io.hbone.netty.h2;

import io.hbone.core.HboneSettings;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.socket.Addresses;
import io.hbone.netty.tls.TlsFailures;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.DefaultHttp2FrameWriter;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.AsciiString;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One end of one tunnel: an HTTP/2 connection (RFC 9113) that carries CONNECT streams. The last handler of a connection's
 * pipeline, added when the TLS handshake is done.
 *
 * <p><b>Reference counting:</b> releases what it reads; what it gives to a {@link StreamListener} is the listener's.
 *
 * <p><b>Threading:</b> the connection's event loop only.
 */
public final class Tunnel extends ChannelInboundHandlerAdapter {

    private static final AsciiString PREFACE = AsciiString.of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

    /** The PING that separates the two GOAWAYs of a graceful end. */
    private static final long DRAIN_PING = 0x6472_6169_6e69_6e67L;

    /** How long a connection that has been given up may take to send its last frames. */
    private static final int LINGER_SECONDS = 1;

    private final HboneSettings settings;
    private final boolean server;
    private final TunnelEvents events;
    private final WindowBudget budget;
    private final FrameReader reader;
    private final DefaultHttp2HeadersEncoder headersEncoder =
            new DefaultHttp2HeadersEncoder((name, value) -> ConnectHeaders.isPerConnection(name));
    private final DefaultHttp2FrameWriter frames = new DefaultHttp2FrameWriter(headersEncoder);

    private final IntObjectMap<TunnelStream> streams = new IntObjectHashMap<>(8);
    private final StreamIds ids;
    private final PeerFrames peer = new PeerFrames(this);
    private final DataIntake intake;

    private @Nullable Link link;

    private int prefaceBytesLeft;

    private boolean started;
    /** No stream may be opened any more, whichever side has said so. */
    private boolean goingAway;
    /** The last GOAWAY of a drain is out: streams that come now are refused. */
    private boolean drained;
    /** A client has said that it will close. */
    private boolean peerLeaving;

    private boolean closed;

    /** What exists as soon as the tunnel has its place in a pipeline. */
    private record Link(ChannelHandlerContext ctx, DataWriter data, Keepalive keepalive, AbuseLimits limits) {}

    private Tunnel(HboneSettings settings, boolean server, WindowBudget processBudget, TunnelEvents events) {
        this.settings = settings;
        this.server = server;
        this.events = events;
        budget = processBudget.child(settings.tunnelWindowBudget());
        ids = new StreamIds(server);
        intake = new DataIntake(this, settings.connectionWindow());
        prefaceBytesLeft = server ? PREFACE.length() : 0;
        try {
            reader = new FrameReader(intake, peer, settings.maxFrameSize(), settings.maxHeaderListSize());
        } catch (Http2Exception e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /** The end that dials and opens streams. */
    public static Tunnel client(HboneSettings settings, WindowBudget processBudget, TunnelEvents events) {
        return new Tunnel(settings, false, processBudget, events);
    }

    /** The end that accepts. */
    public static Tunnel server(HboneSettings settings, WindowBudget processBudget, TunnelEvents events) {
        return new Tunnel(settings, true, processBudget, events);
    }

    // ---- what owners ask ------------------------------------------------------------------------------------------

    /** The connection. */
    public Channel channel() {
        return link().ctx.channel();
    }

    /** How many streams are open. */
    public int activeStreams() {
        return streams.size();
    }

    /** Whether streams can be opened, now or when others have ended. */
    public boolean isOpen() {
        return !goingAway && !closed;
    }

    /**
     * Whether a stream that is opened now can send: there is room under both sides' limits, nobody is going away, and the
     * connection's window is not held by streams whose applications do not read.
     */
    public boolean hasRoom() {
        return isOpen()
                && streams.size() < Math.min(settings.maxStreamsPerTunnel(), peer.maxStreams())
                && link().data.window().available() > 0;
    }

    /**
     * Opens a stream. Only for a client's tunnel that {@link #hasRoom}.
     *
     * @throws IllegalStateException when there is no room
     */
    public TunnelStream open(Http2Headers request, StreamListener listener) {
        if (!hasRoom()) {
            throw new IllegalStateException("no room in " + this + " (expected: asked before)");
        }
        TunnelStream stream = newStream(ids.next(), listener);
        stream.requested();
        writeHeaders(stream, request, false);
        ids.useNext();
        if (ids.next() < 0) {
            goAway(); // the ids are used up (RFC 9113 section 5.1.1)
        }
        return stream;
    }

    /**
     * Ends the tunnel when its streams have ended. A server's peer is told in two steps, so that requests which are on their way
     * are still served (RFC 9113 section 6.8).
     */
    public void drain() {
        if (closed || goingAway) {
            return;
        }
        if (server) {
            writeGoAway(Integer.MAX_VALUE, Http2Error.NO_ERROR, "drain");
            frames.writePing(link().ctx, false, DRAIN_PING, link().ctx.newPromise());
            flush();
        }
        goAway();
        closeIfDrained();
    }

    /** Ends the tunnel now: every open stream fails with {@code why}. */
    public void close(TunnelException why) {
        if (!closed) {
            writeGoAway(ids.lastServed(), Http2Error.NO_ERROR, why.error().name());
            shutDown(why);
        }
    }

    @Override
    public String toString() {
        if (link == null) {
            return "tunnel";
        }
        return "tunnel " + Addresses.text(channel().localAddress()) + (server ? " <- " : " -> ")
                + Addresses.text(channel().remoteAddress());
    }

    // ---- what streams ask -----------------------------------------------------------------------------------------

    boolean write(TunnelStream stream, ByteBuf data, boolean headroom) {
        return link().data.write(stream, data, headroom);
    }

    boolean isWritable(TunnelStream stream) {
        return link().data.isWritable(stream);
    }

    void writeHeaders(TunnelStream stream, Http2Headers headers, boolean endOfStream) {
        ChannelHandlerContext ctx = link().ctx;
        frames.writeHeaders(ctx, stream.id(), headers, 0, endOfStream, ctx.newPromise());
        flush();
    }

    void end(TunnelStream stream) {
        link().data.sendPending(stream, Integer.MAX_VALUE);
        flush();
    }

    void taken(TunnelStream stream, int bytes) {
        int increment =
                stream.receiveWindow.taken(bytes, now(), link().keepalive.roundTrip());
        if (increment > 0) {
            writeWindowUpdate(stream.id(), increment);
        }
    }

    void reset(TunnelStream stream, Http2Error code) {
        ChannelHandlerContext ctx = link().ctx;
        frames.writeRstStream(ctx, stream.id(), code.code(), ctx.newPromise());
        flush();
        ids.resetByUs(stream.id());
        stream.dismissListener();
        remove(stream);
    }

    void flush() {
        link().data.flush();
    }

    void closeIfEnded(TunnelStream stream) {
        if (stream.isClosed() || !stream.isLocalEnded()) {
            return;
        }
        if (stream.isRemoteEnded()) {
            remove(stream);
        } else if (stream.isAbandoned()) {
            reset(stream, Http2Error.CANCEL);
        }
    }

    void remove(TunnelStream stream) {
        stream.closed();
        if (streams.remove(stream.id()) != null) {
            events.roomChanged(this);
            closeIfDrained();
        }
    }

    TunnelStream newStream(int id, StreamListener listener) {
        int initial = settings.initialStreamWindow();
        // a peer that has not read our SETTINGS yet counts with the default
        int granted = peer.hasTakenSettings() ? initial : Math.max(initial, Http2CodecUtil.DEFAULT_WINDOW_SIZE);
        TunnelStream stream = new TunnelStream(
                this,
                id,
                listener,
                new SendWindow(peer.initialWindow()),
                new StreamReceiveWindow(initial, granted, settings.maxStreamWindow(), budget, now()));
        streams.put(id, stream);
        return stream;
    }

    // ---- the connection's life ------------------------------------------------------------------------------------

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        link = new Link(
                ctx,
                new DataWriter(ctx),
                new Keepalive(
                        ctx,
                        settings.pingInterval().toNanos(),
                        settings.pingTimeout().toNanos(),
                        this::writePing,
                        this::peerIsUnresponsive),
                new AbuseLimits(ctx, settings));
        if (ctx.channel().isActive()) {
            start();
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        start();
        ctx.fireChannelActive();
    }

    private void start() {
        if (started) {
            return; // added to a pipeline whose channel was just becoming active
        }
        started = true;
        ChannelHandlerContext ctx = link().ctx;
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
        frames.writeSettings(ctx, mine, ctx.newPromise());
        int more = settings.connectionWindow() - Http2CodecUtil.DEFAULT_WINDOW_SIZE;
        if (more > 0) {
            frames.writeWindowUpdate(ctx, 0, more, ctx.newPromise());
        }
        ctx.flush();
        peer.settingsSent(now());
        link().keepalive.start();
        ctx.executor()
                .schedule(this::requireSettings, settings.handshakeTimeout().toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        ByteBuf in = (ByteBuf) msg;
        try {
            if (prefaceBytesLeft > 0) {
                readPreface(in);
            }
            while (in.isReadable()) {
                readFrames(ctx, in);
            }
        } finally {
            in.release();
        }
    }

    private void readFrames(ChannelHandlerContext ctx, ByteBuf in) {
        try {
            reader.read(ctx, in);
        } catch (Http2Exception.StreamException e) {
            streamFailed(e);
        } catch (Http2Exception e) {
            connectionFailed(e.error(), String.valueOf(e.getMessage()));
        }
    }

    private void readPreface(ByteBuf in) {
        while (prefaceBytesLeft > 0 && in.isReadable()) {
            if (in.readByte() != PREFACE.byteAt(PREFACE.length() - prefaceBytesLeft)) {
                connectionFailed(Http2Error.PROTOCOL_ERROR, "no HTTP/2 preface (expected: RFC 9113 section 3.4)");
                return;
            }
            prefaceBytesLeft--;
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        intake.readComplete();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (!closed) {
            link().data.writabilityChanged();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!closed) {
            // a peer that rejects our certificate says so only after the handshake (RFC 8446 section 4.4.2.4)
            shutDown(
                    TlsFailures.isTls(cause)
                            ? TlsFailures.explain(
                                    cause, Addresses.text(ctx.channel().remoteAddress()))
                            : new TunnelException(TunnelError.TUNNEL_CLOSED, this + " failed: " + cause, cause));
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        closed(isIdleAndLeaving() ? null : new TunnelException(TunnelError.TUNNEL_CLOSED, this + " was closed"));
        ctx.fireChannelInactive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        closed(new TunnelException(TunnelError.TUNNEL_CLOSED, this + " is gone"));
    }

    private boolean isIdleAndLeaving() {
        return (goingAway || peerLeaving) && streams.isEmpty();
    }

    void goAway() {
        if (!goingAway) {
            goingAway = true;
            events.goingAway(this);
        }
    }

    private void requireSettings() {
        if (!peer.hasSentSettings()) {
            connectionFailed(Http2Error.SETTINGS_TIMEOUT, "no SETTINGS within " + settings.handshakeTimeout());
        }
    }

    void closeIfDrained() {
        if (!closed && streams.isEmpty() && (server ? drained : goingAway)) {
            if (!server) {
                writeGoAway(0, Http2Error.NO_ERROR, "");
            }
            shutDown(null);
        }
    }

    private void connectionFailed(Http2Error code, String what) {
        if (closed) {
            return;
        }
        writeGoAway(ids.lastServed(), code, what);
        TunnelError error = code == Http2Error.ENHANCE_YOUR_CALM ? TunnelError.FLOOD : TunnelError.PROTOCOL_ERROR;
        shutDown(new TunnelException(error, this + ": " + code + ": " + what));
    }

    private void streamFailed(Http2Exception.StreamException e) {
        int streamId = e.streamId();
        TunnelStream stream = streams.get(streamId);
        if (stream == null && !ids.wasOpened(streamId)) {
            if (!server || (streamId & 1) == 0 || !reader.isHeaderBlock()) {
                connectionFailed(e.error(), "on stream " + streamId + ", which is idle: " + e.getMessage());
                return;
            }
            ids.openedByPeer(streamId, !drained); // it was a request, and it is being answered
        }
        if (server && !link().limits.admitReset()) {
            connectionFailed(Http2Error.ENHANCE_YOUR_CALM, link().limits.tooManyResets());
        } else if (stream == null) {
            ChannelHandlerContext ctx = link().ctx;
            frames.writeRstStream(ctx, streamId, e.error().code(), ctx.newPromise());
            flush();
            ids.resetByUs(streamId);
        } else {
            stream.handOver();
            StreamListener listener = stream.listener();
            reset(stream, e.error());
            listener.onFailure(new TunnelException(
                    TunnelError.PROTOCOL_ERROR, stream + ": " + e.error() + ": " + e.getMessage(), e));
        }
    }

    private void peerIsUnresponsive() {
        close(new TunnelException(
                TunnelError.PEER_UNRESPONSIVE, this + ": no answer to PING within " + settings.pingTimeout()));
    }

    /** Closes the connection once what was written is out. */
    private void shutDown(@Nullable TunnelException why) {
        ChannelHandlerContext ctx = link().ctx;
        closed(why);
        ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        // a peer that does not read must not keep the connection
        ctx.executor().schedule(() -> ctx.channel().close(), LINGER_SECONDS, TimeUnit.SECONDS);
    }

    private void closed(@Nullable TunnelException why) {
        if (closed) {
            return;
        }
        closed = true;
        link().keepalive.stop();
        reader.close();
        frames.close();
        if (!streams.isEmpty()) {
            TunnelException reason =
                    why != null ? why : new TunnelException(TunnelError.TUNNEL_CLOSED, this + " ended");
            List<TunnelStream> open = new ArrayList<>(streams.values());
            streams.clear();
            for (TunnelStream stream : open) {
                stream.handOver();
                stream.closed();
                stream.dismissListener().onFailure(reason);
            }
        }
        events.closed(this, why);
    }

    // ---- frames that are rare -------------------------------------------------------------------------------------

    void writeWindowUpdate(int streamId, int increment) {
        ChannelHandlerContext ctx = link().ctx;
        frames.writeWindowUpdate(ctx, streamId, increment, ctx.newPromise());
        flush();
    }

    private void writePing(long payload) {
        ChannelHandlerContext ctx = link().ctx;
        frames.writePing(ctx, false, payload, ctx.newPromise());
        ctx.flush();
    }

    void writeGoAway(int lastStreamId, Http2Error code, String message) {
        ChannelHandlerContext ctx = link().ctx;
        frames.writeGoAway(
                ctx, lastStreamId, code.code(), ByteBufUtil.writeAscii(ctx.alloc(), message), ctx.newPromise());
    }

    void peerEnded(TunnelStream stream) {
        if (!stream.isClosed()) {
            stream.remoteEnded();
            stream.handOver();
            stream.listener().onEnd();
            closeIfEnded(stream);
        }
    }

    // ---- what those who read the peer's frames ask ----------------------------------------------------------------

    boolean isServer() {
        return server;
    }

    HboneSettings settings() {
        return settings;
    }

    TunnelEvents events() {
        return events;
    }

    StreamIds ids() {
        return ids;
    }

    AbuseLimits limits() {
        return link().limits;
    }

    DataWriter data() {
        return link().data;
    }

    Keepalive keepalive() {
        return link().keepalive;
    }

    DefaultHttp2FrameWriter frames() {
        return frames;
    }

    /** The open stream of that number, if there is one. */
    @Nullable TunnelStream stream(int id) {
        return streams.get(id);
    }

    /** All that are open now, in a list of their own. */
    List<TunnelStream> openStreams() {
        return List.copyOf(streams.values());
    }

    /** The peer will not send more than this in a table of headers. */
    void headerTableSize(long bytes) throws Http2Exception {
        // more than the default would only cost us
        if (bytes < headersEncoder.configuration().maxHeaderTableSize()) {
            headersEncoder.configuration().maxHeaderTableSize(bytes);
        }
    }

    /** Whether the last GOAWAY of a drain is out. */
    boolean isDrained() {
        return drained;
    }

    /** A client has said that it will close: it says nothing of the streams that it opens. */
    void peerLeaves() {
        peerLeaving = true;
    }

    /** The client has seen the first GOAWAY of a drain; what comes from now on is refused. Otherwise false. */
    boolean drainAnswered(long payload) {
        if (payload != DRAIN_PING || !server || !goingAway || drained) {
            return false;
        }
        drained = true;
        writeGoAway(ids.lastServed(), Http2Error.NO_ERROR, "drain");
        flush();
        closeIfDrained();
        return true;
    }

    private Link link() {
        Link current = link;
        if (current == null) {
            throw new IllegalStateException("not in a pipeline yet");
        }
        return current;
    }

    long now() {
        return link().ctx.executor().ticker().nanoTime();
    }
}
