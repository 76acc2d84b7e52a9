package io.hbone.netty.pool;

import static io.hbone.netty.testing.Http2Peer.data;
import static io.hbone.netty.testing.Http2Peer.goAway;
import static io.hbone.netty.testing.Http2Peer.headers;
import static io.hbone.netty.testing.Http2Peer.ok;
import static io.hbone.netty.testing.Http2Peer.reset;
import static io.hbone.netty.testing.Http2Peer.settings;
import static io.hbone.netty.testing.Http2Peer.settingsAck;
import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.Authority;
import io.hbone.core.Baggage;
import io.hbone.core.ConnectRequest;
import io.hbone.core.HboneSettings;
import io.hbone.core.TraceParent;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.h2.StreamListener;
import io.hbone.netty.h2.Tunnel;
import io.hbone.netty.h2.TunnelStream;
import io.hbone.netty.h2.WindowBudget;
import io.hbone.netty.testing.Http2Peer;
import io.hbone.netty.testing.StreamRecorder;
import io.hbone.netty.testing.TunnelRecorder;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.Http2Error;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StreamOpeningTest {

    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final ConnectRequest REQUEST =
            ConnectRequest.to(Authority.of("10.0.0.1", 80), new TraceParent(1, 2, 3, 0));

    private final List<Http2Peer> peers = new ArrayList<>();
    private final ArrayDeque<TunnelWaiter> waiting = new ArrayDeque<>();
    private final Requester requester = new Requester();
    private final EventLoop loop = new EmbeddedChannel().eventLoop();
    private final StreamOpening opening =
            new StreamOpening(new Waiting(), loop, "the peer", REQUEST, requester, TIMEOUT);

    private final class Waiting implements StreamOpening.Tunnels {
        @Override
        public void acquire(TunnelWaiter waiter) {
            waiting.add(waiter);
        }

        @Override
        public void forget(TunnelWaiter waiter) {
            assertThat(waiting.remove(waiter)).isTrue();
        }
    }

    @AfterEach
    void releaseEverything() {
        peers.forEach(Http2Peer::close);
    }

    private static final class Requester implements StreamRequester {
        final StreamRecorder recorder = new StreamRecorder();
        TunnelStream stream;
        Baggage destination;
        TunnelException failure;

        @Override
        public StreamListener established(TunnelStream established, Baggage baggage) {
            assertThat(stream).isNull();
            assertThat(failure).isNull();
            stream = established;
            destination = baggage;
            return recorder;
        }

        @Override
        public void failed(TunnelException why) {
            assertThat(stream).isNull();
            assertThat(failure).as("told once").isNull();
            failure = why;
        }
    }

    /** Gives who waits a tunnel to a peer. */
    private Http2Peer serve() {
        Tunnel tunnel = Tunnel.client(HboneSettings.DEFAULT, new WindowBudget(0), new TunnelRecorder());
        Http2Peer peer = Http2Peer.ofClient(tunnel);
        peers.add(peer);
        peer.send(settings(), settingsAck()).ignoreAnswers();
        waiting.remove().ready(tunnel);
        return peer;
    }

    @Test
    void answer200_givesTheStreamAndWhatThePeerSaysOfItself() {
        opening.start();
        Http2Peer peer = serve();
        assertThat(peer.answers()).singleElement().asString().contains(":method=CONNECT :authority=10.0.0.1:80");
        peer.send(headers(1, false, ":status", "200", "baggage", "k8s.pod.name=b"), data(1, 3));
        assertThat(requester.destination.header()).contains("k8s.pod.name=b");
        assertThat(requester.recorder.events())
                .as("data goes to the new listener")
                .contains("data 3");
        peer.pass(Duration.ofSeconds(10)).send(Http2Peer.pingAck(1)).pass(TIMEOUT);
        assertThat(requester.stream.isClosed())
                .as("the deadline was for the answer")
                .isFalse();
    }

    @Test
    void answerOtherThan200_failsWithTheStatusAndFreesThePlace() {
        opening.start();
        Http2Peer peer = serve().ignoreAnswers();
        peer.send(headers(1, true, ":status", "503"));
        assertThat(requester.failure.error()).isEqualTo(TunnelError.CONNECT_REJECTED);
        assertThat(requester.failure.status()).isEqualTo(503);
        assertThat(requester.failure).hasMessageContaining("10.0.0.1:80").hasMessageContaining("the peer");
        assertThat(peer.answers()).containsExactly("RST_STREAM 1 CANCEL");
    }

    @Test
    void answerWithoutStatus_fails() {
        opening.start();
        serve().send(headers(1, false, "x", "y"));
        assertThat(requester.failure.error()).isEqualTo(TunnelError.CONNECT_REJECTED);
    }

    @Test
    void noAnswer_failsAfterTheDeadlineAndResets() {
        opening.start();
        Http2Peer peer = serve().ignoreAnswers();
        peer.pass(Duration.ofSeconds(10))
                .send(Http2Peer.pingAck(1))
                .pass(Duration.ofSeconds(10))
                .send(Http2Peer.pingAck(2));
        peer.pass(Duration.ofSeconds(9)).ignoreAnswers();
        assertThat(requester.failure).isNull();
        peer.pass(Duration.ofSeconds(1));
        assertThat(requester.failure.error()).isEqualTo(TunnelError.REQUEST_TIMEOUT);
        assertThat(peer.answers()).contains("RST_STREAM 1 CANCEL");
        peer.send(ok(1));
        assertThat(requester.stream).as("too late").isNull();
    }

    @Test
    void refused_isAskedForAgainElsewhere() {
        opening.start();
        serve().send(reset(1, Http2Error.REFUSED_STREAM));
        assertThat(requester.failure).isNull();
        serve().send(ok(1));
        assertThat(requester.stream).isNotNull();
    }

    @Test
    void goAwayThatCutsIt_isAskedForAgainElsewhere() {
        opening.start();
        serve().send(goAway(0, Http2Error.NO_ERROR));
        serve().send(ok(1));
        assertThat(requester.stream).isNotNull();
    }

    @Test
    void refusedAgainAndAgain_failsInTheEnd() {
        opening.start();
        for (int attempt = 1; attempt <= 3; attempt++) {
            assertThat(requester.failure).isNull();
            serve().send(reset(1, Http2Error.REFUSED_STREAM));
        }
        assertThat(requester.failure.error()).isEqualTo(TunnelError.STREAM_REFUSED);
        assertThat(waiting).isEmpty();
    }

    @Test
    void reset_byThePeer_failsWithoutAnotherTry() {
        opening.start();
        serve().send(reset(1, Http2Error.INTERNAL_ERROR));
        assertThat(requester.failure.error()).isEqualTo(TunnelError.STREAM_RESET);
        assertThat(waiting).isEmpty();
    }

    /** An orderly reset is an end as any other once connected; before the answer it is a failure. */
    @Test
    void reset_orderlyBeforeTheAnswer_fails() {
        opening.start();
        serve().send(reset(1, Http2Error.NO_ERROR));
        assertThat(requester.failure.error()).isEqualTo(TunnelError.STREAM_RESET);
    }

    @Test
    void tunnelLost_failsWithoutAnotherTry() {
        opening.start();
        serve().channel().close();
        assertThat(requester.failure.error()).isEqualTo(TunnelError.TUNNEL_CLOSED);
        assertThat(waiting).isEmpty();
    }

    /** GAP: an application that has gone kept its stream, and a place in the tunnel, until the answer or the deadline. */
    @Test
    void cancelled_beforeTheAnswer_resetsAtOnceAndTellsNobody() {
        opening.start();
        Http2Peer peer = serve().ignoreAnswers();
        opening.cancel();
        assertThat(peer.answers()).containsExactly("RST_STREAM 1 CANCEL");
        opening.cancel();
        peer.send(ok(1)).pass(TIMEOUT);
        assertThat(requester.stream).isNull();
        assertThat(requester.failure).isNull();
    }

    @Test
    void cancelled_whileItWaitsForATunnel_leavesTheQueue() {
        opening.start();
        opening.cancel();
        assertThat(waiting).isEmpty();
        assertThat(requester.failure).isNull();
    }

    @Test
    void cancelled_beforeItStarted_asksForNothing() {
        StreamOpening early = new StreamOpening(waiting::add, loop, "the peer", REQUEST, requester, TIMEOUT);
        early.cancel();
        early.start();
        assertThat(waiting).isEmpty();
    }

    @Test
    void cancelled_whenRefusedAndWaitingAgain_leavesTheQueue() {
        opening.start();
        serve().send(reset(1, Http2Error.REFUSED_STREAM));
        opening.cancel();
        assertThat(waiting).isEmpty();
        assertThat(requester.failure).isNull();
    }

    @Test
    void cancelled_whenTheStreamIsThere_leavesItAlone() {
        opening.start();
        Http2Peer peer = serve().ignoreAnswers();
        peer.send(ok(1));
        opening.cancel();
        assertThat(peer.answers()).isEmpty();
        assertThat(requester.stream.isClosed()).isFalse();
    }

    @Test
    void noTunnelToBeHad_fails() {
        opening.start();
        waiting.remove().failed(new TunnelException(TunnelError.TUNNEL_CONNECT_TIMEOUT, "test"));
        assertThat(requester.failure.error()).isEqualTo(TunnelError.TUNNEL_CONNECT_TIMEOUT);
    }
}
