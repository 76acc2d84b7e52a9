package io.hbone.netty.h2;

import io.hbone.core.Authority;
import io.hbone.core.ConnectRequest;
import io.hbone.core.HboneSettings;
import io.hbone.core.TraceParent;
import io.hbone.netty.testing.Http2Peer;
import io.hbone.netty.testing.StreamRecorder;
import io.hbone.netty.testing.TunnelRecorder;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Headers;
import java.lang.reflect.Field;
import java.util.List;

/** A tunnel in an embedded channel, what its owner is told, and the peer that it talks to. */
final class TunnelFixture implements AutoCloseable {

    static final TraceParent TRACE = new TraceParent(1, 2, 3, 1);

    final TunnelRecorder events = new TunnelRecorder();
    final WindowBudget processBudget;
    final Tunnel tunnel;
    final Http2Peer peer;

    private TunnelFixture(HboneSettings settings, boolean server) {
        processBudget = new WindowBudget(settings.processWindowBudget());
        tunnel = server
                ? Tunnel.server(settings, processBudget, events)
                : Tunnel.client(settings, processBudget, events);
        peer = server ? Http2Peer.ofServer(tunnel) : Http2Peer.ofClient(tunnel);
    }

    /** A server that nobody has said anything to. */
    static TunnelFixture freshServer(HboneSettings settings) {
        return new TunnelFixture(settings, true);
    }

    /** A client whose peer has said nothing. */
    static TunnelFixture freshClient(HboneSettings settings) {
        return new TunnelFixture(settings, false);
    }

    /** A server that has exchanged settings with its peer. */
    static TunnelFixture server(HboneSettings settings) {
        TunnelFixture fixture = freshServer(settings);
        fixture.peer
                .send(Http2Peer.preface(), Http2Peer.settings(), Http2Peer.settingsAck())
                .ignoreAnswers();
        fixture.events.events();
        return fixture;
    }

    static TunnelFixture server() {
        return server(HboneSettings.DEFAULT);
    }

    /** A client that has exchanged settings with its peer, which gives it {@code settings}. */
    static TunnelFixture client(HboneSettings settings, long... peerSettings) {
        TunnelFixture fixture = freshClient(settings);
        fixture.peer
                .send(Http2Peer.settings(peerSettings), Http2Peer.settingsAck())
                .ignoreAnswers();
        fixture.events.events();
        return fixture;
    }

    static TunnelFixture client() {
        return client(HboneSettings.DEFAULT);
    }

    /** The peer opens {@code id}, and is answered. */
    TunnelStream accepted(int id) {
        peer.send(Http2Peer.connect(id)).ignoreAnswers();
        events.events();
        return events.stream(id);
    }

    /** A client's stream that was answered with 200. */
    TunnelStream established(StreamRecorder recorder) {
        TunnelStream stream = open(recorder);
        peer.send(Http2Peer.ok(stream.id())).ignoreAnswers();
        recorder.events();
        return stream;
    }

    /** A client's stream that waits for its answer. */
    TunnelStream open(StreamListener listener) {
        return tunnel.open(request(), listener);
    }

    static Http2Headers request() {
        return ConnectHeaders.request(ConnectRequest.to(Authority.of("10.0.0.1", 8080), TRACE));
    }

    ByteBuf bytes(int length) {
        return peer.channel().alloc().directBuffer(Math.max(length, 1)).writeZero(length);
    }

    ByteBuf bytesWithHeadroom(int length) {
        return peer.channel()
                .alloc()
                .directBuffer(TunnelStream.HEADROOM + length)
                .writeZero(TunnelStream.HEADROOM + length)
                .skipBytes(TunnelStream.HEADROOM);
    }

    /** As if the client had opened all streams before {@code id}. */
    void nextStreamId(int id) {
        try {
            Field field = StreamIds.class.getDeclaredField("next");
            field.setAccessible(true);
            field.setInt(tunnel.ids(), id);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    List<String> answers() {
        return peer.answers();
    }

    boolean isConnected() {
        return peer.channel().isOpen();
    }

    void writable(boolean writable) {
        peer.channel().unsafe().outboundBuffer().setUserDefinedWritability(1, writable);
        peer.channel().runPendingTasks();
    }

    @Override
    public void close() {
        peer.close();
    }
}
