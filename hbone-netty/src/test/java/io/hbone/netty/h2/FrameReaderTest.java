package io.hbone.netty.h2;

import static io.hbone.netty.testing.Http2Peer.ACK;
import static io.hbone.netty.testing.Http2Peer.END_HEADERS;
import static io.hbone.netty.testing.Http2Peer.END_STREAM;
import static io.hbone.netty.testing.Http2Peer.PADDED;
import static io.hbone.netty.testing.Http2Peer.concat;
import static io.hbone.netty.testing.Http2Peer.data;
import static io.hbone.netty.testing.Http2Peer.dataEnd;
import static io.hbone.netty.testing.Http2Peer.frame;
import static io.hbone.netty.testing.Http2Peer.padded;
import static io.hbone.netty.testing.Http2Peer.ping;
import static io.hbone.netty.testing.Http2Peer.repeat;
import static io.hbone.netty.testing.Http2Peer.settings;
import static io.netty.handler.codec.http2.Http2Exception.streamError;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Index.atIndex;

import io.hbone.netty.testing.Http2Peer;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameTypes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrameReaderTest {

    private static final byte[] NO_SETTINGS = settings();
    private static final byte[] BLOCK = Http2Peer.headerBlock(":method", "CONNECT", ":authority", "a:1");

    private static final String HEADERS = "HEADERS 1 :method=CONNECT :authority=a:1";

    private final FrameReading reading = new FrameReading();

    @AfterEach
    void releaseEverything() {
        reading.close();
    }

    // ---- DATA -----------------------------------------------------------------------------------------------------

    @Test
    void data_inOneRead_isPassedOnInOnePiece() {
        assertThat(read(data(1, 5))).containsExactly("DATA 1 5 #" + Arrays.hashCode(new byte[5]) + " +0");
        assertThat(reading.slices()).isEqualTo(1);
    }

    @Test
    void data_splitOverReads_isPassedOnAsItComes() {
        byte[] frame = data(1, 10);
        reading.read(NO_SETTINGS, Arrays.copyOf(frame, 12), Arrays.copyOfRange(frame, 12, 18));
        assertThat(reading.slices())
                .as("without waiting for the frame's last byte")
                .isEqualTo(2);
        assertThat(found()).as("the end of a frame that has not ended").isEmpty();
    }

    @Test
    void data_empty_doesNothingAndIsCounted() {
        assertThat(read(data(1, 0), ping(1))).containsExactly("idle", "DATA 1 0 #1 +0", "PING 1");
    }

    @Test
    void data_emptyWithEnd_ends() {
        assertThat(read(dataEnd(1, 0), ping(1))).containsExactly("DATA 1 0 #1 +0 END", "PING 1");
    }

    @ParameterizedTest
    @CsvSource({"0,0", "0,1", "0,255", "1,0", "1,255", "100,7"})
    void data_padded_givesPayloadAndChargesPadding(int length, int padding) {
        String line = "DATA 1 " + length + " #" + Arrays.hashCode(new byte[length]) + " +" + (padding + 1);
        assertThat(read(padded(1, length, padding, 0), padded(1, length, padding, END_STREAM), ping(1)))
                .containsExactly(line, line + " END", "PING 1");
    }

    @Test
    void data_paddingFillsTheFrame_isEmptyData() {
        assertThat(read(padded(1, 0, 255, END_STREAM), ping(1))).containsExactly("DATA 1 0 #1 +256 END", "PING 1");
    }

    @Test
    void data_paddingLongerThanTheFrame_isAConnectionError() {
        assertThat(read(frame(Http2FrameTypes.DATA, PADDED, 1, new byte[] {5, 0, 0, 0, 0})))
                .containsExactly("connection error PROTOCOL_ERROR");
    }

    @Test
    void data_paddedWithoutPadLength_isAConnectionError() {
        assertThat(read(frame(Http2FrameTypes.DATA, PADDED, 1))).containsExactly("connection error FRAME_SIZE_ERROR");
    }

    @Test
    void data_onStreamZero_isAConnectionError() {
        assertThat(read(data(0, 1))).containsExactly("connection error PROTOCOL_ERROR");
    }

    @Test
    void data_notWanted_isSkippedWithItsPadding() {
        reading.without(1);
        assertThat(read(data(1, 100), padded(1, 3, 9, 0), dataEnd(1, 0), data(3, 1)))
                .containsExactly("DATA 3 1 #" + Arrays.hashCode(new byte[1]) + " +0");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 1000})
    void data_sinkObjects_isSkippedAndReadingGoesOn(int length) {
        reading.objecting(streamError(1, Http2Error.STREAM_CLOSED, "test"));
        assertThat(read(dataEnd(1, length), ping(7))).containsExactly("stream error 1 STREAM_CLOSED", "PING 7");
    }

    @Test
    void data_reservedBitOfTheStreamId_isIgnored() {
        assertThat(read(dataEnd(0x8000_0001, 0))).containsExactly("DATA 1 0 #1 +0 END");
    }

    // ---- sizes ----------------------------------------------------------------------------------------------------

    @Test
    void frame_ofTheLargestSize_isRead() {
        assertThat(read(dataEnd(1, FrameReading.MAX_FRAME_SIZE))).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 6, 10, 255})
    void frame_larger_isAConnectionErrorBeforeItsPayloadComes(int type) {
        byte[] header = Arrays.copyOf(frame(type, 0, 1, new byte[FrameReading.MAX_FRAME_SIZE + 1]), 9);
        assertThat(read(header)).containsExactly("connection error FRAME_SIZE_ERROR");
    }

    @Test
    void headerBlock_largerThanTheListMayBe_isRefusedWithoutBeingCollected() {
        int half = FrameReading.MAX_FRAME_SIZE / 2;
        byte[] filler = headerOf("x", half);
        assertThat(read(
                        frame(Http2FrameTypes.HEADERS, 0, 1, filler),
                        frame(Http2FrameTypes.CONTINUATION, 0, 1, filler),
                        frame(Http2FrameTypes.CONTINUATION, END_HEADERS, 1, filler)))
                .hasSize(1)
                .first()
                .asString()
                .startsWith("connection error");
    }

    @Test
    void headerList_tooLarge_isAStreamErrorAndTheTableStaysInStep() {
        byte[] large = concat(BLOCK, headerOf("x", FrameReading.MAX_HEADER_LIST));
        assertThat(read(frame(Http2FrameTypes.HEADERS, END_HEADERS, 1, large), headers(3, END_HEADERS)))
                .hasSize(2)
                .satisfies(first -> assertThat(first).startsWith("stream error 1"), atIndex(0))
                .satisfies(second -> assertThat(second).startsWith("HEADERS 3"), atIndex(1));
    }

    // ---- header blocks --------------------------------------------------------------------------------------------

    @Test
    void headers_inPieces_areReadAsOne() {
        assertThat(read(
                        frame(Http2FrameTypes.HEADERS, END_STREAM, 1, Arrays.copyOf(BLOCK, 3)),
                        frame(Http2FrameTypes.CONTINUATION, 0, 1, Arrays.copyOfRange(BLOCK, 3, 10)),
                        frame(
                                Http2FrameTypes.CONTINUATION,
                                END_HEADERS,
                                1,
                                Arrays.copyOfRange(BLOCK, 10, BLOCK.length)),
                        ping(1)))
                .containsExactly(HEADERS + " END", "PING 1");
    }

    @Test
    void headers_withPriorityAndPadding_areRead() {
        byte[] payload = concat(new byte[] {4, 0, 0, 0, 3, 15}, BLOCK, new byte[4]);
        assertThat(read(frame(Http2FrameTypes.HEADERS, END_HEADERS | PADDED | 0x20, 1, payload)))
                .containsExactly(HEADERS);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 6, 7, 8, 10, 200})
    void headerBlock_interleavedWithAnotherFrame_isAConnectionError(int type) {
        byte[] other = frame(type, 0, type == 4 || type == 6 || type == 7 ? 0 : 1, new byte[8]);
        assertThat(read(headers(1, 0), other)).containsExactly("connection error PROTOCOL_ERROR");
    }

    @Test
    void headerBlock_continuedOnAnotherStream_isAConnectionError() {
        assertThat(read(headers(1, 0), frame(Http2FrameTypes.CONTINUATION, END_HEADERS, 3)))
                .containsExactly("connection error PROTOCOL_ERROR");
    }

    @Test
    void continuation_withoutHeaders_isAConnectionError() {
        assertThat(read(frame(Http2FrameTypes.CONTINUATION, END_HEADERS, 1, BLOCK)))
                .containsExactly("connection error PROTOCOL_ERROR");
        assertThat(new FrameReading()
                        .read(
                                NO_SETTINGS,
                                headers(1, END_HEADERS),
                                frame(Http2FrameTypes.CONTINUATION, END_HEADERS, 1)))
                .endsWith("connection error PROTOCOL_ERROR");
    }

    /** CVE-2024-27316 and its kin with empty frames. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100})
    void continuations_withoutEnd_areRefusedInBoundedMemory(int size) {
        byte[] flood = repeat(frame(Http2FrameTypes.CONTINUATION, 0, 1, new byte[size]), 2000);
        List<String> found = read(headers(1, 0), flood);
        assertThat(found).hasSize(1).first().asString().startsWith("connection error");
        assertThat(reading.heldMemory()).isZero();
    }

    @Test
    void headers_brokenHpack_isAConnectionError() {
        assertThat(read(frame(Http2FrameTypes.HEADERS, END_HEADERS, 1, (byte) 0xff, (byte) 0xff, (byte) 0xff)))
                .containsExactly("connection error COMPRESSION_ERROR");
    }

    // ---- other frames ---------------------------------------------------------------------------------------------

    @Test
    void firstFrame_notSettings_isAConnectionError() {
        for (byte[] first : List.of(
                ping(1),
                data(1, 1),
                frame(Http2FrameTypes.SETTINGS, ACK, 0),
                headers(1, END_HEADERS),
                frame(99, 0, 0))) {
            assertThat(new FrameReading().read(first)).containsExactly("connection error PROTOCOL_ERROR");
        }
    }

    @Test
    void unknownFrame_isSkippedAndCounted() {
        assertThat(read(frame(0xfa, 0xff, 0, new byte[1000]), frame(0xfb, 0, 9), ping(1)))
                .containsExactly("idle", "idle", "PING 1");
    }

    @Test
    void pushPromise_isAConnectionError() {
        assertThat(read(frame(Http2FrameTypes.PUSH_PROMISE, END_HEADERS, 1, new byte[4])))
                .containsExactly("connection error PROTOCOL_ERROR");
    }

    @Test
    void settings_hugeButInFrameSize_isRead() {
        assertThat(read(frame(Http2FrameTypes.SETTINGS, 0, 0, repeat(new byte[] {0, 99, 0, 0, 0, 1}, 2000))))
                .hasSize(1);
    }

    @Test
    void close_withinAFrame_skipsTheRest() throws Exception {
        List<byte[]> pieces = new ArrayList<>();
        byte[] bytes = concat(NO_SETTINGS, headers(1, END_HEADERS), data(1, 100));
        for (int cut = 1; cut < bytes.length; cut++) {
            pieces.add(Arrays.copyOf(bytes, cut));
        }
        for (byte[] piece : pieces) {
            try (FrameReading cutOff = new FrameReading()) {
                cutOff.read(piece); // closes the reader where it is
            }
        }
    }

    // ---- any sequence, cut anywhere -------------------------------------------------------------------------------

    @Test
    void anySequence_cutAnywhere_readsAsUncut() {
        for (long seed = 0; seed < 200; seed++) {
            FrameScript script = new FrameScript(seed);
            byte[] bytes = script.frames(1 + (int) (seed % 25));
            try (FrameReading whole = new FrameReading().without(5);
                    FrameReading cut = new FrameReading().without(5)) {
                assertThat(cut.read(script.cut(bytes))).as("seed " + seed).isEqualTo(whole.read(bytes));
            }
        }
    }

    @Test
    void validSequence_cutIntoSingleBytes_isReadToTheEnd() {
        byte[] bytes = new FrameScript(42).valid().frames(12);
        byte[][] single = new byte[bytes.length][];
        for (int i = 0; i < bytes.length; i++) {
            single[i] = new byte[] {bytes[i]};
        }
        assertThat(reading.read(single))
                .isEqualTo(new FrameReading().read(bytes))
                .noneMatch(line -> line.contains("error"));
    }

    /** Netty's reader is the reference for what is accepted, what is refused, and with which code. */
    @Test
    void anySequence_againstNettysReader_isJudgedAlike() {
        int refused = 0;
        for (long seed = 0; seed < 600; seed++) {
            byte[] bytes = new FrameScript(seed).frames(1 + (int) (seed % 20));
            try (FrameReading ours = new FrameReading();
                    FrameReading nettys = new FrameReading()) {
                List<String> expected = nettys.readByNetty(bytes);
                assertThat(ours.read(bytes)).as("seed " + seed).isEqualTo(expected);
                refused += expected.toString().contains("connection error") ? 1 : 0;
            }
        }
        assertThat(refused).as("sequences with an error in them").isBetween(100, 500);
    }

    @Test
    void randomBytes_afterSettings_leaveNothingBehind() {
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 500; i++) {
            byte[] noise = new byte[random.nextInt(2000)];
            random.nextBytes(noise);
            try (FrameReading any = new FrameReading()) {
                any.read(NO_SETTINGS, noise);
            }
        }
    }

    // ---- words ----------------------------------------------------------------------------------------------------

    /** Reads SETTINGS and then {@code frames}; gives what was found after the SETTINGS. */
    private List<String> read(byte[]... frames) {
        reading.read(NO_SETTINGS, concat(frames));
        return found();
    }

    private List<String> found() {
        assertThat(reading.events).startsWith("SETTINGS {}");
        return reading.events.subList(1, reading.events.size());
    }

    private static byte[] headers(int stream, int flags) {
        return frame(Http2FrameTypes.HEADERS, flags, stream, BLOCK);
    }

    private static byte[] headerOf(String name, int valueLength) {
        return Http2Peer.headerBlock(name, "v".repeat(valueLength));
    }
}
