package io.hbone.netty.relay;

import static io.hbone.netty.testing.Http2Peer.connect;
import static io.hbone.netty.testing.Http2Peer.data;
import static io.hbone.netty.testing.Http2Peer.dataEnd;
import static io.hbone.netty.testing.Http2Peer.reset;
import static io.hbone.netty.testing.Http2Peer.windowUpdate;
import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.ConnectionObserver;
import io.hbone.core.HboneSettings;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.h2.Tunnel;
import io.hbone.netty.h2.TunnelStream;
import io.hbone.netty.h2.WindowBudget;
import io.hbone.netty.testing.Http2Peer;
import io.hbone.netty.testing.TunnelRecorder;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Error;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** spec/ztunnel.md 2.4 row by row, for the server's side: the stream's peer opened, the application accepted. */
class StreamRelayTest {

    private static final int HALF_WINDOW = HboneSettings.DEFAULT.initialStreamWindow() / 2;
    private static final Duration IDLE = Duration.ofMinutes(1);

    private final TunnelRecorder events = new TunnelRecorder();
    private final Http2Peer peer =
            Http2Peer.ofServer(Tunnel.server(HboneSettings.DEFAULT, new WindowBudget(0), events));
    private final FakeSocket socket = new FakeSocket();
    private final Observer observer = new Observer();
    private TunnelStream stream;

    private static final class Observer implements ConnectionObserver.Connection {
        final List<String> events = new ArrayList<>();

        @Override
        public void received(long bytes) {
            events.add("received " + bytes);
        }

        @Override
        public void sent(long bytes) {
            events.add("sent " + bytes);
        }

        @Override
        public void closed(@Nullable TunnelException why) {
            events.add("closed" + (why == null ? "" : " " + why.error()));
        }
    }

    @BeforeEach
    void openAStream() {
        socket.freezeTime();
        peer.send(Http2Peer.preface(), Http2Peer.settings(), Http2Peer.settingsAck(), connect(1))
                .pass(Duration.ofSeconds(1))
                .ignoreAnswers();
        stream = events.stream(1);
    }

    @AfterEach
    void releaseEverything() {
        socket.finishAndReleaseAll();
        peer.close();
    }

    private StreamRelay join() {
        StreamRelay relay = StreamRelay.join(socket, stream, observer, false, IDLE.toNanos());
        assertThat(socket.config().isAutoRead()).isTrue();
        return relay;
    }

    /** The application sends so many bytes; they are read as the socket's real buffers are. */
    private void applicationSends(int bytes) {
        socket.writeInbound(peer.channel()
                .alloc()
                .directBuffer(TunnelStream.HEADROOM + bytes)
                .writeZero(TunnelStream.HEADROOM + bytes)
                .skipBytes(TunnelStream.HEADROOM));
    }

    private int applicationGot() {
        int bytes = 0;
        for (ByteBuf data = socket.readOutbound(); data != null; data = socket.readOutbound()) {
            bytes += data.readableBytes();
            data.release();
        }
        return bytes;
    }

    // ---- data -----------------------------------------------------------------------------------------------------

    @Test
    void data_goesBothWaysAndIsCounted() {
        join();
        peer.send(data(1, 5));
        assertThat(applicationGot()).isEqualTo(5);
        applicationSends(7);
        assertThat(peer.answers()).containsExactly("DATA 1 7");
        assertThat(observer.events).containsExactly("received 5", "sent 7");
    }

    @Test
    void credit_isReturnedWhenTheSocketHasTakenTheBytes() {
        join();
        socket.stuck(true);
        peer.send(data(1, HALF_WINDOW));
        assertThat(peer.answers()).isEmpty();
        socket.stuck(false);
        assertThat(applicationGot()).isEqualTo(HALF_WINDOW);
        assertThat(peer.answers()).containsExactly("WINDOW_UPDATE 1 " + HALF_WINDOW);
    }

