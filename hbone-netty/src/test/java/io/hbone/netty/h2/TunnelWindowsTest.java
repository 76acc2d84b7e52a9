package io.hbone.netty.h2;

import static io.hbone.netty.testing.Http2Peer.INITIAL_WINDOW_SIZE;
import static io.hbone.netty.testing.Http2Peer.MAX_FRAME_SIZE;
import static io.hbone.netty.testing.Http2Peer.connect;
import static io.hbone.netty.testing.Http2Peer.data;
import static io.hbone.netty.testing.Http2Peer.dataEnd;
import static io.hbone.netty.testing.Http2Peer.ok;
import static io.hbone.netty.testing.Http2Peer.padded;
import static io.hbone.netty.testing.Http2Peer.ping;
import static io.hbone.netty.testing.Http2Peer.pingAck;
import static io.hbone.netty.testing.Http2Peer.preface;
import static io.hbone.netty.testing.Http2Peer.reset;
import static io.hbone.netty.testing.Http2Peer.settings;
import static io.hbone.netty.testing.Http2Peer.settingsAck;
import static io.hbone.netty.testing.Http2Peer.windowUpdate;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.hbone.core.Baggage;
import io.hbone.core.HboneSettings;
import io.hbone.netty.testing.StreamRecorder;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Error;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Flow control in both directions: RFC 9113 section 5.2, and what design.md adds to it. */
class TunnelWindowsTest {

    private static final int KIB = 1024;
    private static final int DEFAULT_WINDOW = 65_535;
    private static final int STREAM_WINDOW = HboneSettings.DEFAULT.initialStreamWindow();
    private static final int CONNECTION_WINDOW = HboneSettings.DEFAULT.connectionWindow();
    private static final int FRAME = 16 * KIB;

    private final List<TunnelFixture> fixtures = new ArrayList<>();

    @AfterEach
    void releaseEverything() {
        fixtures.forEach(TunnelFixture::close);
    }

    private TunnelFixture use(TunnelFixture fixture) {
        fixtures.add(fixture);
        return fixture;
    }

    private TunnelFixture server() {
        return use(TunnelFixture.server());
    }

    /** A peer with so large windows that only what a test limits is limited. */
    private TunnelFixture generousClient() {
        TunnelFixture client =
                use(TunnelFixture.client(HboneSettings.DEFAULT, INITIAL_WINDOW_SIZE, 4 << 20, MAX_FRAME_SIZE, 1 << 20));
        client.peer.send(windowUpdate(0, (16 << 20) - DEFAULT_WINDOW));
        return client;
    }

    // ---- receiving ------------------------------------------------------------------------------------------------

    @Test
    void received_exactlyTheStreamsWindow_isAccepted() {
        TunnelFixture server = server();
        server.accepted(1);
        for (int i = 0; i < STREAM_WINDOW / FRAME; i++) {
            server.peer.send(data(1, FRAME));
        }
        assertThat(server.answers()).as("nobody took it").isEmpty();
        assertThat(server.events.of(1).received()).hasSize(STREAM_WINDOW);
    }

    @Test
    void received_oneByteMoreThanTheStreamsWindow_isAStreamErrorAndNeighboursLive() {
        TunnelFixture server = server();
        server.accepted(1);
        server.accepted(3);
        for (int i = 0; i < STREAM_WINDOW / FRAME; i++) {
            server.peer.send(data(1, FRAME));
        }
        server.peer.send(data(1, 1), data(3, 2));
        assertThat(server.answers()).containsExactly("RST_STREAM 1 FLOW_CONTROL_ERROR");
        assertThat(server.events.of(1).events()).endsWith("failure PROTOCOL_ERROR");
        assertThat(server.events.of(3).events()).containsExactly("data 2", "readComplete");
    }

    @Test
    void received_paddingBeyondTheWindow_isAStreamError() {
        TunnelFixture server = server();
        server.accepted(1);
        for (int i = 0; i < STREAM_WINDOW / FRAME - 1; i++) {
            server.peer.send(data(1, FRAME));
        }
        server.peer.send(padded(1, FRAME - 1, 0, 0));
        assertThat(server.answers()).isEmpty();
        server.peer.send(padded(1, 0, 1, 0)); // the pad length of the last frame has been given back by now
        assertThat(server.answers()).containsExactly("RST_STREAM 1 FLOW_CONTROL_ERROR");
    }

