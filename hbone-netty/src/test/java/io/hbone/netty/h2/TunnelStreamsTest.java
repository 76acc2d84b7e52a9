package io.hbone.netty.h2;

import static io.hbone.netty.testing.Http2Peer.END_HEADERS;
import static io.hbone.netty.testing.Http2Peer.END_STREAM;
import static io.hbone.netty.testing.Http2Peer.connect;
import static io.hbone.netty.testing.Http2Peer.data;
import static io.hbone.netty.testing.Http2Peer.dataEnd;
import static io.hbone.netty.testing.Http2Peer.frame;
import static io.hbone.netty.testing.Http2Peer.headers;
import static io.hbone.netty.testing.Http2Peer.ok;
import static io.hbone.netty.testing.Http2Peer.padded;
import static io.hbone.netty.testing.Http2Peer.reset;
import static io.hbone.netty.testing.Http2Peer.settings;
import static io.hbone.netty.testing.Http2Peer.windowUpdate;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.hbone.core.HboneSettings;
import io.hbone.netty.testing.Http2Peer;
import io.hbone.netty.testing.StreamRecorder;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameTypes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The life of one stream: request and answer, both ends of both directions, resets, and frames that come when they must not. */
class TunnelStreamsTest {

    private final List<TunnelFixture> fixtures = new ArrayList<>();

    @AfterEach
    void releaseEverything() {
        fixtures.forEach(TunnelFixture::close);
    }

    private TunnelFixture server() {
        return use(TunnelFixture.server());
    }

    private TunnelFixture client() {
        return use(TunnelFixture.client());
    }

    private TunnelFixture use(TunnelFixture fixture) {
        fixtures.add(fixture);
        return fixture;
    }

    // ---- request and answer ---------------------------------------------------------------------------------------

    @Test
    void request_isGivenToTheOwnerAndAnswered() {
        TunnelFixture server = server();
        server.peer.send(connect(1));
        assertThat(server.events.events()).containsExactly("incoming 1");
        assertThat(server.answers()).containsExactly("HEADERS 1 :status=200");
        assertThat(server.tunnel.activeStreams()).isEqualTo(1);
    }

    @Test
    void request_inPieces_isRead() {
        TunnelFixture server = server();
        byte[] block = Http2Peer.headerBlock(":method", "CONNECT", ":authority", "10.0.0.1:80");
        byte[] bytes = Http2Peer.concat(
                frame(Http2FrameTypes.HEADERS, 0, 1, Arrays.copyOf(block, 2)),
                frame(Http2FrameTypes.CONTINUATION, 0, 1),
                frame(Http2FrameTypes.CONTINUATION, END_HEADERS, 1, Arrays.copyOfRange(block, 2, block.length)));
        for (byte each : bytes) {
            server.peer.send(new byte[] {each});
        }
        assertThat(server.answers()).containsExactly("HEADERS 1 :status=200");
    }

    @Test
    void request_withEnd_isHalfClosedFromTheStart() {
        TunnelFixture server = server();
        server.peer.send(headers(1, true, ":method", "CONNECT", ":authority", "a:1"));
        assertThat(server.events.of(1).events()).containsExactly("end");
        server.events.stream(1).write(server.bytes(5));
        server.events.stream(1).end();
        assertThat(server.answers()).containsExactly("HEADERS 1 :status=200", "DATA 1 5", "DATA 1 0 END");
        assertThat(server.tunnel.activeStreams()).isZero();
    }

    @Test
    void respond_error_endsTheStreamAndTellsThePeerToStop() {
        TunnelFixture server = server();
        server.events.silent();
        server.peer.send(connect(1));
        server.events.stream(1).respond(ConnectHeaders.status(503), true);
        assertThat(server.answers()).containsExactly("HEADERS 1 :status=503 END", "RST_STREAM 1 NO_ERROR");
        assertThat(server.events.stream(1).isClosed()).isTrue();
        server.peer.send(data(1, 10), dataEnd(1, 0));
        assertThat(server.answers()).as("what was on its way").isEmpty();
        assertThat(server.events.of(1).events()).isEmpty();
    }

