package io.hbone.netty.h2;

import static io.hbone.netty.testing.Http2Peer.ACK;
import static io.hbone.netty.testing.Http2Peer.connect;
import static io.hbone.netty.testing.Http2Peer.data;
import static io.hbone.netty.testing.Http2Peer.frame;
import static io.hbone.netty.testing.Http2Peer.goAway;
import static io.hbone.netty.testing.Http2Peer.ok;
import static io.hbone.netty.testing.Http2Peer.ping;
import static io.hbone.netty.testing.Http2Peer.pingAck;
import static io.hbone.netty.testing.Http2Peer.preface;
import static io.hbone.netty.testing.Http2Peer.reset;
import static io.hbone.netty.testing.Http2Peer.settings;
import static io.hbone.netty.testing.Http2Peer.settingsAck;
import static io.hbone.netty.testing.Http2Peer.windowUpdate;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.hbone.core.HboneSettings;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.testing.Http2Peer;
import io.hbone.netty.testing.StreamRecorder;
import io.hbone.netty.testing.TunnelRecorder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameTypes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How a tunnel starts, stays and ends: preface, SETTINGS, PING, GOAWAY. */
class TunnelLifeTest {

    private static final HboneSettings DEFAULT = HboneSettings.DEFAULT;
    private static final Duration PING_INTERVAL = DEFAULT.pingInterval();
    private static final Duration PING_TIMEOUT = DEFAULT.pingTimeout();
    private static final Duration A_MOMENT = Duration.ofMillis(1);
    private static final Duration LINGER = Duration.ofSeconds(1);
    private static final long DRAIN_PING = 0x6472_6169_6e69_6e67L;

    private final List<TunnelFixture> fixtures = new ArrayList<>();

    @AfterEach
    void releaseEverything() {
        fixtures.forEach(TunnelFixture::close);
    }

    private TunnelFixture use(TunnelFixture fixture) {
        fixtures.add(fixture);
        return fixture;
    }

    // ---- start ----------------------------------------------------------------------------------------------------

    @Test
    void server_start_announcesItsLimitsAndWindows() {
        TunnelFixture server = use(TunnelFixture.freshServer(DEFAULT));
        assertThat(server.answers())
                .containsExactly(
                        "SETTINGS {3=200, 4=262144, 5=1048576, 6=16384}",
                        "WINDOW_UPDATE 0 " + (16 * 1024 * 1024 - 65_535));
    }

    @Test
    void client_start_sendsPrefaceAndForbidsPush() {
        TunnelFixture client = use(TunnelFixture.freshClient(DEFAULT));
        assertThat(client.answers())
                .containsExactly(
                        "SETTINGS {2=0, 4=262144, 5=1048576, 6=16384}",
                        "WINDOW_UPDATE 0 " + (16 * 1024 * 1024 - 65_535));
    }

