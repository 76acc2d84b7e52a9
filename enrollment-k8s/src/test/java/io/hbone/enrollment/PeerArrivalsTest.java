package io.hbone.enrollment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class PeerArrivalsTest {
    private static final Duration DEADLINE = Duration.ofSeconds(5);

    private final ManualTime time = new ManualTime();
    private final FakePeers peers = new FakePeers();
    private final PeerArrivals arrivals = new PeerArrivals(new AgentLoop(time, time), peers, DEADLINE, new Random(1));
    private final List<String> arrived = new ArrayList<>();

    private void awaitPeer(String uid, String address) throws Exception {
        arrivals.await(uid, InetAddress.getByName(address), () -> arrived.add(uid));
    }

    @Test
    void peer_isThere_whenSomebodyListens() throws Exception {
        awaitPeer("a", "10.0.0.1");
        time.advance(Duration.ofSeconds(1));
        assertThat(arrived).isEmpty();
        assertThat(arrivals.awaited()).isEqualTo(1);
        assertThat(peers.tried).hasSizeBetween(5, 25).containsOnly("10.0.0.1:15008");

        peers.listening.add("10.0.0.1");
        time.advance(Duration.ofMillis(100));
        assertThat(arrived).containsExactly("a");
        assertThat(arrivals.awaited()).isZero();
        time.advance(DEADLINE);
        assertThat(arrived).containsExactly("a");
        assertThat(arrivals.unreached()).isEmpty();
    }

    @Test
    void peerThatNeverListens_isBelievedAfterATime_andIsNamedUntilItDoes() throws Exception {
        awaitPeer("a", "10.0.0.1");
        time.advance(DEADLINE);
        assertThat(arrived).containsExactly("a");
        assertThat(arrivals.awaited()).isZero();
        assertThat(arrivals.unreached()).containsExactly("a");

        peers.listening.add("10.0.0.1");
        time.advance(Duration.ofSeconds(11));
        assertThat(arrivals.unreached()).isEmpty();
        assertThat(arrived).containsExactly("a");
    }

    @Test
    void dismissedPeer_isNotTriedAnyMore() throws Exception {
        awaitPeer("a", "10.0.0.1");
        time.settle();
        arrivals.dismiss("a");
        peers.listening.add("10.0.0.1");
        peers.tried.clear();
        time.advance(DEADLINE.multipliedBy(2));
        assertThat(arrived).isEmpty();
        assertThat(peers.tried).isEmpty();
        assertThat(arrivals.unreached()).isEmpty();
    }

    @Test
    void peerThatMoved_isAwaitedWhereItIs() throws Exception {
        awaitPeer("a", "10.0.0.1");
        time.settle();
        awaitPeer("a", "10.0.0.2");
        peers.listening.add("10.0.0.1");
        time.advance(Duration.ofSeconds(1));
        assertThat(arrived).isEmpty();
        peers.listening.add("10.0.0.2");
        time.advance(Duration.ofSeconds(1));
        assertThat(arrived).containsExactly("a");
    }

    @Test
    void manyPeers_areTriedAFewAtATime() throws Exception {
        peers.pending = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            awaitPeer("p" + i, "10.0." + i / 250 + '.' + i % 250);
        }
        time.settle();
        assertThat(peers.tried).hasSize(64);
        for (CompletableFuture<Boolean> answer : List.copyOf(peers.pending)) {
            answer.complete(true);
        }
        time.settle();
        assertThat(arrived).hasSize(64);
        assertThat(peers.tried).hasSize(128);
    }

    @Test
    void connector_knowsWhoListens() throws Exception {
        try (TcpConnector connector = new TcpConnector();
                ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            InetSocketAddress there = (InetSocketAddress) server.getLocalSocketAddress();
            CompletableFuture<Boolean> yes = connector.connect(there, DEADLINE).toCompletableFuture();
            await().until(yes::isDone);
            assertThat(yes).isCompletedWithValue(true);
            assertThat(server.accept().getInputStream().read())
                    .as("nothing is sent")
                    .isEqualTo(-1);
            server.close();
            CompletableFuture<Boolean> no = connector.connect(there, DEADLINE).toCompletableFuture();
            await().until(no::isDone);
            assertThat(no).isCompletedWithValue(false);
        }
    }
}