    @Test
    void open_sendsTheRequestAndReportsTheAnswer() {
        TunnelFixture client = client();
        StreamRecorder recorder = new StreamRecorder();
        TunnelStream stream = client.open(recorder);
        assertThat(client.answers())
                .containsExactly("HEADERS 1 :method=CONNECT :authority=10.0.0.1:8080 traceparent="
                        + TunnelFixture.TRACE.header());
        client.peer.send(headers(1, false, ":status", "200", "baggage", "k8s.pod.name=x"));
        assertThat(recorder.events()).containsExactly("response 200");
        assertThat(stream.id()).isEqualTo(1);
        assertThat(client.open(new StreamRecorder()).id()).isEqualTo(3);
    }

    @Test
    void answer_informational_isNotReported() {
        TunnelFixture client = client();
        StreamRecorder recorder = new StreamRecorder();
        client.open(recorder);
        client.peer.send(headers(1, false, ":status", "103"), headers(1, false, ":status", "100"));
        assertThat(recorder.events()).isEmpty();
        client.peer.send(ok(1));
        assertThat(recorder.events()).containsExactly("response 200");
    }

    @Test
    void answer_informationalWithEnd_isMalformed() {
        TunnelFixture client = client();
        StreamRecorder recorder = new StreamRecorder();
        client.open(recorder);
        client.answers();
        client.peer.send(headers(1, true, ":status", "103"));
        assertThat(recorder.events()).containsExactly("failure PROTOCOL_ERROR");
        assertThat(client.answers()).containsExactly("RST_STREAM 1 PROTOCOL_ERROR");
    }

    @Test
    void answer_withEnd_isReportedBeforeTheEnd() {
        TunnelFixture client = client();
        StreamRecorder recorder = new StreamRecorder();
        client.open(recorder);
        client.peer.send(headers(1, true, ":status", "503"));
        assertThat(recorder.events()).containsExactly("response 503", "end");
    }

    @Test
    void answer_withDataInOneRead_comesInOrder() {
        TunnelFixture client = client();
        StreamRecorder recorder = new StreamRecorder();
        client.open(recorder);
        client.peer.send(ok(1), data(1, 3), dataEnd(1, 4));
        assertThat(recorder.events()).containsExactly("response 200", "data 3", "data 4", "end", "readComplete");
    }

    @Test
    void data_beforeTheAnswer_isAStreamError() {
        TunnelFixture client = client();
        StreamRecorder recorder = new StreamRecorder();
        client.open(recorder);
        StreamRecorder neighbour = new StreamRecorder();
        client.open(neighbour);
        client.answers();
        client.peer.send(data(1, 3), ok(3));
        assertThat(recorder.events()).containsExactly("failure PROTOCOL_ERROR");
        assertThat(client.answers()).containsExactly("RST_STREAM 1 PROTOCOL_ERROR");
        assertThat(neighbour.events()).containsExactly("response 200");
    }

    /** As stock clients may: the server keeps it, it is the stream's window that bounds it. */
    @Test
    void data_fromAClientThatDoesNotWait_isGivenToTheListener() {
        TunnelFixture server = server();
        server.events.silent();
        server.peer.send(connect(1), data(1, 7));
        assertThat(server.events.of(1).events()).containsExactly("data 7", "readComplete");
    }

    // ---- HEADERS after the head -----------------------------------------------------------------------------------

    /** Netty's codec takes them for trailers (netty#17440); in a CONNECT there are none (RFC 9113 section 8.5). */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void headers_afterAConnect_areAStreamError(boolean end) {
        TunnelFixture server = server();
        server.accepted(1);
        server.accepted(3);
        server.peer.send(headers(1, end, "x", "y"), data(3, 1));
        assertThat(server.answers()).containsExactly("RST_STREAM 1 PROTOCOL_ERROR");
        assertThat(server.events.of(1).events()).containsExactly("failure PROTOCOL_ERROR");
        assertThat(server.events.of(3).events()).containsExactly("data 1", "readComplete");
    }

    @Test
    void headers_afterTheAnswer_areAStreamError() {
        TunnelFixture client = client();
        StreamRecorder recorder = new StreamRecorder();
        client.established(recorder);
        client.peer.send(ok(1));
        assertThat(recorder.events()).containsExactly("failure PROTOCOL_ERROR");
        assertThat(client.answers()).containsExactly("RST_STREAM 1 PROTOCOL_ERROR");
    }