    /** Design: the connection's credit goes back on arrival, the stream's on take. */
    @Test
    void received_andNotTaken_creditsTheConnectionOnly() {
        TunnelFixture server = server();
        int quarter = CONNECTION_WINDOW / 4;
        int streams = quarter / STREAM_WINDOW;
        for (int i = 0; i < streams; i++) {
            server.accepted(1 + 2 * i);
            for (int sent = 0; sent < STREAM_WINDOW; sent += FRAME) {
                server.peer.send(data(1 + 2 * i, FRAME));
            }
        }
        assertThat(server.answers()).containsExactly("WINDOW_UPDATE 0 " + quarter);
    }

    @Test
    void received_andTaken_creditsTheStreamInSteps() {
        TunnelFixture server = server();
        TunnelStream stream = server.accepted(1);
        server.peer.pass(Duration.ofSeconds(1)); // a slow reader: the window stays
        server.peer.send(data(1, STREAM_WINDOW / 2));
        stream.taken(STREAM_WINDOW / 2 - 1);
        assertThat(server.answers()).isEmpty();
        stream.taken(1);
        assertThat(server.answers()).containsExactly("WINDOW_UPDATE 1 " + STREAM_WINDOW / 2);
        assertThat(stream.receiveWindowSize()).isEqualTo(STREAM_WINDOW);
    }

    @Test
    void taken_afterTheEnd_announcesNothing() {
        TunnelFixture server = server();
        TunnelStream stream = server.accepted(1);
        server.peer.send(data(1, STREAM_WINDOW / 2), data(1, 1));
        server.peer.send(dataEnd(1, 0));
        stream.taken(STREAM_WINDOW / 2 + 1);
        assertThat(server.answers()).as("the peer sends no more").isEmpty();
    }

    /** spec/ztunnel.md: five stalled applications freeze a stock tunnel for all others; here they hold their own windows only. */
    @Test
    void stalledStreams_doNotStopTheirNeighbours() {
        TunnelFixture server = server();
        int stalled = 150;
        for (int i = 0; i < stalled; i++) {
            server.accepted(1 + 2 * i);
            for (int sent = 0; sent < STREAM_WINDOW; sent += 4 * FRAME) {
                server.peer.send(data(1 + 2 * i, 4 * FRAME));
            }
            server.peer.ignoreAnswers();
        }
        assertThat((long) stalled * STREAM_WINDOW)
                .as("more than the connection's window")
                .isGreaterThan(CONNECTION_WINDOW);
        int id = 1 + 2 * stalled;
        TunnelStream neighbour = server.accepted(id);
        server.events.of(id).taking(neighbour);
        long sent = 0;
        long streamCredit = STREAM_WINDOW;
        for (int i = 0; i < 1000; i++) {
            assertThat(streamCredit).isGreaterThanOrEqualTo(FRAME);
            server.peer.send(data(id, FRAME));
            sent += FRAME;
            streamCredit -= FRAME;
            for (String line : server.answers()) {
                if (line.startsWith("WINDOW_UPDATE " + id)) {
                    streamCredit += Integer.parseInt(line.substring(line.lastIndexOf(' ') + 1));
                }
            }
        }
        assertThat(server.events.of(id).received()).hasSize((int) sent);
        assertThat(server.isConnected()).isTrue();
    }

    @Test
    void window_ofAFastReader_growsToItsMaximum() {
        TunnelFixture server = server();
        TunnelStream stream = server.accepted(1);
        server.events.of(1).taking(stream);
        for (int i = 0; i < 1000; i++) {
            server.peer.send(data(1, FRAME));
        }
        assertThat(stream.receiveWindowSize()).isEqualTo(HboneSettings.DEFAULT.maxStreamWindow());
        server.peer.send(reset(1, Http2Error.CANCEL));
        assertThat(server.processBudget.used())
                .as("given back when the stream ends")
                .isZero();
    }

    @Test
    void window_growsWithinTheTunnelsBudget() {
        HboneSettings tight =
                HboneSettings.builder().tunnelWindowBudget(STREAM_WINDOW).build();
        TunnelFixture server = use(TunnelFixture.server(tight));
        TunnelStream one = server.accepted(1);
        server.events.of(1).taking(one);
        TunnelStream two = server.accepted(3);
        server.events.of(3).taking(two);
        for (int i = 0; i < 200; i++) {
            server.peer.send(data(1, FRAME), data(3, FRAME)).ignoreAnswers();
        }
        assertThat(one.receiveWindowSize() + two.receiveWindowSize()).isEqualTo(3 * STREAM_WINDOW);
        assertThat(server.processBudget.used()).isEqualTo(STREAM_WINDOW);
    }