    @Test
    void credit_ofTwoReads_isReturnedInOrder() {
        join();
        socket.stuck(true);
        peer.send(data(1, HALF_WINDOW)).send(data(1, HALF_WINDOW));
        assertThat(peer.answers()).isEmpty();
        socket.stuck(false);
        assertThat(peer.answers()).containsExactly("WINDOW_UPDATE 1 " + HALF_WINDOW, "WINDOW_UPDATE 1 " + HALF_WINDOW);
    }

    @Test
    void socket_isNotReadWhileTheStreamTakesNothing() {
        join();
        peer.send(windowUpdate(0, 1 << 20));
        applicationSends(60_000);
        assertThat(socket.config().isAutoRead()).isTrue();
        applicationSends(60_000);
        assertThat(socket.config().isAutoRead()).isFalse();
        peer.send(windowUpdate(1, 100_000));
        assertThat(socket.config().isAutoRead()).isTrue();
        assertThat(peer.body(1)).hasSize(120_000);
    }

    @Test
    void join_streamThatCannotSendYet_readsLater() {
        peer.send(Http2Peer.settings(Http2Peer.INITIAL_WINDOW_SIZE, 0)).ignoreAnswers();
        StreamRelay.join(socket, stream, observer, false, 0);
        assertThat(socket.config().isAutoRead()).isFalse();
        peer.send(windowUpdate(1, 10));
        assertThat(socket.config().isAutoRead()).isTrue();
    }

    // ---- both ends ------------------------------------------------------------------------------------------------

    @Test
    void socketEnds_endsTheStreamsDirectionOnly() {
        join();
        applicationSends(3);
        socket.endInput();
        assertThat(peer.answers()).containsExactly("DATA 1 3", "DATA 1 0 END");
        peer.send(data(1, 4));
        assertThat(applicationGot()).isEqualTo(4);
        assertThat(socket.isOpen()).isTrue();
    }

    @Test
    void peerEnds_shutsTheSocketsOutputOnly() {
        join();
        peer.send(dataEnd(1, 4));
        assertThat(applicationGot()).isEqualTo(4);
        assertThat(socket.isOutputShutdown()).isTrue();
        applicationSends(5);
        assertThat(peer.answers()).containsExactly("DATA 1 5");
        assertThat(socket.isOpen()).isTrue();
    }

    @Test
    void peerEnds_withBytesTheSocketHasNotTaken_shutsOutputAfterThem() {
        join();
        socket.stuck(true);
        peer.send(dataEnd(1, 4));
        assertThat(socket.isOutputShutdown()).isFalse();
        socket.stuck(false);
        assertThat(socket.isOutputShutdown()).isTrue();
        assertThat(applicationGot()).isEqualTo(4);
    }

    @Test
    void bothEnd_closesTheSocketWithoutAReset() {
        join();
        peer.send(dataEnd(1, 4));
        socket.endInput();
        assertThat(peer.answers()).containsExactly("DATA 1 0 END");
        assertThat(socket.isOpen()).isFalse();
        assertThat(observer.events).containsExactly("received 4", "closed");
    }

    @Test
    void bothEnd_theOtherWayRound_isTheSame() {
        join();
        socket.endInput();
        peer.send(dataEnd(1, 4));
        assertThat(peer.answers()).containsExactly("DATA 1 0 END");
        assertThat(socket.isOpen()).isFalse();
        assertThat(observer.events).containsExactly("received 4", "closed");
    }

    @Test
    void bothEnd_withBytesTheSocketHasNotTaken_closesAfterThem() {
        join();
        socket.stuck(true);
        socket.endInput();
        peer.send(dataEnd(1, 4));
        assertThat(socket.isOpen()).isTrue();
        socket.stuck(false);
        assertThat(applicationGot()).isEqualTo(4);
        assertThat(socket.isOpen()).isFalse();
    }

    // ---- resets ---------------------------------------------------------------------------------------------------

    /** ztunnel: a TCP reset becomes END_STREAM; the stream is dropped with CANCEL because the peer has not ended. */
    @Test
    void socketReset_isAnEndAndNoError() {
        join();
        socket.pipeline().fireExceptionCaught(new IOException("Connection reset by peer"));
        socket.runPendingTasks();
        assertThat(socket.isOpen()).isFalse();
        assertThat(peer.answers()).containsExactly("DATA 1 0 END", "RST_STREAM 1 CANCEL");
        assertThat(observer.events).containsExactly("closed");
    }