    @Test
    void headers_afterEndStream_areAStreamErrorOfAClosedStream() {
        TunnelFixture server = server();
        server.accepted(1);
        server.peer.send(dataEnd(1, 0), connect(1));
        assertThat(server.answers()).containsExactly("RST_STREAM 1 STREAM_CLOSED");
    }

    @Test
    void headers_onAStreamThatHasEnded_areAConnectionError() {
        TunnelFixture server = server();
        server.accepted(1).end();
        server.peer.send(dataEnd(1, 0)).ignoreAnswers();
        server.peer.send(connect(1));
        assertThat(server.answers()).containsExactly("GOAWAY 1 STREAM_CLOSED");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void headers_onAnEvenStream_areAConnectionError(int id) {
        TunnelFixture server = server();
        server.peer.send(connect(id));
        assertThat(server.answers()).containsExactly("GOAWAY 0 PROTOCOL_ERROR");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void headers_fromAServerOnAStreamThatWasNotOpened_areAConnectionError(int id) {
        TunnelFixture client = client();
        client.peer.send(ok(id));
        assertThat(client.answers()).containsExactly("GOAWAY 0 PROTOCOL_ERROR");
    }

    /** A tunnel full of cancelled requests must survive the answers to them, however many. */
    @Test
    void answers_toManyStreamsThatWereCancelled_areIgnored() {
        TunnelFixture client = client();
        StreamRecorder kept = new StreamRecorder();
        client.established(kept);
        List<byte[]> late = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            TunnelStream cancelled = client.open(new StreamRecorder());
            cancelled.reset(Http2Error.CANCEL);
            late.add(ok(cancelled.id()));
        }
        client.answers();
        client.peer.send(late.toArray(new byte[0][])).send(data(1, 1));
        assertThat(kept.events()).containsExactly("data 1", "readComplete");
        assertThat(client.isConnected()).isTrue();
    }

    @Test
    void headers_malformed_areAStreamErrorAndTheNextStreamLives() {
        TunnelFixture server = server();
        server.peer.send(
                headers(1, false, ":method", "CONNECT", ":authority", "a:1", "connection", "close"),
                headers(3, false, ":method", "CONNECT", "x", "y", ":authority", "a:1"),
                headers(5, false, ":method", "CONNECT", ":method", "CONNECT", ":authority", "a:1"),
                headers(7, false, ":method", "CONNECT", ":authority", "a:1", "Upper", "x"),
                connect(9));
        assertThat(server.answers())
                .containsExactly(
                        "RST_STREAM 1 PROTOCOL_ERROR",
                        "RST_STREAM 3 PROTOCOL_ERROR",
                        "RST_STREAM 5 PROTOCOL_ERROR",
                        "RST_STREAM 7 PROTOCOL_ERROR",
                        "HEADERS 9 :status=200");
        assertThat(server.events.incoming()).isEqualTo(1);
    }

    @Test
    void headers_listTooLarge_isAStreamErrorAndTheNextStreamLives() {
        TunnelFixture server = server();
        server.peer.send(
                headers(1, false, ":method", "CONNECT", ":authority", "a:1", "x", "y".repeat(16_300)), connect(3));
        assertThat(server.answers()).containsExactly("RST_STREAM 1 PROTOCOL_ERROR", "HEADERS 3 :status=200");
    }

    @Test
    void headers_listHuge_isAConnectionError() {
        TunnelFixture server = server();
        server.peer.send(headers(1, false, ":method", "CONNECT", "x", "~".repeat(40_000)));
        assertThat(server.answers()).hasSize(1).first().asString().startsWith("GOAWAY 0");
    }

    // ---- both directions end --------------------------------------------------------------------------------------

    @Test
    void halfClose_peerFirst_weGoOn() {
        TunnelFixture server = server();
        TunnelStream stream = server.accepted(1);
        server.peer.send(dataEnd(1, 3));
        assertThat(server.events.of(1).events()).containsExactly("data 3", "end", "readComplete");
        assertThat(stream.isRemoteEnded()).isTrue();
        stream.write(server.bytes(4));
        stream.end();
        assertThat(server.answers()).containsExactly("DATA 1 4", "DATA 1 0 END");
        assertThat(stream.isClosed()).isTrue();
        assertThat(server.tunnel.activeStreams()).isZero();
    }

    @Test
    void halfClose_weFirst_peerGoesOn() {
        TunnelFixture server = server();
        TunnelStream stream = server.accepted(1);
        stream.end();
        assertThat(server.answers()).containsExactly("DATA 1 0 END");
        server.peer.send(data(1, 3)).send(dataEnd(1, 0));
        assertThat(server.events.of(1).events()).containsExactly("data 3", "readComplete", "end");
        assertThat(stream.isClosed()).isTrue();
        assertThat(server.answers()).as("no reset after a clean end").isEmpty();
    }

    @Test
    void end_twiceAndWritesAfterIt_areIgnored() {
        TunnelFixture server = server();
        TunnelStream stream = server.accepted(1);
        stream.end();
        stream.end();
        stream.write(server.bytes(4));
        assertThat(server.answers()).containsExactly("DATA 1 0 END");
    }

    @Test
    void end_withDataWaiting_comesAfterIt() {
        TunnelFixture server = server();
        TunnelStream stream = server.accepted(1);
        stream.write(server.bytes(70_000));
        stream.end();
        assertThat(server.answers()).containsExactly("DATA 1 16384", "DATA 1 16384", "DATA 1 16384", "DATA 1 16383");
        assertThat(stream.isLocalEnded()).isFalse();
        server.peer.send(windowUpdate(0, 100_000), windowUpdate(1, 100_000));
        assertThat(server.answers()).containsExactly("DATA 1 4465", "DATA 1 0 END");
        assertThat(stream.isLocalEnded()).isTrue();
    }

    @Test
    void end_fromWithinOnEnd_closesTheStreamOnce() {
        TunnelFixture server = server();
        TunnelStream stream = server.accepted(1);
        stream.setListener(new StreamRecorder() {
            @Override
            public void onEnd() {
                stream.end();
            }
        });
        server.peer.send(dataEnd(1, 0));
        assertThat(server.answers()).containsExactly("DATA 1 0 END");
        assertThat(server.tunnel.activeStreams()).isZero();
    }

    @Test
    void data_afterEndStream_isAStreamErrorOfAClosedStream() {
        TunnelFixture server = server();
        server.accepted(1);
        server.peer.send(dataEnd(1, 1), data(1, 1));
        assertThat(server.answers()).containsExactly("RST_STREAM 1 STREAM_CLOSED");
        assertThat(server.events.of(1).events()).startsWith("data 1", "end").contains("failure PROTOCOL_ERROR");
    }

    @Test
    void data_onAStreamThatHasEnded_isAStreamError() {
        TunnelFixture server = server();
        server.accepted(1).end();
        server.peer.send(dataEnd(1, 0)).ignoreAnswers();
        server.peer.send(data(1, 1));
        assertThat(server.answers()).containsExactly("RST_STREAM 1 STREAM_CLOSED");
        server.peer.send(data(1, 1));
        assertThat(server.answers()).as("said once").isEmpty();
    }

    @Test
    void data_afterThePeersReset_isAStreamError() {
        TunnelFixture server = server();
        server.accepted(1);
        server.peer.send(reset(1, Http2Error.CANCEL), data(1, 1));
        assertThat(server.answers()).containsExactly("RST_STREAM 1 STREAM_CLOSED");
    }

    @ParameterizedTest
    @CsvSource({"1,true", "3,true", "2,true", "1,false", "2,false"})
    void data_onAnIdleStream_isAConnectionError(int id, boolean atServer) {
        TunnelFixture fixture = atServer ? server() : client();
        fixture.peer.send(data(id, 1));
        assertThat(fixture.answers()).containsExactly("GOAWAY 0 PROTOCOL_ERROR");
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 8})
    void windowUpdateAndReset_onAnIdleStream_areConnectionErrors(int type) {
        TunnelFixture server = server();
        server.accepted(1);
        server.peer.send(frame(type, 0, 3, (byte) 0, (byte) 0, (byte) 0, (byte) 1));
        assertThat(server.answers()).containsExactly("GOAWAY 1 PROTOCOL_ERROR");
    }

