package io.hbone.netty.h2;

import static io.hbone.netty.testing.Http2Peer.PADDED;
import static io.hbone.netty.testing.Http2Peer.connect;
import static io.hbone.netty.testing.Http2Peer.data;
import static io.hbone.netty.testing.Http2Peer.dataEnd;
import static io.hbone.netty.testing.Http2Peer.frame;
import static io.hbone.netty.testing.Http2Peer.goAway;
import static io.hbone.netty.testing.Http2Peer.headerBlock;
import static io.hbone.netty.testing.Http2Peer.padded;
import static io.hbone.netty.testing.Http2Peer.ping;
import static io.hbone.netty.testing.Http2Peer.pingAck;
import static io.hbone.netty.testing.Http2Peer.repeat;
import static io.hbone.netty.testing.Http2Peer.reset;
import static io.hbone.netty.testing.Http2Peer.settings;
import static io.hbone.netty.testing.Http2Peer.settingsAck;
import static io.hbone.netty.testing.Http2Peer.windowUpdate;
import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.HboneSettings;
import io.hbone.netty.testing.Http2Peer;
import io.hbone.netty.testing.StreamRecorder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameTypes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Peers that keep to the letter of the protocol and want to hurt: each meets a limit, and others are not harmed. */
class TunnelAbuseTest {

    private static final int LIMIT = 20;
    private static final Duration WINDOW = Duration.ofSeconds(30);
    private static final HboneSettings STRICT = HboneSettings.builder()
            .maxControlFrames(LIMIT)
            .maxResets(LIMIT)
            .floodWindow(WINDOW)
            .build();

    private final List<TunnelFixture> fixtures = new ArrayList<>();

    @AfterEach
    void releaseEverything() {
        fixtures.forEach(TunnelFixture::close);
    }

    private TunnelFixture use(TunnelFixture fixture) {
        fixtures.add(fixture);
        return fixture;
    }

    /** With a stream 1 that is open; the flood windows start afresh. */
    private TunnelFixture strictServer() {
        TunnelFixture server = use(TunnelFixture.server(STRICT));
        server.accepted(1);
        server.peer
                .pass(WINDOW)
                .send(pingAck(1))
                .pass(WINDOW)
                .send(pingAck(2))
                .pass(WINDOW)
                .send(pingAck(3));
        server.peer.pass(Duration.ofSeconds(5)).ignoreAnswers();
        return server;
    }