    @Test
    void server_addedWhileTheChannelBecomesActive_startsOnce() {
        EmbeddedChannel channel =
                new EmbeddedChannel(Tunnel.server(DEFAULT, new WindowBudget(0), new TunnelRecorder()));
        int buffers = 0;
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            out.release();
            buffers++;
        }
        assertThat(buffers).as("SETTINGS and WINDOW_UPDATE").isEqualTo(2);
        channel.finishAndReleaseAll();
    }

    @Test
    void start_connectionWindowOfTheDefaultSize_announcesNothing() {
        HboneSettings small = DEFAULT.toBuilder()
                .initialStreamWindow(16 * 1024)
                .maxStreamWindow(16 * 1024)
                .connectionWindow(65_535)
                .build();
        assertThat(use(TunnelFixture.freshServer(small)).answers()).hasSize(1);
    }

    /** HTTP/2 cannot shrink a connection's window below what it starts with. */
    @Test
    void start_connectionWindowBelowTheDefault_isTheDefault() {
        HboneSettings small = DEFAULT.toBuilder()
                .initialStreamWindow(16 * 1024)
                .maxStreamWindow(16 * 1024)
                .connectionWindow(32 * 1024)
                .build();
        TunnelFixture server = use(TunnelFixture.freshServer(small));
        assertThat(server.answers()).hasSize(1);
        server.peer.send(preface(), settings(), settingsAck());
        for (int id = 1; id <= 7; id += 2) {
            server.peer.send(connect(id), data(id, 16 * 1024 - 1));
        }
        assertThat(server.answers()).noneMatch(line -> line.startsWith("GOAWAY"));
    }

    @Test
    void server_preface_splitIntoBytes_isRead() {
        TunnelFixture server = use(TunnelFixture.freshServer(DEFAULT));
        server.answers();
        for (byte each : Http2Peer.concat(preface(), settings())) {
            server.peer.send(new byte[] {each});
        }
        assertThat(server.answers()).containsExactly("SETTINGS ACK");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                "CONNECT a:1 HTTP/1.1\r\n\r\n",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r",
                "\u0016\u0003\u0001"
            })
    void server_anythingButThePreface_endsTheConnection(String first) {
        TunnelFixture server = use(TunnelFixture.freshServer(DEFAULT));
        server.answers();
        server.peer.send(first.getBytes(StandardCharsets.ISO_8859_1));
        assertThat(server.answers()).containsExactly("GOAWAY 0 PROTOCOL_ERROR");
        assertThat(server.isConnected()).isFalse();
        assertThat(server.events.events()).containsExactly("closed PROTOCOL_ERROR");
    }

    @Test
    void server_silentClient_isCutOffAfterTheHandshakeTimeout() {
        TunnelFixture server = use(TunnelFixture.freshServer(DEFAULT));
        server.answers();
        server.peer.send(preface()).pass(DEFAULT.handshakeTimeout().minus(A_MOMENT));
        assertThat(server.isConnected()).isTrue();
        server.peer.pass(A_MOMENT);
        assertThat(server.answers()).contains("GOAWAY 0 SETTINGS_TIMEOUT");
        assertThat(server.isConnected()).isFalse();
    }

    @Test
    void client_silentServer_isCutOffAfterTheHandshakeTimeout() {
        TunnelFixture client = use(TunnelFixture.freshClient(DEFAULT));
        StreamRecorder waiting = new StreamRecorder();
        client.open(waiting);
        client.peer.pass(DEFAULT.handshakeTimeout());
        assertThat(waiting.events()).containsExactly("failure PROTOCOL_ERROR");
        assertThat(client.isConnected()).isFalse();
    }

    @Test
    void settingsInTime_connectionGoesOn() {
        TunnelFixture server = use(TunnelFixture.server());
        server.peer.pass(DEFAULT.handshakeTimeout().multipliedBy(2)).send(pingAck(1));
        assertThat(server.isConnected()).isTrue();
    }

    @Test
    void settings_areAcknowledged() {
        TunnelFixture client = use(TunnelFixture.freshClient(DEFAULT));
        client.answers();
        client.peer.send(settings(Http2Peer.MAX_CONCURRENT_STREAMS, 7, 0xabc, 1));
        assertThat(client.answers()).containsExactly("SETTINGS ACK");
    }

    @ParameterizedTest
    @ValueSource(longs = {0x7fff_ffffL + 1, 0xffff_ffffL})
    void settings_initialWindowAboveTheMaximum_isAConnectionError(long window) {
        TunnelFixture server = use(TunnelFixture.server());
        server.peer.send(settings(Http2Peer.INITIAL_WINDOW_SIZE, window));
        assertThat(server.answers()).containsExactly("GOAWAY 0 FLOW_CONTROL_ERROR");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 16_383, 16_777_216})
    void settings_maxFrameSizeOutOfRange_isAConnectionError(long size) {
        TunnelFixture server = use(TunnelFixture.server());
        server.peer.send(settings(Http2Peer.MAX_FRAME_SIZE, size));
        assertThat(server.answers()).containsExactly("GOAWAY 0 PROTOCOL_ERROR");
    }

    /** A peer that offers a huge HPACK table must not make us fill it. */
    @Test
    void settings_hugeHeaderTable_isNotUsed() {
        TunnelFixture client = use(TunnelFixture.client(DEFAULT, Http2Peer.HEADER_TABLE_SIZE, 0xffff_ffffL));
        client.open(new StreamRecorder());
        assertThat(client.answers())
                .as("readable with a table of 4096 bytes, and no update of its size")
                .hasSize(1);
    }

    @Test
    void settings_smallerHeaderTable_isObeyed() {
        TunnelFixture client = use(TunnelFixture.client(DEFAULT, Http2Peer.HEADER_TABLE_SIZE, 0));
        for (int i = 0; i < 3; i++) {
            client.open(new StreamRecorder());
        }
        assertThat(client.answers()).hasSize(3).allMatch(line -> line.contains(":authority=10.0.0.1:8080"));
    }

    // ---- PING -----------------------------------------------------------------------------------------------------

    @Test
    void ping_isAnsweredWithItsPayload() {
        TunnelFixture server = use(TunnelFixture.server());
        server.peer.send(ping(0x1234_5678_9abcL));
        assertThat(server.answers()).containsExactly("PING ACK " + 0x1234_5678_9abcL);
    }

    @Test
    void keepalive_pingsAfterTheIntervalAndThenAfterEachAnswer() {
        TunnelFixture client = use(TunnelFixture.client());
        client.peer.pass(PING_INTERVAL.minus(A_MOMENT));
        assertThat(client.answers()).isEmpty();
        client.peer.pass(A_MOMENT);
        assertThat(client.answers()).containsExactly("PING 1");
        client.peer.pass(PING_TIMEOUT.minus(A_MOMENT)).send(pingAck(1));
        client.peer.pass(PING_INTERVAL.minus(A_MOMENT));
        assertThat(client.answers()).isEmpty();
        client.peer.pass(A_MOMENT);
        assertThat(client.answers()).containsExactly("PING 2");
    }

    @Test
    void keepalive_clientWithoutAnswer_failsItsStreamsAndCloses() {
        TunnelFixture client = use(TunnelFixture.client());
        StreamRecorder stream = new StreamRecorder();
        client.established(stream);
        client.peer.pass(PING_INTERVAL).pass(PING_TIMEOUT.minus(A_MOMENT));
        assertThat(client.isConnected()).isTrue();
        client.peer.pass(A_MOMENT);
        assertThat(stream.events()).containsExactly("failure PEER_UNRESPONSIVE");
        assertThat(client.events.events()).containsExactly("closed PEER_UNRESPONSIVE");
        assertThat(client.isConnected()).isFalse();
    }

    @Test
    void keepalive_serverWithoutAnswer_saysGoAwayAndCloses() {
        TunnelFixture server = use(TunnelFixture.server());
        server.accepted(1);
        server.peer.pass(PING_INTERVAL).ignoreAnswers().pass(PING_TIMEOUT);
        assertThat(server.answers()).containsExactly("GOAWAY 1 NO_ERROR");
        assertThat(server.events.of(1).events()).containsExactly("failure PEER_UNRESPONSIVE");
        assertThat(server.isConnected()).isFalse();
    }

    @Test
    void keepalive_dataInsteadOfAnAnswer_doesNotCount() {
        TunnelFixture server = use(TunnelFixture.server());
        server.accepted(1);
        server.peer.pass(PING_INTERVAL);
        for (int i = 0; i < 20; i++) {
            server.peer.send(data(1, 1)).pass(PING_TIMEOUT.dividedBy(20));
        }
        assertThat(server.isConnected()).isFalse();
    }

    @Test
    void keepalive_answerToAnotherPing_doesNotCount() {
        TunnelFixture server = use(TunnelFixture.server());
        server.peer.pass(PING_INTERVAL).send(pingAck(99)).send(pingAck(0)).pass(PING_TIMEOUT);
        assertThat(server.isConnected()).isFalse();
    }

    @Test
    void close_peerThatDoesNotRead_isCutOffAfterAMoment() {
        TunnelFixture server = use(TunnelFixture.server());
        server.tunnel.close(new TunnelException(TunnelError.DRAINED, "test"));
        server.peer.pass(LINGER);
        assertThat(server.isConnected()).isFalse();
    }

    // ---- GOAWAY, server -------------------------------------------------------------------------------------------

    @Test
    void drain_server_saysGoAwayTwiceWithAPingBetween() {
        TunnelFixture server = use(TunnelFixture.server());
        server.accepted(1);
        server.tunnel.drain();
        assertThat(server.answers()).containsExactly("GOAWAY MAX NO_ERROR", "PING " + DRAIN_PING);
        assertThat(server.events.events()).containsExactly("goingAway");
        server.peer.send(pingAck(DRAIN_PING));
        assertThat(server.answers()).containsExactly("GOAWAY 1 NO_ERROR");
        assertThat(server.isConnected()).isTrue();
    }

    /** ztunnel DEFECT (spec/ztunnel.md 2.6): requests that arrive within the round trip of a drain are never answered there. */
    @Test
    void drain_streamThatArrivesDuringGoAway_isAnswered() {
        TunnelFixture server = use(TunnelFixture.server());
        server.tunnel.drain();
        server.answers();
        server.peer.send(connect(1), connect(3));
        assertThat(server.answers()).containsExactly("HEADERS 1 :status=200", "HEADERS 3 :status=200");
        server.peer.send(pingAck(DRAIN_PING));
        assertThat(server.answers()).containsExactly("GOAWAY 3 NO_ERROR");
        server.peer.send(data(3, 5));
        assertThat(server.events.of(3).events()).containsExactly("data 5", "readComplete");
    }

    @Test
    void drain_streamAfterTheLastGoAway_isRefusedAndWhatFollowsOnItIsIgnored() {
        TunnelFixture server = use(TunnelFixture.server());
        server.accepted(1);
        server.tunnel.drain();
        server.peer.send(pingAck(DRAIN_PING)).ignoreAnswers();
        server.peer.send(connect(3), data(3, 10), reset(3, Http2Error.CANCEL), data(1, 1));
        assertThat(server.answers()).containsExactly("RST_STREAM 3 REFUSED_STREAM");
        assertThat(server.events.incoming()).isEqualTo(1);
        assertThat(server.events.of(1).events()).contains("data 1");
    }

    /** RFC 9113 section 6.8: the last stream id may not go up from one GOAWAY to the next. */
    @Test
    void drain_refusedStreams_doNotRaiseTheLastStreamId() {
        TunnelFixture server = use(TunnelFixture.server());
        server.accepted(1);
        server.tunnel.drain();
        server.peer.send(pingAck(DRAIN_PING), connect(3)).ignoreAnswers();
        server.tunnel.close(new TunnelException(TunnelError.DRAINED, "test"));
        assertThat(server.answers()).containsExactly("GOAWAY 1 NO_ERROR");
    }

    @Test
    void drain_serverWithStreams_closesWhenTheLastHasEnded() {
        TunnelFixture server = use(TunnelFixture.server());
        server.accepted(1);
        server.accepted(3);
        server.tunnel.drain();
        server.peer.send(pingAck(DRAIN_PING)).send(reset(1, Http2Error.CANCEL));
        assertThat(server.isConnected()).isTrue();
        server.events.stream(3).end();
        server.peer.send(Http2Peer.dataEnd(3, 0));
        assertThat(server.isConnected()).isFalse();
        assertThat(server.events.events()).containsExactly("goingAway", "closed");
    }

    @Test
    void drain_idleServer_waitsForThePingBeforeItCloses() {
        TunnelFixture server = use(TunnelFixture.server());
        server.tunnel.drain();
        assertThat(server.isConnected()).isTrue();
        server.peer.send(pingAck(DRAIN_PING));
        assertThat(server.isConnected()).isFalse();
    }

    @Test
    void drain_peerThatNeverAnswersThePing_isEndedByKeepalive() {
        TunnelFixture server = use(TunnelFixture.server());
        server.tunnel.drain();
        server.peer.pass(PING_INTERVAL).pass(PING_TIMEOUT);
        assertThat(server.isConnected()).isFalse();
    }

    @Test
    void drain_unsolicitedDrainPingAnswer_doesNothing() {
        TunnelFixture server = use(TunnelFixture.server());
        server.peer.send(pingAck(DRAIN_PING), connect(1));
        assertThat(server.answers()).containsExactly("HEADERS 1 :status=200");
    }

    @Test
    void goAway_fromAClient_endsNothing() {
        TunnelFixture server = use(TunnelFixture.server());
        server.accepted(1);
        server.peer.send(goAway(0, Http2Error.NO_ERROR), data(1, 3));
        assertThat(server.events.of(1).events()).containsExactly("data 3", "readComplete");
        assertThat(server.isConnected()).isTrue();
    }

    @Test
    void goAway_fromAClientThatThenLeaves_isAnOrderlyEnd() {
        TunnelFixture server = use(TunnelFixture.server());
        server.peer.send(goAway(0, Http2Error.NO_ERROR));
        server.peer.channel().close();
        assertThat(server.events.events()).containsExactly("closed");
    }

    @Test
    void drain_afterTheClientsGoAway_isStillSaid() {
        TunnelFixture server = use(TunnelFixture.server());
        server.accepted(1);
        server.peer.send(goAway(0, Http2Error.NO_ERROR));
        server.tunnel.drain();
        assertThat(server.answers()).containsExactly("GOAWAY MAX NO_ERROR", "PING " + DRAIN_PING);
    }

    // ---- GOAWAY, client -------------------------------------------------------------------------------------------

    @Test
    void goAway_client_opensNoMoreAndKeepsWhatIsServed() {
        TunnelFixture client = use(TunnelFixture.client());
        StreamRecorder kept = new StreamRecorder();
        client.established(kept);
        client.peer.send(goAway(Integer.MAX_VALUE, Http2Error.NO_ERROR));
        assertThat(client.events.events()).containsExactly("goingAway");
        assertThat(client.tunnel.hasRoom()).isFalse();
        assertThat(client.tunnel.isOpen()).isFalse();
        assertThatIllegalStateException().isThrownBy(() -> client.open(new StreamRecorder()));
        client.peer.send(data(1, 4));
        assertThat(kept.events()).containsExactly("data 4", "readComplete");
    }

    @Test
    void goAway_client_streamsAboveTheLastFailAsRefused() {
        TunnelFixture client = use(TunnelFixture.client());
        StreamRecorder served = new StreamRecorder();
        StreamRecorder notServed = new StreamRecorder();
        client.open(served);
        client.open(notServed);
        client.peer.send(goAway(1, Http2Error.NO_ERROR));
        assertThat(notServed.events()).containsExactly("failure STREAM_REFUSED");
        client.peer.send(ok(1));
        assertThat(served.events()).containsExactly("response 200");
        assertThat(client.tunnel.activeStreams()).isEqualTo(1);
    }

    @Test
    void goAway_clientTwice_secondCutsWhatTheFirstLeft() {
        TunnelFixture client = use(TunnelFixture.client());
        StreamRecorder first = new StreamRecorder();
        StreamRecorder second = new StreamRecorder();
        client.open(first);
        client.open(second);
        client.peer.send(goAway(Integer.MAX_VALUE, Http2Error.NO_ERROR));
        assertThat(second.events()).isEmpty();
        client.peer.send(goAway(1, Http2Error.NO_ERROR));
        assertThat(second.events()).containsExactly("failure STREAM_REFUSED");
        assertThat(first.events()).isEmpty();
        assertThat(client.events.events()).containsExactly("goingAway");
    }

    @Test
    void goAway_clientWithoutStreams_saysGoAwayAndCloses() {
        TunnelFixture client = use(TunnelFixture.client());
        client.peer.send(goAway(0, Http2Error.NO_ERROR));
        assertThat(client.answers()).containsExactly("GOAWAY 0 NO_ERROR");
        assertThat(client.isConnected()).isFalse();
        assertThat(client.events.events()).containsExactly("goingAway", "closed");
    }

    @Test
    void drain_client_closesWhenTheLastStreamHasEnded() {
        TunnelFixture client = use(TunnelFixture.client());
        TunnelStream stream = client.established(new StreamRecorder());
        client.tunnel.drain();
        assertThat(client.tunnel.hasRoom()).isFalse();
        stream.end();
        client.peer.send(Http2Peer.dataEnd(1, 2));
        assertThat(client.answers()).containsExactly("DATA 1 0 END", "GOAWAY 0 NO_ERROR");
        assertThat(client.events.events()).containsExactly("goingAway", "closed");
        assertThat(client.isConnected()).isFalse();
    }

    @Test
    void drain_twice_isSaidOnce() {
        TunnelFixture server = use(TunnelFixture.server());
        server.tunnel.drain();
        server.tunnel.drain();
        assertThat(server.answers()).hasSize(2);
        assertThat(server.events.events()).containsExactly("goingAway");
    }

    // ---- the end --------------------------------------------------------------------------------------------------

    @Test
    void connectionLost_failsEveryStreamAndIsReportedOnce() {
        TunnelFixture client = use(TunnelFixture.client());
        StreamRecorder one = new StreamRecorder();
        StreamRecorder two = new StreamRecorder();
        client.open(one);
        client.established(two);
        client.peer.channel().close();
        assertThat(one.events()).containsExactly("failure TUNNEL_CLOSED");
        assertThat(two.events()).containsExactly("failure TUNNEL_CLOSED");
        assertThat(client.events.events()).containsExactly("closed TUNNEL_CLOSED");
        assertThat(client.tunnel.hasRoom()).isFalse();
    }

    @Test
    void connectionBroken_failsStreamsWithTheCause() {
        TunnelFixture client = use(TunnelFixture.client());
        StreamRecorder stream = new StreamRecorder();
        client.open(stream);
        client.peer.channel().pipeline().fireExceptionCaught(new IOException("Connection reset by peer"));
        assertThat(stream.events()).containsExactly("failure TUNNEL_CLOSED");
        assertThat(stream.failure()).hasMessageContaining("Connection reset by peer");
        assertThat(client.isConnected()).isFalse();
    }

    @Test
    void close_client_failsStreamsWithTheReason() {
        TunnelFixture client = use(TunnelFixture.client());
        StreamRecorder stream = new StreamRecorder();
        client.established(stream);
        client.tunnel.close(new TunnelException(TunnelError.DRAINED, "test"));
        assertThat(stream.events()).containsExactly("failure DRAINED");
        assertThat(client.answers()).containsExactly("GOAWAY 0 NO_ERROR");
        assertThat(client.events.events()).containsExactly("closed DRAINED");
    }

    @Test
    void closed_whatComesAfterwards_isReadAwayInSilence() {
        TunnelFixture server = use(TunnelFixture.server());
        server.accepted(1);
        server.peer
                .channel()
                .pipeline()
                .fireChannelRead(Unpooled.wrappedBuffer(Http2Peer.concat(data(0, 1), data(1, 5), ping(1), data(0, 1))));
        assertThat(server.answers()).containsExactly("GOAWAY 1 PROTOCOL_ERROR");
        assertThat(server.events.of(1).events()).containsExactly("failure PROTOCOL_ERROR");
    }

    @Test
    void closed_streamOperations_areHarmless() {
        TunnelFixture server = use(TunnelFixture.server());
        TunnelStream stream = server.accepted(1);
        server.tunnel.close(new TunnelException(TunnelError.DRAINED, "test"));
        server.answers();
        stream.write(server.bytes(10));
        stream.writeWithHeadroom(server.bytesWithHeadroom(10));
        stream.isWritable();
        stream.taken(10);
        stream.end();
        stream.abandon();
        stream.reset(Http2Error.CANCEL);
        stream.respond(ConnectHeaders.status(503), true);
        stream.flush();
        server.tunnel.drain();
        server.tunnel.close(new TunnelException(TunnelError.DRAINED, "again"));
        assertThat(server.answers()).isEmpty();
    }

    /** Ids are used up after a thousand million streams; whoever opens that many must get another tunnel. */
    @Test
    void open_idsUsedUp_goesAwayAndStillKnowsItsStreams() {
        TunnelFixture client = use(TunnelFixture.client());
        client.nextStreamId(Integer.MAX_VALUE);
        StreamRecorder last = new StreamRecorder();
        client.established(last);
        assertThat(client.events.events()).containsExactly("goingAway");
        assertThat(client.tunnel.hasRoom()).isFalse();
        client.peer.send(windowUpdate(1, 1), data(Integer.MAX_VALUE, 3));
        assertThat(last.events()).containsExactly("data 3", "readComplete");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void connectionFrames_onAStream_areConnectionErrors(int which) {
        TunnelFixture server = use(TunnelFixture.server());
        server.accepted(1);
        server.peer.send(
                switch (which) {
                    case 0 -> frame(Http2FrameTypes.SETTINGS, 0, 1);
                    case 1 -> frame(Http2FrameTypes.PING, 0, 1, new byte[8]);
                    case 2 -> frame(Http2FrameTypes.GO_AWAY, 0, 1, new byte[8]);
                    default -> frame(Http2FrameTypes.SETTINGS, ACK, 1);
                });
        assertThat(server.answers()).containsExactly("GOAWAY 1 PROTOCOL_ERROR");
    }
}