    @Test
    void windowUpdateOfZero_onAnIdleStream_isAConnectionError() {
        TunnelFixture server = server();
        server.peer.send(windowUpdate(5, 0));
        assertThat(server.answers()).containsExactly("GOAWAY 0 PROTOCOL_ERROR");
    }

    /** A reset of a stream that does not exist would itself be against the rules. */
    @Test
    void priority_malformedOnAnIdleStream_isAConnectionError() {
        TunnelFixture server = server();
        server.peer.send(frame(Http2FrameTypes.PRIORITY, 0, 7, new byte[4]));
        assertThat(server.answers()).containsExactly("GOAWAY 0 FRAME_SIZE_ERROR");
    }

    @Test
    void priority_malformedOnAnOpenStream_isAStreamError() {
        TunnelFixture server = server();
        server.accepted(1);
        server.peer.send(frame(Http2FrameTypes.PRIORITY, 0, 1, new byte[4]));
        assertThat(server.answers()).containsExactly("RST_STREAM 1 FRAME_SIZE_ERROR");
    }

    @Test
    void priority_wellFormedOnAnyStream_isIgnored() {
        TunnelFixture server = server();
        server.accepted(1);
        server.peer.send(
                frame(Http2FrameTypes.PRIORITY, 0, 1, new byte[5]), frame(Http2FrameTypes.PRIORITY, 0, 9, new byte[5]));
        assertThat(server.answers()).isEmpty();
    }