    @Test
    void window_growsWithinTheProcessesBudget() {
        HboneSettings tight = HboneSettings.builder().processWindowBudget(0).build();
        TunnelFixture server = use(TunnelFixture.server(tight));
        TunnelStream stream = server.accepted(1);
        server.events.of(1).taking(stream);
        for (int i = 0; i < 100; i++) {
            server.peer.send(data(1, FRAME)).ignoreAnswers();
        }
        assertThat(stream.receiveWindowSize()).isEqualTo(STREAM_WINDOW);
    }

    @Test
    void budget_ofATunnelThatFails_isGivenBack() {
        TunnelFixture server = server();
        server.events.of(server.accepted(1).id()).taking(server.events.stream(1));
        for (int i = 0; i < 100; i++) {
            server.peer.send(data(1, FRAME)).ignoreAnswers();
        }
        assertThat(server.processBudget.used()).isPositive();
        server.peer.channel().close();
        assertThat(server.processBudget.used()).isZero();
    }

    /** A measured round trip of 100 ms makes a reader that takes half a window in 150 ms a fast one. */
    @Test
    void window_growthFollowsTheMeasuredRoundTrip() {
        TunnelFixture server = use(TunnelFixture.freshServer(HboneSettings.DEFAULT));
        server.peer.pass(Duration.ofMillis(100)).send(preface(), settings(), settingsAck());
        TunnelStream stream = server.accepted(1);
        server.events.of(1).taking(stream);
        server.peer.pass(Duration.ofMillis(150));
        for (int i = 0; i < 8; i++) {
            server.peer.send(data(1, FRAME));
        }
        assertThat(stream.receiveWindowSize()).isEqualTo(2 * STREAM_WINDOW);
        server.peer.pass(Duration.ofMillis(250));
        for (int i = 0; i < 16; i++) {
            server.peer.send(data(1, FRAME));
        }
        assertThat(stream.receiveWindowSize()).as("too slow to need more").isEqualTo(2 * STREAM_WINDOW);
    }

    @Test
    void connectionWindow_overrun_isAConnectionError() {
        HboneSettings tiny = HboneSettings.builder()
                .initialStreamWindow(64 * KIB)
                .maxStreamWindow(64 * KIB)
                .connectionWindow(128 * KIB)
                .maxFrameSize(1 << 20)
                .build();
        TunnelFixture server = use(TunnelFixture.server(tiny));
        server.accepted(1);
        server.peer.send(data(1, 128 * KIB + 1));
        assertThat(server.answers()).containsExactly("GOAWAY 1 FLOW_CONTROL_ERROR");
    }

    @Test
    void dataOnStreamsThatAreGone_stillCreditsTheConnection() {
        TunnelFixture server = server();
        server.accepted(1).reset(Http2Error.CANCEL);
        server.answers();
        for (int i = 0; i < CONNECTION_WINDOW / 4 / FRAME; i++) {
            server.peer.send(data(1, FRAME));
        }
        assertThat(server.answers()).containsExactly("WINDOW_UPDATE 0 " + CONNECTION_WINDOW / 4);
    }

    /** A client may send with the default window until it has read our SETTINGS. */
    @Test
    void smallInitialWindow_beforeItsAnswer_isNotHeldAgainstThePeer() {
        HboneSettings small =
                HboneSettings.builder().initialStreamWindow(16 * KIB).build();
        TunnelFixture server = use(TunnelFixture.freshServer(small));
        server.peer.send(preface(), settings(), connect(1));
        server.answers();
        for (int i = 0; i < 3; i++) {
            server.peer.send(data(1, FRAME));
        }
        assertThat(server.answers()).isEmpty();
        server.peer.send(settingsAck(), connect(3), data(3, FRAME), data(3, 1));
        assertThat(server.answers()).containsExactly("HEADERS 3 :status=200", "RST_STREAM 3 FLOW_CONTROL_ERROR");
    }

    // ---- sending --------------------------------------------------------------------------------------------------

