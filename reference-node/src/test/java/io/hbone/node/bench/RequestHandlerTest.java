package io.hbone.node.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** By a clock that stands still unless it is told to go on. */
class RequestHandlerTest {
    private static final int SIZE = 10;
    private static final int SERVER_MICROS = 200;

    private final MockTicker clock = Ticker.newMockTicker();
    private final Ledger ledger = new Ledger();
    private final RequestHandler handler = new RequestHandler(SIZE, ledger);
    private final EmbeddedChannel channel =
            EmbeddedChannel.builder().handlers(handler).ticker(clock).build();

    @AfterEach
    void close() {
        channel.close();
        channel.releaseOutbound();
    }

    private void pass(long micros) {
        clock.advance(micros, TimeUnit.MICROSECONDS);
        channel.runScheduledPendingTasks();
    }

    /** What has been sent since it was last asked. */
    private int sent() {
        int bytes = 0;
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            bytes += out.readableBytes();
            out.release();
        }
        return bytes;
    }

    private void answer() {
        channel.writeInbound(Unpooled.buffer(SIZE).writeZero(SIZE));
    }

    private Window window(int warmUpMillis, int millis) {
        return Window.at(clock.nanoTime(), Duration.ofMillis(warmUpMillis), Duration.ofMillis(millis));
    }

    /** A server that takes 200 us for each request, until all is over; from {@code from} to {@code to} it does nothing. */
    private void serve(long fromMicros, long toMicros) {
        long began = clock.nanoTime();
        for (int guard = 0; !handler.over().isDone() && guard < 1_000_000; guard++) {
            if (sent() > 0) {
                pass(SERVER_MICROS);
                long at = (clock.nanoTime() - began) / 1000;
                if (at >= fromMicros && at < toMicros) {
                    pass(toMicros - at);
                }
                answer();
            } else {
                pass(50);
            }
        }
    }

    @Test
    void atAFixedRate_eachIsSentWhenItIsDue() {
        Window window = window(0, 10);
        handler.start(window, Pace.of(window, 1000, 0, 1));

        assertThat(sent()).isEqualTo(SIZE);
        answer();
        pass(999);
        assertThat(sent()).isZero();
        pass(1);
        assertThat(sent()).isEqualTo(SIZE);
    }

    @Test
    void atAFixedRate_aSteadyServer_showsItsOwnDelay() {
        Window window = window(100, 1000);
        handler.start(window, Pace.of(window, 1000, 0, 1));

        serve(0, 0);

        assertThat(ledger.latencies.count()).isEqualTo(1000);
        assertThat(ledger.latencies.micros(50)).isCloseTo(SERVER_MICROS, within(1.0));
        assertThat(ledger.latencies.maxMicros()).isCloseTo(SERVER_MICROS, within(51.0));
        assertThat(ledger.unanswered).isZero();
    }

    @Test
    void atAFixedRate_aServerThatStallsForASecond_showsItInTheNinetyNinthPercentile() {
        Window window = window(0, 10_000);
        handler.start(window, Pace.of(window, 1000, 0, 1));

        serve(5_000_000, 6_000_000);

        // A tenth of all were due while it stalled or was behind, though only one of them could be sent.
        assertThat(ledger.latencies.count()).isEqualTo(10_000);
        assertThat(ledger.latencies.micros(99)).isBetween(800_000.0, 1_000_500.0);
        assertThat(ledger.latencies.micros(50)).isCloseTo(SERVER_MICROS, within(51.0));
    }

    @Test
    void asFastAsItGoes_theSameStall_isOneSlowRequest() {
        Window window = window(0, 10_000);
        handler.start(window, null);

        serve(5_000_000, 6_000_000);

        // Why latency is measured at a fixed rate.
        assertThat(ledger.latencies.micros(99)).isCloseTo(SERVER_MICROS, within(51.0));
        assertThat(ledger.latencies.maxMicros()).isGreaterThan(999_000);
    }

    @Test
    void whatIsDueDuringWarmUp_isNotCounted() {
        Window window = window(500, 500);
        handler.start(window, Pace.of(window, 1000, 0, 1));

        serve(0, 0);

        assertThat(ledger.latencies.count()).isEqualTo(500);
        assertThat(ledger.done()).isEqualTo(1000);
    }

    @Test
    void answerInPieces_isAnAnswerWhenAllIsThere() {
        Window window = window(0, 10);
        handler.start(window, Pace.of(window, 1000, 0, 1));

        channel.writeInbound(Unpooled.buffer().writeZero(SIZE - 1));
        assertThat(ledger.done()).isZero();
        pass(300);
        channel.writeInbound(Unpooled.buffer().writeZero(1));

        assertThat(ledger.done()).isOne();
        assertThat(ledger.latencies.maxMicros()).isCloseTo(300, within(1.0));
    }

    @Test
    void serverThatNeverAnswers_leavesAllThatWasDueUnanswered_withTheTimeThatTheyWaited() {
        Window window = window(0, 1000);
        handler.start(window, Pace.of(window, 1000, 0, 1));
        pass(2_000_000);

        handler.giveUp();

        assertThat(ledger.unanswered).isEqualTo(1000);
        assertThat(ledger.latencies.count()).isEqualTo(1000);
        assertThat(ledger.latencies.maxMicros()).isCloseTo(2_000_000, within(2_000.0));
        assertThat(ledger.latencies.micros(0)).isCloseTo(1_001_000, within(2_000.0));
        assertThat(handler.over()).isDone();
    }

    @Test
    void lostConnection_isAnError_andWhatItOwedIsUnanswered() {
        Window window = window(0, 1000);
        handler.start(window, Pace.of(window, 1000, 0, 1));
        for (int i = 0; i < 500; i++) {
            answer();
            pass(1000);
        }

        channel.pipeline().fireExceptionCaught(new IOException("Connection reset by peer"));

        assertThat(ledger.errors).hasSize(1).containsValue(1L);
        assertThat(ledger.errors.keySet()).first().asString().startsWith("reset");
        assertThat(ledger.unanswered).isEqualTo(500);
        assertThat(handler.over()).isDone();
    }

    @Test
    void connectionThatIsLostBeforeTheStart_isAnError() {
        channel.close();
        Window window = window(0, 1000);
        handler.start(window, Pace.of(window, 100, 0, 1));

        assertThat(ledger.errors).containsKey(Failures.CLOSED);
        assertThat(ledger.unanswered).isEqualTo(100);
        assertThat(handler.over()).isDone();
    }

    @Test
    void generatorThatIsLate_saysSo() {
        Window window = window(0, 10);
        handler.start(window, Pace.of(window, 1000, 0, 1));
        answer();

        pass(1700); // it was to wake up after 1000

        assertThat(ledger.lateness.maxMicros()).isCloseTo(700, within(1.0));
        pass(100);
        answer();
        assertThat(ledger.latencies.maxMicros()).isCloseTo(800, within(1.0));
    }

    @Test
    void connectionsOfOneRate_takeTurns() {
        Window window = new Window(0, 0, Duration.ofSeconds(1).toNanos());

        Pace first = Pace.of(window, 1000, 0, 4);
        Pace third = Pace.of(window, 1000, 2, 4);

        assertThat(first.first()).isZero();
        assertThat(third.first()).isEqualTo(2_000_000);
        assertThat(third.interval()).isEqualTo(4_000_000);
        assertThat(first.counted(0, new Window(0, 5_000_000, 9))).isEqualTo(8_000_000);
    }
}