    @Test
    void emptyPaddedAndUnknownFrames_changeNothing() {
        TunnelFixture server = server();
        server.accepted(1);
        server.peer.send(
                data(1, 0),
                padded(1, 0, 200, 0),
                frame(0x42, 0xff, 1, new byte[500]),
                padded(1, 5, 3, 0),
                frame(0xfe, 0, 0),
                padded(1, 0, 0, END_STREAM));
        assertThat(server.events.of(1).events()).containsExactly("data 5", "end", "readComplete");
        assertThat(server.answers()).isEmpty();
    }

    @Test
    void data_cutAnywhere_isTheSame() {
        TunnelFixture server = server();
        server.accepted(1);
        for (byte each : Http2Peer.concat(padded(1, 20, 5, 0), data(1, 3), dataEnd(1, 0))) {
            server.peer.send(new byte[] {each});
        }
        assertThat(server.events.of(1).received()).hasSize(23);
        assertThat(server.events.of(1).events()).endsWith("end");
    }

    @Test
    void readComplete_comesOnceForAllReadsOfATurn() {
        TunnelFixture server = server();
        server.accepted(1);
        server.accepted(3);
        server.peer.sendInOneTurn(data(1, 1), data(3, 2), data(1, 3));
        assertThat(server.events.of(1).events()).containsExactly("data 1", "data 3", "readComplete");
        assertThat(server.events.of(3).events()).containsExactly("data 2", "readComplete");
        server.peer.sendInOneTurn(data(3, 1), data(3, 1));
        assertThat(server.events.of(1).events()).isEmpty();
        assertThat(server.events.of(3).events()).containsExactly("data 1", "data 1", "readComplete");
    }

    // ---- resets: spec/ztunnel.md 2.4 ------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource(Http2Error.class)
    void reset_byThePeer_isOrderlyForNoErrorAndCancelOnly(Http2Error code) {
        TunnelFixture server = server();
        TunnelStream stream = server.accepted(1);
        server.peer.send(data(1, 2)).send(reset(1, code));
        String expected =
                switch (code) {
                    case NO_ERROR, CANCEL -> "reset orderly";
                    case REFUSED_STREAM -> "reset STREAM_REFUSED";
                    default -> "reset STREAM_RESET";
                };
        assertThat(server.events.of(1).events()).containsExactly("data 2", "readComplete", expected);
        assertThat(stream.isClosed()).isTrue();
        assertThat(server.answers()).isEmpty();
        stream.write(server.bytes(3));
        stream.end();
        assertThat(server.answers()).as("nothing is sent on it any more").isEmpty();
    }

