package io.hbone.netty.h2;

import io.hbone.core.HboneSettings;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.socket.Addresses;
import io.hbone.netty.tls.TlsFailures;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One end of one tunnel: an HTTP/2 connection (RFC 9113) that carries CONNECT streams. The last handler of a connection's
 * pipeline, added when the TLS handshake is done. Here is what its owner asks of it and what the connection tells it; the rest is
 * with its parts: {@link PeerFrames} and {@link DataIntake} read, {@link ControlFrames} and {@link DataWriter} write, {@link
 * OpenStreams} has the streams, {@link TunnelEnding} ends it.
 *
 * <p><b>Reference counting:</b> releases what it reads; what it gives to a {@link StreamListener} is the listener's.
 *
 * <p><b>Threading:</b> the connection's event loop only.
 */
public final class Tunnel extends ChannelInboundHandlerAdapter {

    /** The share of a connection's window, one in so many, that must be left for a stream to be opened in it. */
    private static final int WINDOW_SHARE = 8;

    private final HboneSettings settings;
    private final boolean server;
    private final TunnelEvents events;
    private final StreamIds ids;
    private final OpenStreams streams;
    private final PeerFrames peer = new PeerFrames(this);
    private final DataIntake intake;
    private final FrameReader reader;
    private final TunnelEnding ending = new TunnelEnding(this);

    private @Nullable Link link;
    private int prefaceBytesLeft;
    private boolean started;

    /** What exists as soon as the tunnel has its place in a pipeline. */
    private record Link(
            ChannelHandlerContext ctx,
            ControlFrames frames,
            DataWriter data,
            Keepalive keepalive,
            AbuseLimits limits) {}

    private Tunnel(HboneSettings settings, boolean server, WindowBudget processBudget, TunnelEvents events) {
        this.settings = settings;
        this.server = server;
        this.events = events;
        ids = new StreamIds(server);
        streams = new OpenStreams(this, processBudget.child(settings.tunnelWindowBudget()));
        intake = new DataIntake(this, settings.connectionWindow());
        prefaceBytesLeft = server ? ControlFrames.PREFACE.length() : 0;
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
        return ctx().channel();
    }

    /** How many streams are open. */
    public int activeStreams() {
        return streams.size();
    }

    /** Whether streams can be opened, now or when others have ended. */
    public boolean isOpen() {
        return ending.isOpen();
    }

    /**
     * Whether a stream that is opened now can send: there is room under both sides' limits, nobody is going away, and the
     * connection's window is not held by streams whose applications do not read. With a peer that gives the connection's credit
     * back only when applications read, as stock ztunnel does, a stalled reader holds its stream's window of it for good.
     */
    public boolean hasRoom() {
        return isOpen()
                && streams.size() < Math.min(settings.maxStreamsPerTunnel(), peer.maxStreams())
                && data().window().available() >= peer.widestConnectionWindow() / WINDOW_SHARE;
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
        TunnelStream stream = streams.add(ids.next(), listener);
        stream.requested();
        frames().headers(stream.id(), request, false);
        flush();
        ids.useNext();
        if (ids.next() < 0) {
            ending.goAway(); // the ids are used up (RFC 9113 section 5.1.1)
        }
        return stream;
    }

    /**
     * Ends the tunnel when its streams have ended. A server's peer is told in two steps, so that requests which are on their way
     * are still served (RFC 9113 section 6.8).
     */
    public void drain() {
        ending.drain();
    }

    /** Ends the tunnel now: every open stream fails with {@code why}. */
    public void close(TunnelException why) {
        ending.close(why);
    }

    @Override
    public String toString() {
        if (link == null) {
            return "tunnel";
        }
        return "tunnel " + Addresses.text(channel().localAddress()) + (server ? " <- " : " -> ")
                + Addresses.text(channel().remoteAddress());
    }

    // ---- what the connection tells --------------------------------------------------------------------------------

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        link = new Link(
                ctx,
                new ControlFrames(ctx),
                new DataWriter(ctx),
                new Keepalive(
                        ctx,
                        settings.pingInterval().toNanos(),
                        settings.pingTimeout().toNanos(),
                        this::ping,
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
        frames().greeting(settings, server);
        ctx().flush();
        peer.settingsSent(now());
        keepalive().start();
        ctx().executor()
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

    private void readPreface(ByteBuf in) {
        AsciiString preface = ControlFrames.PREFACE;
        while (prefaceBytesLeft > 0 && in.isReadable()) {
            if (in.readByte() != preface.byteAt(preface.length() - prefaceBytesLeft)) {
                ending.protocolBroken(Http2Error.PROTOCOL_ERROR, "no HTTP/2 preface (expected: RFC 9113 section 3.4)");
                return;
            }
            prefaceBytesLeft--;
        }
    }

    private void readFrames(ChannelHandlerContext ctx, ByteBuf in) {
        try {
            reader.read(ctx, in);
        } catch (Http2Exception.StreamException e) {
            ending.streamBroken(e, reader.isHeaderBlock());
        } catch (Http2Exception e) {
            ending.protocolBroken(e.error(), String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        intake.readComplete();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (!ending.isClosed()) {
            data().writabilityChanged();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // a peer that rejects our certificate says so only after the handshake (RFC 8446 section 4.4.2.4)
        ending.connectionFailed(
                TlsFailures.isTls(cause)
                        ? TlsFailures.explain(
                                cause, Addresses.text(ctx.channel().remoteAddress()))
                        : new TunnelException(TunnelError.TUNNEL_CLOSED, this + " failed: " + cause, cause));
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        ending.connectionClosed();
        ctx.fireChannelInactive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        ending.removed();
    }

    // ---- what time tells ------------------------------------------------------------------------------------------

    private void requireSettings() {
        if (!peer.hasSentSettings()) {
            ending.protocolBroken(Http2Error.SETTINGS_TIMEOUT, "no SETTINGS within " + settings.handshakeTimeout());
        }
    }

    private void ping(long payload) {
        frames().ping(payload);
        ctx().flush();
    }

    private void peerIsUnresponsive() {
        close(new TunnelException(
                TunnelError.PEER_UNRESPONSIVE, this + ": no answer to PING within " + settings.pingTimeout()));
    }

    // ---- what its parts ask ---------------------------------------------------------------------------------------

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

    OpenStreams streams() {
        return streams;
    }

    PeerFrames peer() {
        return peer;
    }

    TunnelEnding ending() {
        return ending;
    }

    ControlFrames frames() {
        return link().frames;
    }

    DataWriter data() {
        return link().data;
    }

    Keepalive keepalive() {
        return link().keepalive;
    }

    AbuseLimits limits() {
        return link().limits;
    }

    ChannelHandlerContext ctx() {
        return link().ctx;
    }

    /** Sends what was written, together with what else is ready in this turn of the event loop. */
    void flush() {
        data().flush();
    }

    long now() {
        return ctx().executor().ticker().nanoTime();
    }

    /** It is over: no frame is read or written any more. */
    void release() {
        keepalive().stop();
        reader.close();
        frames().close();
    }

    private Link link() {
        Link current = link;
        if (current == null) {
            throw new IllegalStateException("not in a pipeline yet");
        }
        return current;
    }
}