    @Test
    void socketReset_afterThePeersEnd_isACleanEnd() {
        join();
        peer.send(dataEnd(1, 1));
        socket.pipeline().fireExceptionCaught(new IOException("Connection reset by peer"));
        socket.runPendingTasks();
        assertThat(peer.answers()).containsExactly("DATA 1 0 END");
        assertThat(observer.events).endsWith("closed");
    }

    @ParameterizedTest
    @EnumSource(
            value = Http2Error.class,
            names = {"NO_ERROR", "CANCEL"})
    void peerResets_orderly_isAnEnd(Http2Error code) {
        join();
        peer.send(data(1, 4), reset(1, code));
        assertThat(applicationGot()).as("what came before").isEqualTo(4);
        assertThat(socket.isOpen()).isFalse();
        assertThat(observer.events).containsExactly("received 4", "closed");
    }

    @ParameterizedTest
    @EnumSource(
            value = Http2Error.class,
            names = {"STREAM_CLOSED", "INTERNAL_ERROR", "PROTOCOL_ERROR"})
    void peerResets_otherwise_isAnError(Http2Error code) {
        join();
        peer.send(data(1, 4), reset(1, code));
        assertThat(applicationGot()).isEqualTo(4);
        assertThat(socket.isOpen()).isFalse();
        assertThat(observer.events).containsExactly("received 4", "closed STREAM_RESET");
    }

    @Test
    void peerResets_withBytesTheSocketHasNotTaken_closesAfterThem() {
        join();
        socket.stuck(true);
        peer.send(data(1, 4), reset(1, Http2Error.NO_ERROR));
        assertThat(socket.isOpen()).isTrue();
        socket.stuck(false);
        assertThat(applicationGot()).isEqualTo(4);
        assertThat(socket.isOpen()).isFalse();
    }

    @Test
    void tunnelFails_closesTheSocketAndReportsWhy() {
        join();
        peer.channel().close();
        socket.runPendingTasks();
        assertThat(socket.isOpen()).isFalse();
        assertThat(observer.events).containsExactly("closed TUNNEL_CLOSED");
    }

    @Test
    void abort_resetsTheStreamAndClosesTheSocket() {
        StreamRelay relay = join();
        relay.abort(new TunnelException(TunnelError.POLICY_DENIED, "test"));
        socket.runPendingTasks();
        assertThat(peer.answers()).containsExactly("RST_STREAM 1 CANCEL");
        assertThat(socket.isOpen()).isFalse();
        assertThat(observer.events).containsExactly("closed POLICY_DENIED");
        relay.abort(new TunnelException(TunnelError.DRAINED, "again"));
        assertThat(observer.events).hasSize(1);
    }

    @Test
    void join_socketThatIsGone_endsTheStream() {
        socket.close();
        StreamRelay.join(socket, stream, observer, false, 0);
        assertThat(peer.answers()).containsExactly("DATA 1 0 END", "RST_STREAM 1 CANCEL");
        assertThat(observer.events).containsExactly("closed");
    }

    // ---- idle -----------------------------------------------------------------------------------------------------

    private void pass(Duration time) {
        socket.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
        socket.runPendingTasks();
    }

    @Test
    void idle_tooLong_endsTheConnection() {
        join();
        pass(IDLE.dividedBy(2));
        peer.send(data(1, 1));
        pass(IDLE.dividedBy(2));
        assertThat(socket.isOpen()).as("something moved").isTrue();
        pass(IDLE.dividedBy(2));
        assertThat(socket.isOpen()).isFalse();
        assertThat(peer.answers()).contains("RST_STREAM 1 CANCEL");
        assertThat(observer.events).endsWith("closed IDLE_TIMEOUT");
    }

    @Test
    void idle_movementInEitherDirection_counts() {
        join();
        for (int i = 0; i < 10; i++) {
            pass(IDLE.dividedBy(2));
            applicationSends(1);
        }
        assertThat(socket.isOpen()).isTrue();
    }
}