    @Test
    void reset_withACodeNobodyKnows_isAReset() {
        TunnelFixture server = server();
        server.accepted(1);
        server.peer.send(frame(Http2FrameTypes.RST_STREAM, 0, 1, (byte) 0x77, (byte) 0, (byte) 0, (byte) 1));
        assertThat(server.events.of(1).events()).containsExactly("reset STREAM_RESET");
    }

    /** Nothing is told after a reset or a failure, not even that a read is complete. */
    @Test
    void reset_inTheReadThatBroughtData_isTheLastWord() {
        TunnelFixture server = server();
        server.accepted(1);
        server.accepted(3);
        server.peer.send(data(1, 1), data(3, 1), reset(1, Http2Error.CANCEL), windowUpdate(3, 0));
        assertThat(server.events.of(1).events()).containsExactly("data 1", "reset orderly");
        assertThat(server.events.of(3).events()).containsExactly("data 1", "failure PROTOCOL_ERROR");
    }

    @Test
    void failure_ofTheConnectionInTheReadThatBroughtData_isTheLastWord() {
        TunnelFixture server = server();
        server.accepted(1);
        server.peer.send(data(1, 1), windowUpdate(0, 0));
        assertThat(server.events.of(1).events()).containsExactly("data 1", "failure PROTOCOL_ERROR");
    }

    @Test
    void reset_byUs_isTheLastThatTheListenerHears() {
        TunnelFixture server = server();
        TunnelStream stream = server.accepted(1);
        stream.setListener(new StreamRecorder() {
            @Override
            public void onData(ByteBuf data) {
                super.onData(data);
                stream.reset(Http2Error.CANCEL);
            }

            @Override
            public void onReadComplete() {
                throw new AssertionError("told after its own reset");
            }
        });
        server.peer.sendInOneTurn(data(1, 1), dataEnd(1, 5));
        assertThat(server.answers()).containsExactly("RST_STREAM 1 CANCEL");
    }

    @Test
    void reset_byUs_dropsWhatWaitsAndIgnoresWhatWasOnItsWay() {
        TunnelFixture server = server();
        TunnelStream stream = server.accepted(1);
        stream.write(server.bytes(200_000));
        stream.flush();
        server.answers();
        stream.reset(Http2Error.CANCEL);
        assertThat(server.answers()).containsExactly("RST_STREAM 1 CANCEL");
        server.peer.send(
                data(1, 9), windowUpdate(1, 9), windowUpdate(0, 1_000_000), dataEnd(1, 0), reset(1, Http2Error.CANCEL));
        assertThat(server.answers()).isEmpty();
        assertThat(server.events.of(1).events()).isEmpty();
        assertThat(server.isConnected()).isTrue();
    }

    @Test
    void reset_twice_isSaidOnce() {
        TunnelFixture server = server();
        TunnelStream stream = server.accepted(1);
        stream.reset(Http2Error.CANCEL);
        stream.reset(Http2Error.CANCEL);
        assertThat(server.answers()).containsExactly("RST_STREAM 1 CANCEL");
    }

    @Test
    void reset_byAServerAfterItsEnd_isAnOrderlyEndAtTheClient() {
        TunnelFixture client = client();
        StreamRecorder recorder = new StreamRecorder();
        client.established(recorder);
        client.peer.send(dataEnd(1, 3), reset(1, Http2Error.NO_ERROR));
        assertThat(recorder.events()).containsExactly("data 3", "end", "reset orderly");
    }

    // ---- abandon --------------------------------------------------------------------------------------------------

    @Test
    void abandon_afterOurEnd_resetsAtOnce() {
        TunnelFixture server = server();
        TunnelStream stream = server.accepted(1);
        stream.end();
        stream.abandon();
        assertThat(server.answers()).containsExactly("DATA 1 0 END", "RST_STREAM 1 CANCEL");
        assertThat(stream.isClosed()).isTrue();
    }

    @Test
    void abandon_afterBothEnds_saysNothing() {
        TunnelFixture server = server();
        TunnelStream stream = server.accepted(1);
        server.peer.send(dataEnd(1, 0));
        stream.end();
        stream.abandon();
        assertThat(server.answers()).containsExactly("DATA 1 0 END");
    }

