package io.hbone.netty.h2;

import static io.netty.handler.codec.http2.Http2Exception.connectionError;
import static io.netty.handler.codec.http2.Http2Exception.streamError;

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
import io.netty.handler.codec.http2.Http2FrameAdapter;
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

    /** So many of the streams that we reset are remembered: frames that were on their way to them are no error. */
    private static final int REMEMBERED_RESETS = 256;

    /** The PING that separates the two GOAWAYs of a graceful end. */
    private static final long DRAIN_PING = 0x6472_6169_6e69_6e67L;

    /** How long a connection that has been given up may take to send its last frames. */
    private static final int LINGER_SECONDS = 1;

    private final HboneSettings settings;
    private final boolean server;
    private final TunnelEvents events;
    private final WindowBudget budget;
    private final ConnectionReceiveWindow receiveWindow;
    private final FrameReader reader;
    private final DefaultHttp2HeadersEncoder headersEncoder =
            new DefaultHttp2HeadersEncoder((name, value) -> ConnectHeaders.isPerConnection(name));
    private final DefaultHttp2FrameWriter frames = new DefaultHttp2FrameWriter(headersEncoder);

    private final IntObjectMap<TunnelStream> streams = new IntObjectHashMap<>(8);
    private final List<TunnelStream> touched = new ArrayList<>(4);
    private final RecentIds resetByUs = new RecentIds(REMEMBERED_RESETS);

    private @Nullable Link link;

    private int prefaceBytesLeft;
    private int peerInitialWindow = Http2CodecUtil.DEFAULT_WINDOW_SIZE;
    private long peerMaxStreams = Long.MAX_VALUE;
    private int nextStreamId = 1;
    /** The highest id that the peer has used. */
    private int lastPeerStreamId;
    /** The highest that was not refused because of a drain: what a GOAWAY says. */
    private int lastServedStreamId;

    private boolean started;
    private long settingsSentAt;
    private boolean settingsAnswered;
    private boolean settingsSeen;
    /** Frames that make us answer, since the peer last took what we send. */
    private int unreadAnswers;
    /** The stream whose DATA frame is being read. */
    private @Nullable TunnelStream reading;
    /** No stream may be opened any more, whichever side has said so. */
    private boolean goingAway;
    /** The last GOAWAY of a drain is out: streams that come now are refused. */
    private boolean drained;
    /** A client has said that it will close. */
    private boolean peerLeaving;

    private boolean closed;

    /** What exists as soon as the tunnel has its place in a pipeline. */
    private record Link(
            ChannelHandlerContext ctx,
            DataWriter data,
            Keepalive keepalive,
            FloodGuard resets,
            FloodGuard controlFrames) {}

    private Tunnel(HboneSettings settings, boolean server, WindowBudget processBudget, TunnelEvents events) {
        this.settings = settings;
        this.server = server;
        this.events = events;
        budget = processBudget.child(settings.tunnelWindowBudget());
        // nothing can take back what HTTP/2 gives to begin with
        receiveWindow =
                new ConnectionReceiveWindow(Math.max(settings.connectionWindow(), Http2CodecUtil.DEFAULT_WINDOW_SIZE));
        prefaceBytesLeft = server ? PREFACE.length() : 0;
        try {
            reader = new FrameReader(
                    new DataSink(), new FrameHandler(), settings.maxFrameSize(), settings.maxHeaderListSize());
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
                && streams.size() < Math.min(settings.maxStreamsPerTunnel(), peerMaxStreams)
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
        TunnelStream stream = newStream(nextStreamId, listener);
        stream.requested();
        writeHeaders(stream, request, false);
        nextStreamId += 2;
        if (nextStreamId < 0) {
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
            writeGoAway(lastServedStreamId, Http2Error.NO_ERROR, why.error().name());
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
        resetByUs.add(stream.id());
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

    private void remove(TunnelStream stream) {
        stream.closed();
        if (streams.remove(stream.id()) != null) {
            events.roomChanged(this);
            closeIfDrained();
        }
    }

    private TunnelStream newStream(int id, StreamListener listener) {
        int initial = settings.initialStreamWindow();
        // a peer that has not read our SETTINGS yet counts with the default
        int granted = settingsAnswered ? initial : Math.max(initial, Http2CodecUtil.DEFAULT_WINDOW_SIZE);
        TunnelStream stream = new TunnelStream(
                this,
                id,
                listener,
                new SendWindow(peerInitialWindow),
                new StreamReceiveWindow(initial, granted, settings.maxStreamWindow(), budget, now()));
        streams.put(id, stream);
        return stream;
    }

    // ---- the connection's life ------------------------------------------------------------------------------------

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        long now = ctx.executor().ticker().nanoTime();
        long floodWindow = settings.floodWindow().toNanos();
        link = new Link(
                ctx,
                new DataWriter(ctx),
                new Keepalive(
                        ctx,
                        settings.pingInterval().toNanos(),
                        settings.pingTimeout().toNanos(),
                        this::writePing,
                        this::peerIsUnresponsive),
                new FloodGuard(settings.maxResets(), floodWindow, now),
                new FloodGuard(settings.maxControlFrames(), floodWindow, now));
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
        settingsSentAt = now();
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
        for (int i = 0; i < touched.size(); i++) { // listeners may close streams, but no data comes meanwhile
            TunnelStream stream = touched.get(i);
            stream.touched = false;
            stream.listener().onReadComplete();
        }
        touched.clear();
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

    private void goAway() {
        if (!goingAway) {
            goingAway = true;
            events.goingAway(this);
        }
    }

    private void requireSettings() {
        if (!settingsSeen) {
            connectionFailed(Http2Error.SETTINGS_TIMEOUT, "no SETTINGS within " + settings.handshakeTimeout());
        }
    }

    private void closeIfDrained() {
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
        writeGoAway(lastServedStreamId, code, what);
        TunnelError error = code == Http2Error.ENHANCE_YOUR_CALM ? TunnelError.FLOOD : TunnelError.PROTOCOL_ERROR;
        shutDown(new TunnelException(error, this + ": " + code + ": " + what));
    }

    private void streamFailed(Http2Exception.StreamException e) {
        int streamId = e.streamId();
        TunnelStream stream = streams.get(streamId);
        if (stream == null && !wasOpened(streamId)) {
            if (!server || (streamId & 1) == 0 || !reader.isHeaderBlock()) {
                connectionFailed(e.error(), "on stream " + streamId + ", which is idle: " + e.getMessage());
                return;
            }
            openedByPeer(streamId); // it was a request, and it is being answered
        }
        if (!admitReset()) {
            connectionFailed(Http2Error.ENHANCE_YOUR_CALM, tooManyResets());
        } else if (stream == null) {
            ChannelHandlerContext ctx = link().ctx;
            frames.writeRstStream(ctx, streamId, e.error().code(), ctx.newPromise());
            flush();
            resetByUs.add(streamId);
        } else {
            StreamListener listener = stream.listener();
            reset(stream, e.error());
            listener.onFailure(new TunnelException(
                    TunnelError.PROTOCOL_ERROR, stream + ": " + e.error() + ": " + e.getMessage(), e));
        }
    }

    /** Counts a stream that a client resets, or breaks so that we must: both leave us the work and free its place. */
    private boolean admitReset() {
        return !server || link().resets.admit(now());
    }

    private String tooManyResets() {
        return "more than " + settings.maxResets() + " streams reset within " + settings.floodWindow();
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
                stream.closed();
                stream.dismissListener().onFailure(reason);
            }
        }
        events.closed(this, why);
    }

    // ---- frames that are rare -------------------------------------------------------------------------------------

    private void writeWindowUpdate(int streamId, int increment) {
        ChannelHandlerContext ctx = link().ctx;
        frames.writeWindowUpdate(ctx, streamId, increment, ctx.newPromise());
        flush();
    }

    private void writePing(long payload) {
        ChannelHandlerContext ctx = link().ctx;
        frames.writePing(ctx, false, payload, ctx.newPromise());
        ctx.flush();
    }

    private void writeGoAway(int lastStreamId, Http2Error code, String message) {
        ChannelHandlerContext ctx = link().ctx;
        frames.writeGoAway(
                ctx, lastStreamId, code.code(), ByteBufUtil.writeAscii(ctx.alloc(), message), ctx.newPromise());
    }

    private void countControlFrame(String what) throws Http2Exception {
        if (!link().controlFrames.admit(now())) {
            throw connectionError(
                    Http2Error.ENHANCE_YOUR_CALM,
                    "more than %d %s and the like within %s",
                    settings.maxControlFrames(),
                    what,
                    settings.floodWindow());
        }
        countAnswer();
    }

    /** A peer that makes us answer and does not read the answers would fill our memory with them. */
    private void countAnswer() throws Http2Exception {
        if (link().ctx.channel().isWritable()) {
            unreadAnswers = 0;
        } else if (++unreadAnswers > settings.maxControlFrames()) {
            throw connectionError(Http2Error.ENHANCE_YOUR_CALM, "peer does not read what it asks for");
        }
    }

    /** The peer has opened a stream, which counts as served unless the last GOAWAY is out. */
    private void openedByPeer(int streamId) {
        lastPeerStreamId = streamId;
        if (!drained) {
            lastServedStreamId = streamId;
        }
    }

    /** Whether the peer could have opened the stream, or we: frames on any other are errors of the connection. */
    private boolean wasOpened(int streamId) {
        boolean peers = (streamId & 1) == (server ? 1 : 0);
        return peers ? streamId <= lastPeerStreamId : !server && (streamId < nextStreamId || nextStreamId < 0);
    }

    private void requireOpened(int streamId, String frame) throws Http2Exception {
        if (!wasOpened(streamId)) {
            throw connectionError(Http2Error.PROTOCOL_ERROR, "%s on stream %d, which is idle", frame, streamId);
        }
    }

    private final class FrameHandler extends Http2FrameAdapter {

        @Override
        public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings theirs) throws Http2Exception {
            countControlFrame("SETTINGS");
            settingsSeen = true;
            Long tableSize = theirs.headerTableSize();
            // more than the default would only cost us
            if (tableSize != null && tableSize < headersEncoder.configuration().maxHeaderTableSize()) {
                headersEncoder.configuration().maxHeaderTableSize(tableSize);
            }
            Integer frameSize = theirs.maxFrameSize();
            if (frameSize != null) {
                link().data.maxFrameSize(frameSize);
            }
            Long maxStreams = theirs.maxConcurrentStreams();
            if (maxStreams != null) {
                peerMaxStreams = maxStreams;
            }
            Integer window = theirs.initialWindowSize();
            if (window != null) {
                changeInitialWindow(window);
            }
            frames.writeSettingsAck(ctx, ctx.newPromise());
            flush();
            events.roomChanged(Tunnel.this);
        }

        private void changeInitialWindow(int window) throws Http2Exception {
            int delta = window - peerInitialWindow;
            peerInitialWindow = window;
            for (TunnelStream stream : List.copyOf(streams.values())) {
                if (!stream.sendWindow.add(delta)) {
                    throw connectionError(
                            Http2Error.FLOW_CONTROL_ERROR, "initial window %d overflows %s", window, stream);
                }
                if (delta > 0 && !stream.isClosed()) {
                    link().data.resume(stream, Integer.MAX_VALUE);
                }
            }
        }

        @Override
        public void onSettingsAckRead(ChannelHandlerContext ctx) throws Http2Exception {
            countControlFrame("SETTINGS");
            if (!settingsAnswered) {
                settingsAnswered = true;
                link().keepalive.measured(now() - settingsSentAt);
            }
        }

        @Override
        public void onPingRead(ChannelHandlerContext ctx, long payload) throws Http2Exception {
            countControlFrame("PING");
            frames.writePing(ctx, true, payload, ctx.newPromise());
            flush();
        }

        @Override
        public void onPingAckRead(ChannelHandlerContext ctx, long payload) throws Http2Exception {
            countControlFrame("PING");
            if (payload == DRAIN_PING && server && goingAway && !drained) {
                drained = true;
                writeGoAway(lastServedStreamId, Http2Error.NO_ERROR, "drain");
                flush();
                closeIfDrained();
            } else {
                link().keepalive.answered(payload);
            }
        }

        @Override
        public void onWindowUpdateRead(ChannelHandlerContext ctx, int streamId, int increment) throws Http2Exception {
            if (streamId == 0) {
                if (!link().data.window().add(increment)) {
                    throw connectionError(Http2Error.FLOW_CONTROL_ERROR, "the connection's window overflows");
                }
                link().data.resumeWaiting();
                events.roomChanged(Tunnel.this);
                return;
            }
            TunnelStream stream = streams.get(streamId);
            if (stream == null) {
                requireOpened(streamId, "WINDOW_UPDATE");
                return; // it was on its way when the stream ended
            }
            if (!stream.sendWindow.add(increment)) {
                throw streamError(streamId, Http2Error.FLOW_CONTROL_ERROR, "the stream's window overflows");
            }
            link().data.resume(stream, Integer.MAX_VALUE);
            flush();
        }

        @Override
        public void onPriorityRead(
                ChannelHandlerContext ctx, int streamId, int dependency, short weight, boolean exclusive)
                throws Http2Exception {
            countControlFrame("PRIORITY");
            if (dependency == streamId) {
                throw streamError(streamId, Http2Error.PROTOCOL_ERROR, "depends on itself");
            }
        }

        @Override
        public void onRstStreamRead(ChannelHandlerContext ctx, int streamId, long errorCode) throws Http2Exception {
            requireOpened(streamId, "RST_STREAM");
            TunnelStream stream = streams.get(streamId);
            if (stream == null) {
                return; // it was on its way when the stream ended
            }
            if (!admitReset()) {
                throw connectionError(Http2Error.ENHANCE_YOUR_CALM, "%s", tooManyResets());
            }
            StreamListener listener = stream.dismissListener();
            remove(stream);
            Http2Error code = Http2Error.valueOf(errorCode);
            boolean orderly = code == Http2Error.NO_ERROR || code == Http2Error.CANCEL;
            TunnelError error =
                    code == Http2Error.REFUSED_STREAM ? TunnelError.STREAM_REFUSED : TunnelError.STREAM_RESET;
            listener.onReset(orderly, new TunnelException(error, stream + " was reset by the peer: " + code));
        }

        @Override
        public void onGoAwayRead(ChannelHandlerContext ctx, int lastStreamId, long errorCode, ByteBuf message)
                throws Http2Exception {
            countControlFrame("GOAWAY");
            if (server) {
                peerLeaving = true; // it says nothing of the streams that it opens
                return;
            }
            goAway();
            String why = Http2Error.valueOf(errorCode) + " " + message.toString(StandardCharsets.US_ASCII);
            for (TunnelStream stream : List.copyOf(streams.values())) {
                if (stream.id() > lastStreamId) {
                    StreamListener listener = stream.dismissListener();
                    remove(stream);
                    listener.onFailure(
                            new TunnelException(TunnelError.STREAM_REFUSED, stream + " was not served: GOAWAY " + why));
                }
            }
            closeIfDrained();
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
            TunnelStream stream = streams.get(streamId);
            if (stream != null) {
                if (server) {
                    throw streamError(
                            streamId,
                            stream.isRemoteEnded() ? Http2Error.STREAM_CLOSED : Http2Error.PROTOCOL_ERROR,
                            "HEADERS after a CONNECT (expected: DATA, RFC 9113 section 8.5)");
                }
                response(stream, headers, endOfStream);
            } else if (server && streamId > lastPeerStreamId && (streamId & 1) == 1) {
                request(streamId, headers, endOfStream);
            } else {
                requireOpened(streamId, "HEADERS");
                if (server && !resetByUs.contains(streamId)) { // a client gets answers to what it has cancelled
                    throw connectionError(Http2Error.STREAM_CLOSED, "HEADERS on stream %d, which has ended", streamId);
                }
            }
        }

        private void request(int streamId, Http2Headers headers, boolean endOfStream) throws Http2Exception {
            openedByPeer(streamId);
            countAnswer();
            if (drained) {
                throw streamError(streamId, Http2Error.REFUSED_STREAM, "the tunnel is going away");
            }
            if (streams.size() >= settings.maxConcurrentStreams()) {
                throw streamError(
                        streamId,
                        Http2Error.REFUSED_STREAM,
                        "more than %d streams at a time",
                        settings.maxConcurrentStreams());
            }
            TunnelStream stream = newStream(streamId, Discard.LISTENER);
            if (endOfStream) {
                stream.remoteEnded();
            }
            events.incoming(stream, headers);
            if (endOfStream && !stream.isClosed()) {
                stream.listener().onEnd();
            }
        }

        private void response(TunnelStream stream, Http2Headers headers, boolean endOfStream) throws Http2Exception {
            if (!stream.awaitsResponse()) {
                throw streamError(
                        stream.id(),
                        Http2Error.PROTOCOL_ERROR,
                        "HEADERS after the answer to a CONNECT (expected: DATA)");
            }
            if (!ConnectHeaders.isInformational(headers)) {
                stream.responded();
                stream.listener().onResponse(headers);
            } else if (endOfStream) {
                throw streamError(stream.id(), Http2Error.PROTOCOL_ERROR, "informational answer with END_STREAM");
            }
            if (endOfStream) {
                peerEnded(stream);
            }
        }
    }

    private void peerEnded(TunnelStream stream) {
        if (!stream.isClosed()) {
            stream.remoteEnded();
            stream.listener().onEnd();
            closeIfEnded(stream);
        }
    }

    // ---- the path of DATA -----------------------------------------------------------------------------------------

    private final class DataSink implements FrameReader.Sink {

        @Override
        public boolean dataBegins(int streamId, int length, boolean endOfStream) throws Http2Exception {
            if (!receiveWindow.arrived(length)) {
                throw connectionError(Http2Error.FLOW_CONTROL_ERROR, "more DATA than the connection's window");
            }
            int increment = receiveWindow.toReturn();
            if (increment > 0) {
                writeWindowUpdate(0, increment);
            }
            TunnelStream stream = streams.get(streamId);
            if (stream == null) {
                requireOpened(streamId, "DATA");
                if (!resetByUs.contains(streamId)) {
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
                stream.taken(slice.readableBytes()); // a peer that writes before it reads must come to read our end
                slice.release();
                return;
            }
            if (!stream.touched) {
                stream.touched = true;
                touched.add(stream);
            }
            stream.listener().onData(slice);
        }

        @Override
        public void dataEnds(int padding, boolean endOfStream) {
            TunnelStream stream = reading;
            reading = null;
            if (stream == null || stream.isClosed()) {
                return;
            }
            if (padding > 0) {
                stream.taken(padding);
            }
            if (endOfStream) {
                peerEnded(stream);
            }
        }

        @Override
        public void idleFrame() throws Http2Exception {
            countControlFrame("empty or unknown frames");
        }
    }

    private Link link() {
        Link current = link;
        if (current == null) {
            throw new IllegalStateException("not in a pipeline yet");
        }
        return current;
    }

    private long now() {
        return link().ctx.executor().ticker().nanoTime();
    }
}
