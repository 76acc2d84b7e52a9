package io.hbone.netty.h2;

import static io.hbone.netty.testing.Http2Peer.data;
import static io.hbone.netty.testing.Http2Peer.dataEnd;
import static io.hbone.netty.testing.Http2Peer.frame;
import static io.hbone.netty.testing.Http2Peer.reset;
import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.HboneSettings;
import io.hbone.netty.testing.StreamRecorder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameTypes;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Memory that small DATA frames hold while an application does not read. */
class HeldDataTest {

    private static final int WINDOW = 16 * 1024;

    /** What a TLS record of one small frame costs at least: the smallest buffer of an allocator. */
    private static final int RECORD = 512;

    private final UnpooledByteBufAllocator buffers = new UnpooledByteBufAllocator(true);
    private final TunnelFixture server = TunnelFixture.server(
            HboneSettings.builder().initialStreamWindow(WINDOW).build());
    private final Stalled application = new Stalled();
    private TunnelStream stream;

    /** Keeps what it is given. */
    private static final class Stalled extends StreamRecorder {
        final List<ByteBuf> held = new ArrayList<>();
        final ByteArrayOutputStream content = new ByteArrayOutputStream();

        @Override
        public void onData(ByteBuf data) {
            held.add(data);
            for (int i = data.readerIndex(); i < data.writerIndex(); i++) {
                content.write(data.getByte(i));
            }
        }

        int release() {
            int bytes = held.stream().mapToInt(ByteBuf::readableBytes).sum();
            held.forEach(ByteBuf::release);
            held.clear();
            return bytes;
        }
    }

    @BeforeEach
    void open() {
        server.peer.channel().config().setAllocator(buffers);
        stream = server.accepted(1);
        stream.setListener(application);
    }

    @AfterEach
    void nothingIsLeft() {
        server.close();
        application.release();
        assertThat(buffers.metric().usedDirectMemory()).isZero();
    }

    /** Each frame as if it came in a TLS record of its own. */
    private void send(byte[] frame) {
        server.peer
                .channel()
                .writeInbound(
                        buffers.directBuffer(Math.max(RECORD, frame.length)).writeBytes(frame));
    }

    private static byte[] oneByte(int value) {
        return frame(Http2FrameTypes.DATA, 0, 1, new byte[] {(byte) value});
    }

    /** GAP: a window of one-byte frames held hundreds of times its size. */
    @Test
    void oneByteFrames_toAnApplicationThatDoesNotRead_holdMemoryInProportionToTheWindow() {
        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        for (int i = 0; i < WINDOW; i++) {
            send(oneByte(i));
            sent.write(i);
        }
        assertThat(application.held).hasSizeLessThan(HeldData.FREE_PIECES + WINDOW / HeldData.FAIR_PIECE);
        assertThat(buffers.metric().usedDirectMemory()).isLessThan(2L * WINDOW);
        int rounds = 0;
        for (int bytes = application.release(); bytes > 0; bytes = application.release()) {
            stream.taken(bytes);
            server.peer.channel().runPendingTasks();
            rounds++;
        }
        assertThat(rounds).isLessThan(5);
        assertThat(application.content.toByteArray()).isEqualTo(sent.toByteArray());
    }

    /** As bulk data is, cut by TLS records: small pieces among large ones. */
    @Test
    void largePieces_withSmallOnesAmongThem_passUncopied() {
        for (int i = 0; i < 20; i++) {
            send(data(1, 8_100));
            send(data(1, 9));
            if (i % 2 == 1) {
                assertThat(application.held).hasSize(4);
                stream.taken(application.release());
            }
        }
    }

    @Test
    void smallFrames_thatAreTakenAtOnce_passUncopied() {
        for (int i = 0; i < 1000; i++) {
            send(oneByte(i));
            assertThat(application.held).hasSize(1);
            stream.taken(application.release());
        }
    }

    @Test
    void heldBack_comesInOrderBeforeALargePieceAndBeforeTheEnd() {
        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        for (int i = 0; i < 100; i++) {
            send(oneByte(i));
            sent.write(i);
        }
        assertThat(application.held).hasSize(HeldData.FREE_PIECES);
        send(data(1, HeldData.FAIR_PIECE));
        sent.writeBytes(new byte[HeldData.FAIR_PIECE]);
        assertThat(application.content.toByteArray()).isEqualTo(sent.toByteArray());
        for (int i = 0; i < 100; i++) {
            send(oneByte(i));
            sent.write(i);
        }
        send(dataEnd(1, 1));
        sent.write(0);
        assertThat(application.content.toByteArray()).isEqualTo(sent.toByteArray());
        assertThat(application.events()).contains("end");
    }

    @Test
    void heldBack_comesBeforeAReset() {
        for (int i = 0; i < 100; i++) {
            send(oneByte(i));
        }
        send(reset(1, Http2Error.NO_ERROR));
        assertThat(application.content.size()).isEqualTo(100);
        assertThat(application.events()).endsWith("reset orderly");
    }

    @Test
    void heldBack_comesBeforeTheTunnelIsLost() {
        for (int i = 0; i < 100; i++) {
            send(oneByte(i));
        }
        server.peer.channel().close();
        assertThat(application.content.size()).isEqualTo(100);
    }

    @Test
    void heldBack_isReleasedWithAStreamThatWeReset() {
        for (int i = 0; i < 100; i++) {
            send(oneByte(i));
        }
        stream.reset(Http2Error.CANCEL);
        server.peer.channel().runPendingTasks();
        assertThat(application.content.size()).isEqualTo(HeldData.FREE_PIECES);
    }
}