    @Test
    void write_beyondTheStreamsWindow_waitsForCredit() {
        TunnelFixture server = server();
        TunnelStream stream = server.accepted(1);
        server.peer.send(windowUpdate(0, 1 << 20));
        assertThat(stream.write(server.bytes(DEFAULT_WINDOW)))
                .as("all sent, nothing more")
                .isFalse();
        assertThat(stream.write(server.bytes(10))).isFalse();
        stream.flush();
        assertThat(server.answers()).containsExactly("DATA 1 16384", "DATA 1 16384", "DATA 1 16384", "DATA 1 16383");
        server.peer.send(windowUpdate(1, 4));
        assertThat(server.answers()).containsExactly("DATA 1 4");
        assertThat(server.events.of(1).events()).isEmpty();
        server.peer.send(windowUpdate(1, 7));
        assertThat(server.answers()).containsExactly("DATA 1 6");
        assertThat(server.events.of(1).events()).containsExactly("writable");
        server.peer.send(windowUpdate(1, 7));
        assertThat(server.events.of(1).events()).as("said once").isEmpty();
    }

    @Test
    void write_withHeadroom_sendsTheSameBytes() {
        TunnelFixture client = generousClient();
        TunnelStream stream = client.established(new StreamRecorder());
        ByteBuf data = client.bytesWithHeadroom(5).setByte(9, 'h').setByte(13, 'o');
        assertThat(stream.writeWithHeadroom(data)).isTrue();
        stream.flush();
        assertThat(client.answers()).containsExactly("DATA 1 5");
        assertThat(client.peer.body(1)).containsExactly('h', 0, 0, 0, 'o');
    }

    @Test
    void write_withHeadroomBeyondAFrame_isCut() {
        TunnelFixture client = use(TunnelFixture.client());
        TunnelStream stream = client.established(new StreamRecorder());
        stream.writeWithHeadroom(client.bytesWithHeadroom(20_000));
        stream.flush();
        assertThat(client.answers()).containsExactly("DATA 1 16384", "DATA 1 3616");
    }

    @Test
    void write_empty_sendsNothing() {
        TunnelFixture client = use(TunnelFixture.client());
        TunnelStream stream = client.established(new StreamRecorder());
        assertThat(stream.write(client.bytes(0))).isTrue();
        stream.flush();
        assertThat(client.answers()).isEmpty();
    }

    @Test
    void peersFrameSize_isObeyed() {
        TunnelFixture client = generousClient();
        TunnelStream stream = client.established(new StreamRecorder());
        stream.write(client.bytes(200_000));
        stream.flush();
        assertThat(client.answers()).containsExactly("DATA 1 200000");
        client.peer.send(settings(MAX_FRAME_SIZE, 100_000)).ignoreAnswers();
        stream.write(client.bytes(200_001));
        stream.flush();
        assertThat(client.answers()).containsExactly("DATA 1 100000", "DATA 1 100000", "DATA 1 1");
    }

    @Test
    void increment_ofZeroOnAStream_isAStreamError() {
        TunnelFixture server = server();
        server.accepted(1);
        server.peer.send(windowUpdate(1, 0));
        assertThat(server.answers()).containsExactly("RST_STREAM 1 PROTOCOL_ERROR");
    }

    @Test
    void increment_ofZeroOnTheConnection_isAConnectionError() {
        TunnelFixture server = server();
        server.peer.send(windowUpdate(0, 0));
        assertThat(server.answers()).containsExactly("GOAWAY 0 PROTOCOL_ERROR");
    }

    @Test
    void increment_toTheMaximum_isFineAndOneMoreOverflowsTheStream() {
        TunnelFixture server = server();
        server.accepted(1);
        server.peer.send(windowUpdate(1, Integer.MAX_VALUE - DEFAULT_WINDOW));
        assertThat(server.answers()).isEmpty();
        server.peer.send(windowUpdate(1, 1));
        assertThat(server.answers()).containsExactly("RST_STREAM 1 FLOW_CONTROL_ERROR");
    }

    @Test
    void increment_toTheMaximum_isFineAndOneMoreOverflowsTheConnection() {
        TunnelFixture server = server();
        server.peer.send(windowUpdate(0, Integer.MAX_VALUE - DEFAULT_WINDOW), ping(1));
        assertThat(server.answers()).containsExactly("PING ACK 1");
        server.peer.send(windowUpdate(0, 1));
        assertThat(server.answers()).containsExactly("GOAWAY 0 FLOW_CONTROL_ERROR");
    }