    static Stream<Arguments> controlFrames() {
        Map<String, byte[]> frames = Map.of(
                "PING (CVE-2019-9512)", ping(1),
                "PING that answers nothing", pingAck(7),
                "SETTINGS (CVE-2019-9515)", settings(Http2Peer.INITIAL_WINDOW_SIZE, 65_535),
                "SETTINGS answers", settingsAck(),
                "empty DATA (CVE-2019-9518)", data(1, 0),
                "PRIORITY (CVE-2019-9513)", frame(Http2FrameTypes.PRIORITY, 0, 1, new byte[5]),
                "unknown", frame(0xaa, 0, 0),
                "GOAWAY", goAway(0, Http2Error.NO_ERROR));
        return frames.entrySet().stream().map(each -> Arguments.of(each.getKey(), each.getValue()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("controlFrames")
    void controlFrames_moreThanTheLimit_endTheTunnel(String name, byte[] frame) {
        TunnelFixture server = strictServer();
        server.peer.send(repeat(frame, LIMIT - 1));
        assertThat(server.isConnected()).as("with fewer than the limit").isTrue();
        server.answers();
        server.peer.send(frame, frame);
        assertThat(server.answers()).endsWith("GOAWAY 1 ENHANCE_YOUR_CALM");
        assertThat(server.events.events()).contains("closed FLOOD");
        assertThat(server.isConnected()).isFalse();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("controlFrames")
    void controlFrames_spreadOverTime_areFine(String name, byte[] frame) {
        TunnelFixture server = strictServer();
        for (int i = 0; i < 5; i++) {
            server.peer.send(repeat(frame, LIMIT / 2)).pass(WINDOW);
            server.answers().stream()
                    .filter(line -> line.matches("PING \\d+"))
                    .forEach(line -> server.peer.send(pingAck(Long.parseLong(line.substring(5)))));
        }
        assertThat(server.isConnected()).isTrue();
    }

    /** CVE-2023-44487: opens and resets at once, so that no limit on open streams is ever met. */
    @Test
    void rapidReset_endsTheTunnel() {
        TunnelFixture server = use(TunnelFixture.server(STRICT));
        for (int i = 0; i < LIMIT; i++) {
            server.peer.send(connect(1 + 2 * i), reset(1 + 2 * i, Http2Error.CANCEL));
        }
        assertThat(server.isConnected()).isTrue();
        server.answers();
        int next = 1 + 2 * LIMIT;
        server.peer.send(connect(next), reset(next, Http2Error.CANCEL));
        assertThat(server.answers()).endsWith("GOAWAY " + next + " ENHANCE_YOUR_CALM");
        assertThat(server.isConnected()).isFalse();
    }

    /** CVE-2025-8671: the same, but makes us do the resetting. */
    @Test
    void madeYouReset_endsTheTunnel() {
        TunnelFixture server = use(TunnelFixture.server(STRICT));
        for (int id = 1; id <= 2 * LIMIT; id += 2) {
            server.peer.send(connect(id), windowUpdate(id, 0));
        }
        assertThat(server.isConnected()).isTrue();
        server.answers();
        int next = 1 + 2 * LIMIT;
        server.peer.send(connect(next), windowUpdate(next, 0));
        assertThat(server.answers()).endsWith("GOAWAY " + next + " ENHANCE_YOUR_CALM");
    }

    /** A rejected stream is reset by both ends; that is nobody's fault. */
    @Test
    void resets_ofStreamsThatWeEnded_doNotCount() {
        TunnelFixture server = use(TunnelFixture.server(STRICT));
        server.events.silent();
        for (int id = 1; id <= 10 * LIMIT; id += 2) {
            server.peer.send(connect(id));
            server.events.stream(id).respond(ConnectHeaders.status(401), true);
            server.peer.send(reset(id, Http2Error.CANCEL));
        }
        assertThat(server.isConnected()).isTrue();
    }

    /** A server's resets end streams that we opened: it cannot make us work with them. */
    @Test
    void resets_fromAServer_doNotCount() {
        TunnelFixture client = use(TunnelFixture.client(STRICT));
        for (int i = 0; i < 3 * LIMIT; i++) {
            TunnelStream stream = client.established(new StreamRecorder());
            client.peer.send(reset(stream.id(), Http2Error.CANCEL));
        }
        assertThat(client.isConnected()).isTrue();
    }

    /** CVE-2019-9514, -9515, -9512 with a peer that never reads: what we owe it must not pile up. */
    @Test
    void requests_fromAPeerThatDoesNotReadTheAnswers_endTheTunnel() {
        TunnelFixture server = use(TunnelFixture.server(HboneSettings.builder()
                .maxControlFrames(LIMIT)
                .maxConcurrentStreams(1)
                .maxResets(1_000_000)
                .build()));
        server.accepted(1);
        server.writable(false);
        for (int i = 1; i <= LIMIT; i++) {
            server.peer.send(connect(1 + 2 * i));
        }
        assertThat(server.isConnected()).isTrue();
        server.answers();
        server.peer.send(connect(3 + 2 * LIMIT));
        assertThat(server.answers()).endsWith("GOAWAY 43 ENHANCE_YOUR_CALM");
    }

    /** Slowly enough for every other limit. */
    @Test
    void pings_whoseAnswersAreNeverRead_endTheTunnel() {
        TunnelFixture server = strictServer();
        server.writable(false);
        for (int i = 0; i < LIMIT; i++) {
            server.peer.send(ping(i)).pass(WINDOW.dividedBy(LIMIT / 2));
            if (i % 5 == 4) {
                server.answers().stream()
                        .filter(line -> line.matches("PING \\d+"))
                        .forEach(line -> server.peer.send(pingAck(Long.parseLong(line.substring(5)))));
            }
            if (!server.isConnected()) {
                break;
            }
        }
        assertThat(server.isConnected()).isFalse();
        assertThat(server.events.end()).hasMessageContaining("does not read");
    }

    @Test
    void requests_fromAPeerThatReadsInBetween_areFine() {
        TunnelFixture server = use(TunnelFixture.server(HboneSettings.builder()
                .maxControlFrames(LIMIT)
                .maxConcurrentStreams(1)
                .maxResets(1_000_000)
                .build()));
        int id = 1;
        for (int round = 0; round < 5; round++) {
            server.writable(false);
            for (int i = 0; i < LIMIT; i++, id += 2) {
                server.peer.send(connect(id));
            }
            server.writable(true);
            server.peer.send(connect(id));
            id += 2;
        }
        assertThat(server.isConnected()).isTrue();
    }

    /** CVE-2024-27316. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 1000})
    void continuationFlood_endsTheTunnelInBoundedMemory(int size) {
        TunnelFixture server = use(TunnelFixture.server());
        server.accepted(1);
        long before = server.peer.heldMemory();
        byte[] piece = frame(Http2FrameTypes.CONTINUATION, 0, 3, new byte[size]);
        server.peer.send(frame(Http2FrameTypes.HEADERS, 0, 3, headerBlock(":method", "CONNECT")));
        long most = 0;
        for (int i = 0; i < 100 && server.isConnected(); i++) {
            server.peer.send(piece);
            most = Math.max(most, server.peer.heldMemory() - before);
        }
        assertThat(server.isConnected()).isFalse();
        assertThat(most).isLessThan(64 * 1024);
        assertThat(server.events.of(1).events())
                .containsExactly("failure " + server.events.end().error());
    }

    /** Slow headers: the block can only go on with CONTINUATION, so the peer cannot answer our PING meanwhile. */
    @Test
    void headerBlockThatNeverEnds_isEndedByKeepalive() {
        TunnelFixture server = use(TunnelFixture.server());
        server.peer.send(frame(Http2FrameTypes.HEADERS, 0, 1, headerBlock(":method", "CONNECT")));
        for (int i = 0; i < 9; i++) {
            server.peer.pass(Duration.ofSeconds(4));
            if (server.isConnected()) {
                server.peer.send(frame(Http2FrameTypes.CONTINUATION, 0, 1, new byte[1]));
            }
        }
        assertThat(server.isConnected()).isFalse();
    }

    @Test
    void frameLargerThanWeAllow_endsTheTunnelBeforeItsPayload() {
        TunnelFixture server = use(TunnelFixture.server());
        server.peer.send(frame(Http2FrameTypes.DATA, 0, 1, new byte[(1 << 20) + 1]));
        assertThat(server.answers()).containsExactly("GOAWAY 0 FRAME_SIZE_ERROR");
    }

    @Test
    void controlFrameThatIsHuge_endsTheTunnel() {
        TunnelFixture server = use(TunnelFixture.server());
        server.peer.send(frame(Http2FrameTypes.GO_AWAY, 0, 0, new byte[100_000]));
        assertThat(server.answers()).containsExactly("GOAWAY 0 ENHANCE_YOUR_CALM");
    }

    /** Padding is charged like data: a peer cannot send it past its windows, and an application need not take it. */
    @Test
    void paddingOnly_isChargedAndGivenBack() {
        TunnelFixture server = use(TunnelFixture.server());
        server.accepted(1);
        for (int i = 0; i < 3000; i++) {
            server.peer.send(padded(1, 0, 255, 0));
        }
        assertThat(server.isConnected()).isTrue();
        assertThat(server.answers()).isNotEmpty().allMatch(line -> line.startsWith("WINDOW_UPDATE 1 "));
    }

    @Test
    void paddingLongerThanItsFrame_endsTheTunnel() {
        TunnelFixture server = use(TunnelFixture.server());
        server.accepted(1);
        server.peer.send(frame(Http2FrameTypes.DATA, PADDED, 1, (byte) 9, (byte) 0));
        assertThat(server.answers()).containsExactly("GOAWAY 1 PROTOCOL_ERROR");
    }

    /** CVE-2019-9511, CVE-2019-9517: credit in single bytes for much data, to a peer that does not read it. */
    @Test
    void creditInSingleBytes_withoutReading_doesNotPileUpFrames() {
        TunnelFixture server = use(TunnelFixture.server());
        TunnelStream stream = server.accepted(1);
        stream.write(server.bytes(65_535 + 1000));
        stream.flush();
        server.answers();
        server.writable(false);
        server.peer.send(windowUpdate(0, 10_000), repeat(windowUpdate(1, 1), 1000));
        assertThat(server.answers()).isEmpty();
        server.writable(true);
        assertThat(server.answers()).as("one frame, not a thousand").containsExactly("DATA 1 1000");
    }

    /** Memory for what a client may send before it is answered is bounded by its window alone. */
    @Test
    void dataBeforeTheAnswer_beyondTheWindow_isAStreamError() {
        TunnelFixture server = use(TunnelFixture.server());
        server.events.silent();
        server.peer.send(connect(1));
        for (int i = 0; i < 16; i++) {
            server.peer.send(data(1, 16_384));
        }
        assertThat(server.answers()).noneMatch(line -> line.startsWith("RST_STREAM"));
        server.peer.send(dataEnd(1, 1));
        assertThat(server.answers()).containsExactly("RST_STREAM 1 FLOW_CONTROL_ERROR");
    }

    @Test
    void oneTunnelsAbuse_leavesItsNeighboursStreams() {
        TunnelFixture server = use(TunnelFixture.server());
        server.accepted(1);
        server.peer.send(
                connect(3),
                windowUpdate(3, 0), // a stream error each
                connect(5),
                dataEnd(5, 0),
                data(5, 1),
                connect(7),
                connect(7),
                connect(9),
                windowUpdate(9, Integer.MAX_VALUE),
                data(1, 6));
        assertThat(server.answers().stream().filter(line -> line.startsWith("RST_STREAM")))
                .containsExactly(
                        "RST_STREAM 3 PROTOCOL_ERROR",
                        "RST_STREAM 5 STREAM_CLOSED",
                        "RST_STREAM 7 PROTOCOL_ERROR",
                        "RST_STREAM 9 FLOW_CONTROL_ERROR");
        assertThat(server.events.of(1).events()).containsExactly("data 6", "readComplete");
    }
}
