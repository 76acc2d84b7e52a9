package io.hbone.netty.pool;

import static io.hbone.netty.testing.Http2Peer.MAX_CONCURRENT_STREAMS;
import static io.hbone.netty.testing.Http2Peer.dataEnd;
import static io.hbone.netty.testing.Http2Peer.goAway;
import static io.hbone.netty.testing.Http2Peer.ok;
import static io.hbone.netty.testing.Http2Peer.settings;
import static io.hbone.netty.testing.Http2Peer.windowUpdate;
import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.Authority;
import io.hbone.core.ConnectRequest;
import io.hbone.core.HboneSettings;
import io.hbone.core.TraceParent;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.netty.h2.ConnectHeaders;
import io.hbone.netty.h2.Tunnel;
import io.hbone.netty.h2.TunnelStream;
import io.hbone.netty.testing.Http2Peer;
import io.hbone.netty.testing.StreamRecorder;
import io.hbone.netty.testing.TestPki;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.Http2Error;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PeerTunnelsTest {

    private static final TestPki PKI = TestPki.ca("cluster.local");
    private static final WorkloadCertificate CERTIFICATE = PKI.workload("default", "client");
    private static final WorkloadCertificate ROTATED = PKI.workload("default", "client");
    private static final Duration IDLE = Duration.ofMinutes(5);
    private static final int STREAMS = 3;

    private final HboneSettings settings =
            HboneSettings.builder().maxStreamsPerTunnel(STREAMS).build();
    private final EmbeddedChannel clock = new EmbeddedChannel();
    private final FakeDialer dialer = new FakeDialer(settings);
    private int empty;
    private final PeerTunnels tunnels = new PeerTunnels(
            new Peer(new InetSocketAddress("127.0.0.1", 15008), Set.of(PKI.id("default", "server"))),
            clock.eventLoop(),
            dialer,
            IDLE.toNanos(),
            STREAMS,
            () -> empty++);

    @BeforeEach
    void stopTime() {
        clock.freezeTime();
    }

    @AfterEach
    void releaseEverything() {
        dialer.close();
        clock.finishAndReleaseAll();
    }

    private void pass(Duration time) {
        clock.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
        clock.runPendingTasks();
    }

    /** Opens a stream in the tunnel that it gets, unless it has lost interest. */
    private static final class Waiter implements TunnelWaiter {
        private final boolean wanted;
        Tunnel tunnel;
        TunnelStream stream;
        TunnelException failure;

        Waiter(boolean wanted) {
            this.wanted = wanted;
        }

        @Override
        public void ready(Tunnel ready) {
            assertThat(tunnel).as("served once").isNull();
            assertThat(ready.hasRoom()).isTrue();
            tunnel = ready;
            if (wanted) {
                stream = ready.open(
                        ConnectHeaders.request(
                                ConnectRequest.to(Authority.of("10.0.0.1", 80), new TraceParent(1, 2, 3, 0))),
                        new StreamRecorder());
            }
        }

        @Override
        public void failed(TunnelException why) {
            assertThat(failure).as("told once").isNull();
            failure = why;
        }
    }

    private Waiter acquire() {
        return acquire(CERTIFICATE);
    }

    private Waiter acquire(WorkloadCertificate newest) {
        Waiter waiter = new Waiter(true);
        tunnels.acquire(waiter, newest);
        return waiter;
    }

    private List<Waiter> acquire(int count) {
        List<Waiter> waiters = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            waiters.add(acquire());
        }
        return waiters;
    }

    private static void end(FakeDialer.Line line, TunnelStream stream) {
        line.peer().send(ok(stream.id()), dataEnd(stream.id(), 0));
        stream.end();
        line.peer().ignoreAnswers();
    }

    // ---- sharing --------------------------------------------------------------------------------------------------

    @Test
    void acquire_firstStreams_shareOneDial() {
        List<Waiter> waiters = acquire(STREAMS);
        assertThat(dialer.pending()).isEqualTo(1);
        assertThat(waiters).allMatch(waiter -> waiter.tunnel == null);
        Tunnel tunnel = dialer.succeed(CERTIFICATE).tunnel();
        assertThat(waiters).allMatch(waiter -> waiter.tunnel == tunnel);
        assertThat(tunnel.activeStreams()).isEqualTo(STREAMS);
    }

    @Test
    void acquire_moreThanOneTunnelHolds_dialsAsManyAsAreNeeded() {
        List<Waiter> waiters = acquire(2 * STREAMS + 1);
        assertThat(dialer.pending()).isEqualTo(3);
        dialer.succeed(CERTIFICATE);
        dialer.succeed(CERTIFICATE);
        assertThat(waiters.subList(0, 2 * STREAMS)).allMatch(waiter -> waiter.tunnel != null);
        assertThat(waiters.get(2 * STREAMS).tunnel).isNull();
        dialer.succeed(CERTIFICATE);
        assertThat(waiters.get(2 * STREAMS).tunnel).isNotNull();
    }

    @Test
    void forget_waiter_isNeitherServedNorTold_andItsTunnelServesTheNext() {
        Waiter first = acquire();
        tunnels.forget(first);
        tunnels.forget(first);
        Tunnel tunnel = dialer.succeed(CERTIFICATE).tunnel();
        assertThat(first.tunnel).isNull();
        assertThat(first.failure).isNull();
        assertThat(acquire().tunnel).isSameAs(tunnel);
        assertThat(dialer.pending()).isZero();
    }

    @Test
    void forget_waiterWhoseDialFails_isNotTold() {
        Waiter first = acquire();
        tunnels.forget(first);
        dialer.fail();
        assertThat(first.failure).isNull();
    }

    @Test
    void acquire_tunnelWithRoom_isUsedAtOnce() {
        Waiter first = acquire();
        dialer.succeed(CERTIFICATE);
        assertThat(acquire().tunnel).isSameAs(first.tunnel);
        assertThat(dialer.pending()).isZero();
    }

    /** ztunnel DEFECT (spec/ztunnel.md 3.1): a connection that was full once never serves again there. */
    @Test
    void tunnel_thatWasFull_isUsedAgainWhenAStreamEnds() {
        List<Waiter> waiters = acquire(STREAMS);
        FakeDialer.Line line = dialer.succeed(CERTIFICATE);
        end(line, waiters.get(1).stream);
        assertThat(acquire().tunnel).isSameAs(line.tunnel());
        assertThat(dialer.pending()).isZero();
    }

    @Test
    void tunnel_thatGetsRoomWhileAnotherIsDialed_servesWhoWaits() {
        List<Waiter> waiters = acquire(STREAMS);
        FakeDialer.Line line = dialer.succeed(CERTIFICATE);
        Waiter late = acquire();
        assertThat(dialer.pending()).isEqualTo(1);
        end(line, waiters.get(0).stream);
        assertThat(late.tunnel).isSameAs(line.tunnel());
        Tunnel unneeded = dialer.succeed(CERTIFICATE).tunnel();
        assertThat(unneeded.activeStreams()).isZero();
        pass(IDLE);
        assertThat(unneeded.isOpen()).as("nobody used it").isFalse();
    }

    @Test
    void tunnel_ofAPeerThatAllowsFewer_holdsFewer() {
        acquire();
        dialer.succeed(CERTIFICATE, MAX_CONCURRENT_STREAMS, 1);
        Waiter second = acquire();
        assertThat(second.tunnel).isNull();
        assertThat(dialer.pending()).isEqualTo(1);
    }

    @Test
    void tunnel_peerRaisesItsLimit_servesWhoWaits() {
        acquire();
        FakeDialer.Line line = dialer.succeed(CERTIFICATE, MAX_CONCURRENT_STREAMS, 1);
        Waiter second = acquire();
        line.peer().send(settings(MAX_CONCURRENT_STREAMS, 2));
        assertThat(second.tunnel).isSameAs(line.tunnel());
    }

    @Test
    void tunnel_dialedForMoreThanThePeerAllows_othersAreDialedForTheRest() {
        List<Waiter> waiters = acquire(STREAMS);
        dialer.succeed(CERTIFICATE, MAX_CONCURRENT_STREAMS, 1);
        assertThat(waiters).filteredOn(waiter -> waiter.tunnel != null).hasSize(1);
        assertThat(dialer.pending()).isEqualTo(1);
        dialer.succeed(CERTIFICATE, MAX_CONCURRENT_STREAMS, 1);
        dialer.succeed(CERTIFICATE, MAX_CONCURRENT_STREAMS, 1);
        assertThat(waiters).allMatch(waiter -> waiter.tunnel != null);
        assertThat(dialer.pending()).isZero();
    }

    /** Design: as a sender to a peer with a stuck connection window, new streams go to another tunnel. */
    @Test
    void tunnel_withAnExhaustedConnectionWindow_getsNoNewStreams() {
        Waiter first = acquire();
        FakeDialer.Line line = dialer.succeed(CERTIFICATE, Http2Peer.INITIAL_WINDOW_SIZE, 1 << 20);
        first.stream.write(line.peer().channel().alloc().directBuffer().writeZero(70_000));
        Waiter second = acquire();
        assertThat(second.tunnel).isNull();
        assertThat(dialer.pending()).isEqualTo(1);
        line.peer().send(windowUpdate(0, 1 << 20));
        assertThat(second.tunnel).as("until the window opens").isSameAs(line.tunnel());
    }

    // ---- dials that fail ------------------------------------------------------------------------------------------

    /** ztunnel DEFECT (spec/ztunnel.md 3.1): who lost the race for the first dial waits for ever there when it fails. */
    @Test
    void dial_firstOneFails_losersFailWithItAndDoNotHang() {
        List<Waiter> waiters = acquire(STREAMS);
        dialer.fail();
        assertThat(waiters).allSatisfy(waiter -> assertThat(waiter.failure).hasMessage("test"));
        assertThat(empty).as("nothing left").isEqualTo(1);
    }

    @Test
    void dial_oneOfTwoFails_asManyWaitersAsTheOtherCanServeGoOnWaiting() {
        List<Waiter> waiters = acquire(STREAMS + 1);
        dialer.fail();
        assertThat(waiters).filteredOn(waiter -> waiter.failure != null).hasSize(1);
        dialer.succeed(CERTIFICATE);
        assertThat(waiters).filteredOn(waiter -> waiter.tunnel != null).hasSize(STREAMS);
    }

    @Test
    void dial_afterAFailure_isTriedAgain() {
        acquire();
        dialer.fail();
        Waiter second = acquire();
        dialer.succeed(CERTIFICATE);
        assertThat(second.tunnel).isNotNull();
    }

    @Test
    void dial_failsAtOnce_isReportedOnceToEach() {
        dialer.failAtOnce();
        assertThat(acquire(5)).allSatisfy(waiter -> assertThat(waiter.failure).isNotNull());
    }

    @Test
    void dial_failedWaiterComesBackAtOnce_waitsForANewDial() {
        List<Waiter> again = new ArrayList<>();
        TunnelWaiter persistent = new TunnelWaiter() {
            @Override
            public void ready(Tunnel tunnel) {}

            @Override
            public void failed(TunnelException why) {
                again.add(acquire());
            }
        };
        tunnels.acquire(persistent, CERTIFICATE);
        tunnels.acquire(persistent, CERTIFICATE);
        dialer.fail();
        assertThat(again).hasSize(2).allMatch(waiter -> waiter.failure == null && waiter.tunnel == null);
        assertThat(dialer.pending()).isEqualTo(1);
        dialer.succeed(CERTIFICATE);
        assertThat(again).allMatch(waiter -> waiter.tunnel != null);
    }

    // ---- tunnels that end -----------------------------------------------------------------------------------------

    @Test
    void tunnel_thatIsGone_isNeverHandedOut() {
        Waiter first = acquire();
        FakeDialer.Line line = dialer.succeed(CERTIFICATE);
        line.peer().channel().close();
        Waiter second = acquire();
        assertThat(second.tunnel).isNull();
        Tunnel replacement = dialer.succeed(CERTIFICATE).tunnel();
        assertThat(second.tunnel).isSameAs(replacement).isNotSameAs(first.tunnel);
    }

    @Test
    void tunnel_thatIsGoneWhenItsDialIsReported_isNotKept() {
        Waiter waiter = acquire();
        dialer.succeedWithADeadTunnel(CERTIFICATE);
        assertThat(waiter.tunnel).isNull();
        assertThat(waiter.failure).hasMessageContaining("as soon as it was up");
        assertThat(empty).isEqualTo(1);
    }

    @Test
    void tunnel_goingAway_isReplacedWhileItsStreamsGoOn() {
        Waiter first = acquire();
        FakeDialer.Line line = dialer.succeed(CERTIFICATE);
        line.peer().send(ok(1), goAway(Integer.MAX_VALUE, Http2Error.NO_ERROR));
        assertThat(first.stream.isClosed()).isFalse();
        Waiter second = acquire();
        Tunnel replacement = dialer.succeed(CERTIFICATE).tunnel();
        assertThat(second.tunnel).isSameAs(replacement);
        end(line, first.stream);
        assertThat(line.peer().channel().isOpen())
                .as("closes when its last stream has ended")
                .isFalse();
    }

    @Test
    void tunnel_lastOneGone_isReportedAsEmpty() {
        acquire();
        FakeDialer.Line line = dialer.succeed(CERTIFICATE);
        assertThat(empty).isZero();
        line.peer().channel().close();
        assertThat(empty).isEqualTo(1);
    }

    // ---- idle -----------------------------------------------------------------------------------------------------

    @Test
    void idleTunnel_isReleasedAfterTheTimeout() {
        Waiter waiter = acquire();
        FakeDialer.Line line = dialer.succeed(CERTIFICATE);
        end(line, waiter.stream);
        pass(IDLE.minusMillis(1));
        assertThat(line.peer().channel().isOpen()).isTrue();
        pass(Duration.ofMillis(1));
        assertThat(line.peer().channel().isOpen()).isFalse();
        assertThat(empty).isEqualTo(1);
    }

    @Test
    void idleTunnel_isNotReleasedWhileInUse() {
        acquire();
        FakeDialer.Line line = dialer.succeed(CERTIFICATE);
        pass(IDLE.multipliedBy(3));
        assertThat(line.tunnel().isOpen()).isTrue();
    }

    @Test
    void idleTimer_isCancelledByUseAndStartsAnew() {
        Waiter first = acquire();
        FakeDialer.Line line = dialer.succeed(CERTIFICATE);
        end(line, first.stream);
        pass(IDLE.minusMillis(1));
        Waiter second = acquire();
        assertThat(second.tunnel).isSameAs(line.tunnel());
        pass(IDLE);
        assertThat(line.tunnel().isOpen()).isTrue();
        end(line, second.stream);
        pass(IDLE.minusMillis(1));
        assertThat(line.tunnel().isOpen()).isTrue();
        pass(Duration.ofMillis(1));
        assertThat(line.tunnel().isOpen()).isFalse();
    }

    @Test
    void idleTimer_waiterThatLostInterest_doesNotKeepTheTunnel() {
        Waiter first = acquire();
        FakeDialer.Line line = dialer.succeed(CERTIFICATE);
        end(line, first.stream);
        tunnels.acquire(new Waiter(false), CERTIFICATE);
        pass(IDLE);
        assertThat(line.tunnel().isOpen()).isFalse();
    }

    // ---- rotation -------------------------------------------------------------------------------------------------

    /** ztunnel GAP (spec/ztunnel.md 3.1): tunnels outlive their certificate there. */
    @Test
    void rotation_retiresTunnelsOfTheOldCertificate() {
        Waiter old = acquire();
        FakeDialer.Line line = dialer.succeed(CERTIFICATE);
        Waiter next = acquire(ROTATED);
        assertThat(line.tunnel().isOpen()).isFalse();
        assertThat(old.stream.isClosed()).as("its streams go on").isFalse();
        Tunnel replacement = dialer.succeed(ROTATED).tunnel();
        assertThat(next.tunnel).isSameAs(replacement);
        assertThat(acquire(ROTATED).tunnel).isSameAs(replacement);
    }

    @Test
    void rotation_bundlesAlone_countAsARotation() {
        acquire();
        FakeDialer.Line line = dialer.succeed(CERTIFICATE);
        acquire(CERTIFICATE.withBundles(TestPki.ca("other").bundles()));
        assertThat(line.tunnel().isOpen()).isFalse();
    }

    @Test
    void rotation_idleTunnel_isClosedAtOnce() {
        Waiter old = acquire();
        FakeDialer.Line line = dialer.succeed(CERTIFICATE);
        end(line, old.stream);
        acquire(ROTATED);
        assertThat(line.peer().channel().isOpen()).isFalse();
    }

    @Test
    void rotation_noCertificateAtHand_retiresNothing() {
        acquire();
        FakeDialer.Line line = dialer.succeed(CERTIFICATE);
        assertThat(acquire(null).tunnel).isSameAs(line.tunnel());
    }

    // ---- drain ----------------------------------------------------------------------------------------------------

    @Test
    void drain_failsWaitersAndLetsStreamsEnd() {
        Waiter served = acquire();
        FakeDialer.Line line = dialer.succeed(CERTIFICATE);
        acquire(STREAMS);
        Waiter waiting = acquire();
        tunnels.drain();
        assertThat(waiting.failure).hasMessageContaining("closed");
        assertThat(served.stream.isClosed()).isFalse();
        assertThat(line.tunnel().isOpen()).isFalse();
        assertThat(acquire().failure).isNotNull();
    }

    @Test
    void drain_dialUnderWay_isClosedWhenItSucceeds() {
        acquire();
        tunnels.drain();
        FakeDialer.Line line = dialer.succeed(CERTIFICATE);
        assertThat(line.peer().channel().isOpen()).isFalse();
    }
}