    @Test
    void increment_maximalAtOnce_overflows() {
        TunnelFixture server = server();
        server.accepted(1);
        server.peer.send(windowUpdate(1, Integer.MAX_VALUE));
        assertThat(server.answers()).containsExactly("RST_STREAM 1 FLOW_CONTROL_ERROR");
    }

    @Test
    void increment_withTheReservedBit_countsWithoutIt() {
        TunnelFixture server = server();
        TunnelStream stream = server.accepted(1);
        server.peer.send(windowUpdate(0, 1 << 20), windowUpdate(1, 0x8000_0000 | 10));
        stream.write(server.bytes(DEFAULT_WINDOW + 11));
        stream.flush();
        assertThat(server.peer.body(1)).hasSize(DEFAULT_WINDOW + 10);
    }

    @Test
    void initialWindow_grows_streamsThatWaitGoOn() {
        TunnelFixture server = server();
        TunnelStream stream = server.accepted(1);
        server.peer.send(windowUpdate(0, 1 << 20));
        stream.write(server.bytes(DEFAULT_WINDOW + 100));
        stream.flush();
        server.answers();
        server.peer.send(settings(INITIAL_WINDOW_SIZE, DEFAULT_WINDOW + 50));
        assertThat(server.answers()).containsExactlyInAnyOrder("DATA 1 50", "SETTINGS ACK");
        server.peer.send(settings(INITIAL_WINDOW_SIZE, 1 << 20));
        assertThat(server.answers()).containsExactlyInAnyOrder("DATA 1 50", "SETTINGS ACK");
        assertThat(server.events.of(1).events()).containsExactly("writable");
    }

    @Test
    void initialWindow_shrinksBelowWhatWasSent_windowIsNegativeUntilCreditComes() {
        TunnelFixture server = server();
        TunnelStream stream = server.accepted(1);
        server.peer.send(windowUpdate(0, 1 << 20));
        stream.write(server.bytes(40_000));
        stream.flush();
        server.peer.send(settings(INITIAL_WINDOW_SIZE, 10_000)).ignoreAnswers();
        assertThat(stream.isWritable()).isFalse();
        stream.write(server.bytes(5));
        server.peer.send(windowUpdate(1, 30_000));
        assertThat(server.answers()).as("a window of zero").isEmpty();
        server.peer.send(windowUpdate(1, 1));
        assertThat(server.answers()).containsExactly("DATA 1 1");
        server.peer.send(windowUpdate(1, 100));
        assertThat(server.answers()).containsExactly("DATA 1 4");
        assertThat(server.events.of(1).events()).containsExactly("writable");
    }

    @Test
    void initialWindow_zero_newStreamsWait() {
        TunnelFixture client = use(TunnelFixture.client(HboneSettings.DEFAULT, INITIAL_WINDOW_SIZE, 0));
        TunnelStream stream = client.established(new StreamRecorder());
        assertThat(stream.isWritable()).isFalse();
        stream.write(client.bytes(3));
        stream.end();
        assertThat(client.answers()).isEmpty();
        client.peer.send(windowUpdate(1, 3));
        assertThat(client.answers()).containsExactly("DATA 1 3", "DATA 1 0 END");
    }

    @Test
    void end_withAnEmptyWindow_needsNoCredit() {
        TunnelFixture client = use(TunnelFixture.client(HboneSettings.DEFAULT, INITIAL_WINDOW_SIZE, 0));
        client.established(new StreamRecorder()).end();
        assertThat(client.answers()).containsExactly("DATA 1 0 END");
    }

    @Test
    void initialWindow_overflowsAStream_isAConnectionError() {
        TunnelFixture server = server();
        server.accepted(1);
        server.peer.send(windowUpdate(1, Integer.MAX_VALUE - DEFAULT_WINDOW));
        server.peer.send(settings(INITIAL_WINDOW_SIZE, DEFAULT_WINDOW + 1));
        assertThat(server.answers()).containsExactly("GOAWAY 1 FLOW_CONTROL_ERROR");
    }

