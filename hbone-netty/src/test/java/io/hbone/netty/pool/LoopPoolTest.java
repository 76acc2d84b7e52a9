package io.hbone.netty.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.hbone.core.HboneSettings;
import io.hbone.core.SpiffeId;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.netty.h2.Tunnel;
import io.hbone.netty.testing.TestPki;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LoopPoolTest {

    private static final TestPki PKI = TestPki.ca("cluster.local");
    private static final WorkloadCertificate CERTIFICATE = PKI.workload("default", "client");

    private final EmbeddedChannel clock = new EmbeddedChannel();
    private final FakeDialer dialer = new FakeDialer(HboneSettings.DEFAULT);
    private final LoopPool pool = new LoopPool(clock.eventLoop(), dialer, () -> CERTIFICATE, HboneSettings.DEFAULT);
    private final List<Object> told = new ArrayList<>();

    private final TunnelWaiter waiter = new TunnelWaiter() {
        @Override
        public void ready(Tunnel tunnel) {
            told.add(tunnel);
        }

        @Override
        public void failed(TunnelException why) {
            told.add(why.error());
        }
    };

    @AfterEach
    void releaseEverything() {
        dialer.close();
        clock.finishAndReleaseAll();
    }

    private static Peer peer(String address, String... serviceAccounts) {
        Set<SpiffeId> expected = new HashSet<>();
        for (String each : serviceAccounts) {
            expected.add(PKI.id("default", each));
        }
        return new Peer(new InetSocketAddress(address, 15008), expected);
    }

    @Test
    void acquire_samePeer_sharesATunnel() {
        pool.acquire(peer("127.0.0.1", "a", "b"), waiter);
        pool.acquire(peer("127.0.0.1", "b", "a"), waiter);
        dialer.succeed(CERTIFICATE);
        assertThat(told).hasSize(2);
        assertThat(told.get(0)).isSameAs(told.get(1));
    }

    @Test
    void acquire_otherAddressOrIdentity_hasATunnelOfItsOwn() {
        pool.acquire(peer("127.0.0.1", "a"), waiter);
        pool.acquire(peer("127.0.0.2", "a"), waiter);
        pool.acquire(peer("127.0.0.1", "b"), waiter);
        pool.acquire(peer("127.0.0.1", "a", "b"), waiter);
        pool.acquire(peer("127.0.0.1"), waiter);
        assertThat(dialer.pending()).isEqualTo(5);
        for (int i = 0; i < 5; i++) {
            dialer.succeed(CERTIFICATE);
        }
        assertThat(told).doesNotHaveDuplicates().hasSize(5);
    }

    @Test
    void acquire_afterTheLastTunnelIsGone_dialsAgain() {
        pool.acquire(peer("127.0.0.1", "a"), waiter);
        dialer.succeed(CERTIFICATE).peer().channel().close();
        pool.acquire(peer("127.0.0.1", "a"), waiter);
        assertThat(dialer.pending()).isEqualTo(1);
    }

    @Test
    void drain_nothingIsDialedAnyMore() {
        pool.acquire(peer("127.0.0.1", "a"), waiter);
        pool.drain();
        pool.acquire(peer("127.0.0.2", "a"), waiter);
        assertThat(told).containsExactly(TunnelError.DRAINED, TunnelError.DRAINED);
        assertThat(dialer.pending()).isEqualTo(1);
        assertThat(dialer.succeed(CERTIFICATE).peer().channel().isOpen()).isFalse();
    }

    @Test
    void peer_unresolvedAddress_isRefused() {
        InetSocketAddress unresolved = InetSocketAddress.createUnresolved("a", 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Peer(unresolved, Set.of()))
                .withMessageContaining("expected: resolved");
    }
}
