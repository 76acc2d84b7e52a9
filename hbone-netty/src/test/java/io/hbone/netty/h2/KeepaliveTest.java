package io.hbone.netty.h2;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class KeepaliveTest {

    private static final long MS = 1_000_000;

    private final EmbeddedChannel channel = new EmbeddedChannel(new ChannelInboundHandlerAdapter());
    private final List<String> events = new ArrayList<>();
    private Keepalive keepalive;

    @BeforeEach
    void start() {
        channel.freezeTime();
        keepalive = new Keepalive(
                channel.pipeline().firstContext(),
                100 * MS,
                30 * MS,
                payload -> events.add("ping " + payload),
                () -> events.add("dead"));
        keepalive.start();
    }

    @AfterEach
    void finish() {
        channel.finishAndReleaseAll();
    }

    private List<String> after(long millis) {
        channel.advanceTimeBy(millis, TimeUnit.MILLISECONDS);
        channel.runPendingTasks();
        List<String> result = List.copyOf(events);
        events.clear();
        return result;
    }

    @Test
    void ping_comesAfterTheInterval() {
        assertThat(after(99)).isEmpty();
        assertThat(after(1)).containsExactly("ping 1");
    }

    @Test
    void answer_startsTheIntervalAnew() {
        after(100);
        after(29);
        keepalive.answered(1);
        assertThat(after(99)).isEmpty();
        assertThat(after(1)).containsExactly("ping 2");
    }

    @Test
    void noAnswer_isDeathAfterTheTimeout() {
        after(100);
        assertThat(after(29)).isEmpty();
        assertThat(after(1)).containsExactly("dead");
        assertThat(after(1000)).as("told once").isEmpty();
    }

    @Test
    void answer_toAnotherPing_isIgnored() {
        after(100);
        keepalive.answered(2);
        keepalive.answered(0);
        assertThat(after(30)).containsExactly("dead");
    }

    @Test
    void answer_thatNobodyAskedFor_isIgnored() {
        keepalive.answered(0);
        keepalive.answered(1);
        assertThat(after(100)).containsExactly("ping 1");
    }

    @Test
    void answer_twice_countsOnce() {
        after(100);
        keepalive.answered(1);
        after(50);
        keepalive.answered(1);
        assertThat(after(50)).containsExactly("ping 2");
    }

    @Test
    void stop_endsItInEitherPhase() {
        keepalive.stop();
        assertThat(after(1000)).isEmpty();
        keepalive.start();
        after(100);
        keepalive.stop();
        assertThat(after(1000)).isEmpty();
        keepalive.stop();
    }

    @Test
    void roundTrip_isTheShortestMeasured() {
        assertThat(keepalive.roundTrip()).as("before anything is known").isEqualTo(MS);
        after(100);
        after(20);
        keepalive.answered(1);
        assertThat(keepalive.roundTrip()).isEqualTo(20 * MS);
        after(100);
        after(5);
        keepalive.answered(2);
        assertThat(keepalive.roundTrip()).isEqualTo(5 * MS);
        after(100);
        after(25);
        keepalive.answered(3);
        assertThat(keepalive.roundTrip()).isEqualTo(5 * MS);
        keepalive.measured(3 * MS);
        assertThat(keepalive.roundTrip()).isEqualTo(3 * MS);
    }

    @Test
    void roundTrip_belowWhatSchedulingCosts_isTakenForThat() {
        keepalive.measured(10);
        assertThat(keepalive.roundTrip()).isEqualTo(MS);
    }
}