    /** A listener that resets another stream as soon as it may write must not have that stream's end sent afterwards. */
    @Test
    void initialWindow_grows_streamsResetMeanwhileStaySilent() {
        TunnelFixture client = use(TunnelFixture.client(HboneSettings.DEFAULT, INITIAL_WINDOW_SIZE, 0));
        List<TunnelStream> streams = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            StreamRecorder recorder = new StreamRecorder() {
                @Override
                public void onWritable() {
                    streams.forEach(stream -> stream.reset(Http2Error.CANCEL));
                }
            };
            TunnelStream stream = client.established(recorder);
            streams.add(stream);
            assertThat(stream.isWritable()).isFalse();
            if (i > 0) {
                stream.write(client.bytes(1));
                stream.end();
            }
        }
        client.answers();
        client.peer.send(settings(INITIAL_WINDOW_SIZE, 1000));
        assertThat(client.answers()).containsOnlyOnce("RST_STREAM 1 CANCEL").noneMatch(line -> line.contains("END"));
        assertThat(client.tunnel.activeStreams()).isZero();
    }

    // ---- sharing the connection -----------------------------------------------------------------------------------

    /** The rest of a stream that waited for the connection must follow without another event from the peer. */
    @Test
    void connectionCredit_moreThanAQuantum_sendsAllThatWaits() {
        TunnelFixture client =
                use(TunnelFixture.client(HboneSettings.DEFAULT, INITIAL_WINDOW_SIZE, 4 << 20, MAX_FRAME_SIZE, 1 << 20));
        StreamRecorder recorder = new StreamRecorder();
        TunnelStream stream = client.established(recorder);
        stream.write(client.bytes(1_000_000));
        stream.flush();
        assertThat(client.peer.body(1)).hasSize(DEFAULT_WINDOW);
        client.peer.ignoreAnswers().send(windowUpdate(0, 4 << 20));
        assertThat(client.peer.body(1)).hasSize(1_000_000);
        assertThat(recorder.events()).containsExactly("writable");
    }

    @Test
    void connectionCredit_isSharedInTurns() {
        TunnelFixture client =
                use(TunnelFixture.client(HboneSettings.DEFAULT, INITIAL_WINDOW_SIZE, 4 << 20, MAX_FRAME_SIZE, 1 << 20));
        List<TunnelStream> streams = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            streams.add(client.established(new StreamRecorder()));
        }
        streams.forEach(stream -> stream.write(client.bytes(1_000_000)));
        client.peer.send(windowUpdate(0, 1)).ignoreAnswers(); // the first stream has had the connection's first window
        int[] sent = new int[4];
        for (int round = 0; round < 40; round++) {
            client.peer.send(windowUpdate(0, 64 * KIB));
            for (String line : client.answers()) {
                String[] words = line.split(" ");
                sent[(Integer.parseInt(words[1]) - 1) / 2] += Integer.parseInt(words[2]);
            }
        }
        assertThat(sent).as("40 quanta for four streams").containsExactly(655_360, 655_360, 655_360, 655_360);
    }

    @Test
    void connectionCredit_smallStreamsAreNotHeldUpByLargeOnes() {
        TunnelFixture client =
                use(TunnelFixture.client(HboneSettings.DEFAULT, INITIAL_WINDOW_SIZE, 4 << 20, MAX_FRAME_SIZE, 1 << 20));
        TunnelStream large = client.established(new StreamRecorder());
        TunnelStream small = client.established(new StreamRecorder());
        large.write(client.bytes(3_000_000));
        client.answers();
        small.write(client.bytes(100));
        client.peer.send(windowUpdate(0, 64 * KIB)).send(windowUpdate(0, 64 * KIB));
        assertThat(client.answers()).contains("DATA 3 100");
    }

    @Test
    void connectionWindow_exhausted_hasNoRoomForNewStreams() {
        TunnelFixture client = use(TunnelFixture.client(HboneSettings.DEFAULT, INITIAL_WINDOW_SIZE, 4 << 20));
        TunnelStream stream = client.established(new StreamRecorder());
        assertThat(client.tunnel.hasRoom()).isTrue();
        stream.write(client.bytes(DEFAULT_WINDOW));
        assertThat(client.tunnel.hasRoom()).isFalse();
        assertThatIllegalStateException().isThrownBy(() -> client.open(new StreamRecorder()));
        client.events.roomChanges();
        client.peer.send(windowUpdate(0, 1));
        assertThat(client.tunnel.hasRoom()).isFalse();
        client.peer.send(windowUpdate(0, DEFAULT_WINDOW / 8));
        assertThat(client.tunnel.hasRoom()).isTrue();
        assertThat(client.events.roomChanges()).isEqualTo(2);
    }

    /** Peers like stock ztunnel: fixed windows of 4 and 16 MiB, credit only when their applications read. */
    @ParameterizedTest
    @ValueSource(ints = {3, 4})
    void stalledStreamsAtAFixedWindowPeer_useUpTheConnectionOnlyWhenTheyAreFour(int stalled) {
        TunnelFixture client = generousClient();
        for (int i = 0; i < stalled; i++) {
            TunnelStream stream = client.established(new StreamRecorder());
            while (stream.write(client.bytes(256 * KIB))) {
                stream.flush();
                client.answers();
            }
            stream.flush();
            client.answers();
        }
        assertThat(client.tunnel.hasRoom()).isEqualTo(stalled < 4);
        if (stalled < 4) {
            TunnelStream neighbour = client.established(new StreamRecorder());
            assertThat(neighbour.write(client.bytes(100))).isTrue();
            neighbour.flush();
            assertThat(client.answers()).containsExactly("DATA " + neighbour.id() + " 100");
        }
    }

    @Test
    void isWritable_whileTheConnectionIsExhausted_isToldLater() {
        TunnelFixture client = use(TunnelFixture.client(HboneSettings.DEFAULT, INITIAL_WINDOW_SIZE, 4 << 20));
        StreamRecorder idle = new StreamRecorder();
        TunnelStream one = client.established(new StreamRecorder());
        TunnelStream two = client.established(idle);
        one.write(client.bytes(DEFAULT_WINDOW));
        assertThat(two.isWritable()).isFalse();
        assertThat(idle.events()).isEmpty();
        client.peer.send(windowUpdate(0, 10));
        assertThat(idle.events()).containsExactly("writable");
        assertThat(two.isWritable()).isTrue();
    }

    @Test
    void socketThatTakesNoMore_stopsWritersUntilItDoes() {
        TunnelFixture client = generousClient();
        StreamRecorder one = new StreamRecorder();
        StreamRecorder two = new StreamRecorder();
        TunnelStream first = client.established(one);
        TunnelStream second = client.established(two);
        client.writable(false);
        assertThat(first.write(client.bytes(100))).isFalse();
        assertThat(second.isWritable()).isFalse();
        client.writable(true);
        assertThat(one.events()).containsExactly("writable");
        assertThat(two.events()).containsExactly("writable");
        assertThat(first.isWritable()).isTrue();
    }

    @Test
    void writability_flipsAgainWithinOnWritable_othersAreToldInTheirTurn() {
        TunnelFixture client = generousClient();
        List<String> told = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            int number = i;
            TunnelStream stream = client.established(new StreamRecorder() {
                @Override
                public void onWritable() {
                    told.add("stream " + number);
                    client.writable(false);
                }
            });
            client.writable(false);
            assertThat(stream.isWritable()).isFalse();
            client.writable(false);
        }
        client.writable(true);
        assertThat(told).containsExactly("stream 0");
        client.writable(true);
        assertThat(told).containsExactly("stream 0", "stream 1");
        client.writable(true);
        assertThat(told).containsExactly("stream 0", "stream 1", "stream 2");
    }

    @Test
    void streamThatEndedWhileItWaited_losesItsTurn() {
        TunnelFixture client = use(TunnelFixture.client(HboneSettings.DEFAULT, INITIAL_WINDOW_SIZE, 4 << 20));
        TunnelStream one = client.established(new StreamRecorder());
        TunnelStream two = client.established(new StreamRecorder());
        one.write(client.bytes(200_000));
        two.write(client.bytes(200_000));
        client.answers();
        one.reset(Http2Error.CANCEL);
        client.answers();
        client.peer.send(windowUpdate(0, 1000));
        assertThat(client.answers()).containsExactly("DATA 3 1000");
    }

    @Test
    void answerAndData_keepTheirOrder() {
        TunnelFixture server = server();
        server.events.silent();
        server.peer.send(connect(1));
        TunnelStream stream = server.events.stream(1);
        stream.respond(ConnectHeaders.ok(Baggage.EMPTY), false);
        stream.write(server.bytes(2));
        stream.end();
        assertThat(server.answers()).containsExactly("HEADERS 1 :status=200", "DATA 1 2", "DATA 1 0 END");
    }

    @Test
    void write_beforeTheAnswer_isSentAfterTheRequest() {
        TunnelFixture client = use(TunnelFixture.client());
        TunnelStream stream = client.open(new StreamRecorder());
        stream.write(client.bytes(2));
        stream.flush();
        assertThat(client.answers()).hasSize(2).last().isEqualTo("DATA 1 2");
        client.peer.send(ok(1), pingAck(5));
        assertThat(client.isConnected()).isTrue();
    }
}