    @Test
    void abandon_withDataWaiting_deliversItAndThenResets() {
        TunnelFixture server = server();
        TunnelStream stream = server.accepted(1);
        stream.write(server.bytes(65_535 + 100));
        stream.end();
        stream.abandon();
        server.answers();
        server.peer.send(data(1, 50));
        assertThat(server.events.of(1).events()).as("nobody listens").isEmpty();
        server.peer.send(windowUpdate(0, 1000), windowUpdate(1, 1000));
        assertThat(server.answers()).containsExactly("DATA 1 100", "DATA 1 0 END", "RST_STREAM 1 CANCEL");
        assertThat(server.peer.body(1)).hasSize(65_635);
    }

    /** A peer that writes before it reads would else never come to read what waits for it. */
    @Test
    void abandon_withDataWaiting_goesOnTakingSoThatThePeerIsNotBlocked() {
        TunnelFixture server = server();
        TunnelStream stream = server.accepted(1);
        stream.write(server.bytes(65_535 + 100));
        stream.end();
        stream.abandon();
        server.answers();
        server.peer.send(data(1, 200_000));
        assertThat(server.answers()).anyMatch(line -> line.startsWith("WINDOW_UPDATE 1 "));
    }

    @Test
    void abandon_thenThePeersEnd_closesWithoutReset() {
        TunnelFixture server = server();
        TunnelStream stream = server.accepted(1);
        stream.abandon();
        server.peer.send(dataEnd(1, 5));
        stream.end();
        assertThat(server.answers()).containsExactly("DATA 1 0 END");
        assertThat(stream.isClosed()).isTrue();
    }

    // ---- how many -------------------------------------------------------------------------------------------------

    @Test
    void streams_moreThanTheServerAllows_areRefusedUntilOthersEnd() {
        TunnelFixture server = use(TunnelFixture.server(
                HboneSettings.builder().maxConcurrentStreams(2).build()));
        server.accepted(1);
        server.accepted(3);
        server.peer.send(connect(5));
        assertThat(server.answers()).containsExactly("RST_STREAM 5 REFUSED_STREAM");
        server.peer.send(reset(1, Http2Error.CANCEL), connect(7));
        assertThat(server.answers()).containsExactly("HEADERS 7 :status=200");
    }

    @Test
    void open_moreThanWeWant_hasNoRoomUntilOneEnds() {
        TunnelFixture client = use(TunnelFixture.client(
                HboneSettings.builder().maxStreamsPerTunnel(2).build()));
        TunnelStream one = client.established(new StreamRecorder());
        client.established(new StreamRecorder());
        assertThat(client.tunnel.hasRoom()).isFalse();
        assertThatIllegalStateException().isThrownBy(() -> client.open(new StreamRecorder()));
        client.events.roomChanges();
        one.end();
        client.peer.send(dataEnd(1, 0));
        assertThat(client.tunnel.hasRoom()).isTrue();
        assertThat(client.events.roomChanges()).isEqualTo(1);
    }

    @Test
    void open_peersLimit_isObeyedAsItChanges() {
        TunnelFixture client = use(TunnelFixture.client(HboneSettings.DEFAULT, Http2Peer.MAX_CONCURRENT_STREAMS, 1));
        client.open(new StreamRecorder());
        assertThat(client.tunnel.hasRoom()).isFalse();
        client.events.roomChanges();
        client.peer.send(settings(Http2Peer.MAX_CONCURRENT_STREAMS, 2));
        assertThat(client.events.roomChanges()).isEqualTo(1);
        assertThat(client.tunnel.hasRoom()).isTrue();
        client.peer.send(settings(Http2Peer.MAX_CONCURRENT_STREAMS, 0));
        assertThat(client.tunnel.hasRoom()).isFalse();
        assertThat(client.tunnel.activeStreams())
                .as("those that are open go on")
                .isEqualTo(1);
    }

    @Test
    void toString_namesBothEnds() {
        TunnelFixture server = server();
        assertThat(server.accepted(1)).hasToString("stream 1 of tunnel embedded <- embedded");
    }
}
