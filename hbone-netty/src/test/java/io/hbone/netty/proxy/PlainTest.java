package io.hbone.netty.proxy;

import static io.hbone.netty.proxy.Applications.readToTheEnd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hbone.core.HboneSettings;
import io.hbone.core.InboundRouter;
import io.hbone.core.ResponseFlag;
import io.hbone.core.Route;
import io.hbone.core.TunnelError;
import io.hbone.netty.socket.OriginalDestination;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Application to application outside of any tunnel: through the capture port, and through the plaintext port. */
@Timeout(60)
class PlainTest {

    @Test
    void bytesGoBothWaysWithoutIdentities() throws Exception {
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address())) {
            nodes.routeTo(TwoNodes.direct(app.address()));
            byte[] payload = new byte[4 * 1024 * 1024];
            new Random(3).nextBytes(payload);
            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                Applications.daemon(() -> {
                    socket.getOutputStream().write(payload);
                    socket.shutdownOutput();
                });
                MessageDigest got = MessageDigest.getInstance("SHA-256");
                socket.getInputStream()
                        .transferTo(new DigestOutputStream(java.io.OutputStream.nullOutputStream(), got));
                assertThat(got.digest())
                        .isEqualTo(MessageDigest.getInstance("SHA-256").digest(payload));
            }
            var out = nodes.outbound.ended(0);
            assertThat(out.why).isNull();
            assertThat(out.closes).hasValue(1);
            assertThat(out.received).hasValue(payload.length);
            assertThat(out.sent).hasValue(payload.length);
            assertThat(out.details.mutualTls()).isFalse();
            assertThat(out.details.hboneTarget()).isNull();
            assertThat(out.details.destination()).isEqualTo(app.address());
            assertThat(out.details.sourceWorkload().identity()).isNull();
            assertThat(nodes.outbound.tunnels).isEmpty();
            await().until(() -> nodes.capture.activeConnections() == 0);
        }
    }

    @Test
    void eachDirectionEndsByItself() throws Exception {
        try (var app = Applications.manual();
                var nodes = new TwoNodes(app.address())) {
            nodes.routeTo(TwoNodes.direct(app.address()));
            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                Socket served = app.next();
                served.getOutputStream().write(7);
                served.shutdownOutput();
                assertThat(socket.getInputStream().read()).isEqualTo(7);
                assertThat(socket.getInputStream().read()).isEqualTo(-1);
                socket.getOutputStream().write(new byte[500_000]);
                socket.shutdownOutput();
                assertThat(readToTheEnd(served)).isEqualTo(500_000);
                served.close();
            }
            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                socket.getOutputStream().write(new byte[500_000]);
                socket.shutdownOutput();
                Socket served = app.next();
                assertThat(readToTheEnd(served)).isEqualTo(500_000);
                served.getOutputStream().write(new byte[500_000]);
                served.close();
                assertThat(readToTheEnd(socket)).isEqualTo(500_000);
            }
            assertThat(nodes.outbound.ended(0).why).isNull();
            assertThat(nodes.outbound.ended(1).why).isNull();
        }
    }

    @Test
    void aResetOfEitherSideIsAnEnd() throws Exception {
        try (var app = Applications.manual();
                var nodes = new TwoNodes(app.address())) {
            nodes.routeTo(TwoNodes.direct(app.address()));
            Socket first = Applications.connect(nodes.capture.localAddress());
            Socket firstServed = app.next();
            first.getOutputStream().write(1);
            assertThat(firstServed.getInputStream().read()).isEqualTo(1);
            Applications.reset(first);
            assertThat(readToTheEnd(firstServed)).isZero();
            firstServed.close();

            Socket second = Applications.connect(nodes.capture.localAddress());
            Socket secondServed = app.next();
            secondServed.getOutputStream().write(1);
            assertThat(second.getInputStream().read()).isEqualTo(1);
            Applications.reset(secondServed);
            assertThat(readToTheEnd(second)).isZero();
            second.close();
            assertThat(nodes.outbound.ended(0).why).isNull();
            assertThat(nodes.outbound.ended(1).why).isNull();
            await().until(() -> nodes.capture.activeConnections() == 0);
        }
    }

    @Test
    void anApplicationThatDoesNotReadIsNotReadFor() throws Exception {
        try (var app = Applications.manual();
                var nodes = new TwoNodes(app.address())) {
            nodes.routeTo(TwoNodes.direct(app.address()));
            Socket socket = Applications.connect(nodes.capture.localAddress());
            Socket served = app.next();
            AtomicBoolean stop = new AtomicBoolean();
            AtomicLong written = new AtomicLong();
            Thread writer = Applications.daemon(() -> {
                byte[] chunk = new byte[64 * 1024];
                while (!stop.get()) {
                    socket.getOutputStream().write(chunk);
                    written.addAndGet(chunk.length);
                }
                socket.shutdownOutput();
            });
            AtomicLong before = new AtomicLong(-1);
            await().pollInterval(Duration.ofMillis(200))
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> {
                        long now = written.get();
                        return now > 0 && now == before.getAndSet(now);
                    });
            // the kernel's buffers on both sides, and less than one turn of ours
            assertThat(nodes.outbound.opened(0).received.get()).isLessThan(64L * 1024 * 1024);
            stop.set(true);
            long got = readToTheEnd(served);
            writer.join(20_000);
            assertThat(got).isEqualTo(written.get());
            served.close();
            socket.close();
            assertThat(nodes.outbound.ended(0).why).isNull();
        }
    }

    @Test
    void aDestinationThatRefusesLooksLikeAClose() throws Exception {
        try (var nodes = new TwoNodes(TunnelledTest.closedPort())) {
            nodes.routeTo(TwoNodes.direct(TunnelledTest.closedPort()));
            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                assertThat(readToTheEnd(socket)).isZero();
            }
            assertThat(nodes.outbound.ended(0).why.error()).isEqualTo(TunnelError.DESTINATION_CONNECT_FAILED);
            assertThat(nodes.outbound.ended(0).closes).hasValue(1);
        }
    }

    @Test
    void whatWasSentBeforeTheRouteWasKnownArrives() throws Exception {
        try (var app = Applications.manual();
                var nodes = new TwoNodes(app.address())) {
            CompletableFuture<Route> later = new CompletableFuture<>();
            nodes.router = connection -> later;
            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                socket.getOutputStream().write("early".getBytes(StandardCharsets.US_ASCII));
                socket.shutdownOutput();
                await().until(() -> nodes.capture.activeConnections() == 1);
                later.complete(TwoNodes.direct(app.address()));
                Socket served = app.next();
                assertThat(new String(served.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                        .isEqualTo("early");
                served.close();
            }
            assertThat(nodes.outbound.ended(0).why).isNull();
        }
    }

    @Test
    void anIdleConnectionIsEndedWhenThatIsAskedFor() throws Exception {
        HboneSettings brief = HboneSettings.builder()
                .streamIdleTimeout(Duration.ofMillis(300))
                .build();
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address(), brief)) {
            nodes.routeTo(TwoNodes.direct(app.address()));
            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                assertThat(TunnelledTest.exchange(socket, "a")).isEqualTo("a");
                assertThat(readToTheEnd(socket)).isZero();
            }
            assertThat(nodes.outbound.ended(0).why.error()).isEqualTo(TunnelError.IDLE_TIMEOUT);
        }
    }

    @Test
    void aDrainEndsPlainConnectionsToo() throws Exception {
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address())) {
            nodes.routeTo(TwoNodes.direct(app.address()));
            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                assertThat(TunnelledTest.exchange(socket, "a")).isEqualTo("a");
                TwoNodes.get(nodes.capture.drain(Duration.ofMillis(50)));
                assertThat(readToTheEnd(socket)).isZero();
            }
            assertThat(nodes.outbound.ended(0).why.error()).isEqualTo(TunnelError.DRAINED);
        }
    }

    @Test
    void plaintextIsForwarded() throws Exception {
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address())) {
            PlaintextListener plaintext = nodes.plaintextTo(app.address());
            try (Socket socket = Applications.connect(plaintext.localAddress())) {
                assertThat(TunnelledTest.exchange(socket, "open")).isEqualTo("open");
            }
            var in = nodes.inbound.ended(0);
            assertThat(in.why).isNull();
            assertThat(in.details.destination()).isEqualTo(app.address());
            assertThat(in.details.mutualTls()).isFalse();
            assertThat(in.details.hboneTarget()).isNull();
            assertThat(in.details.sourceWorkload().identity()).isNull();
            assertThat(in.received).hasValue(4);
            assertThat(in.sent).hasValue(4);
            TwoNodes.get(plaintext.drain(Duration.ofSeconds(20)));
        }
    }

    @Test
    void plaintextIsSubjectToPolicy() throws Exception {
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address())) {
            PlaintextListener plaintext = nodes.plaintextTo(app.address());
            try (Socket open = Applications.connect(plaintext.localAddress())) {
                assertThat(TunnelledTest.exchange(open, "a")).isEqualTo("a");
                nodes.denyAll();
                try (Socket socket = Applications.connect(plaintext.localAddress())) {
                    assertThat(readToTheEnd(socket)).isZero();
                }
                assertThat(nodes.inbound.ended(1).why.flag()).isEqualTo(ResponseFlag.DENY);
                plaintext.reauthorize();
                assertThat(readToTheEnd(open)).isZero();
                assertThat(nodes.inbound.ended(0).why).hasMessageContaining("policy change");
            }
            TwoNodes.get(plaintext.drain(Duration.ZERO));
        }
    }

    @Test
    void plaintextToTheNodeItselfIsDenied() throws Exception {
        try (var nodes = new TwoNodes(TunnelledTest.closedPort())) {
            PlaintextListener plaintext =
                    nodes.plaintextTo(new InetSocketAddress(InetAddress.getLoopbackAddress(), 15001));
            try (Socket socket = Applications.connect(plaintext.localAddress())) {
                assertThat(readToTheEnd(socket)).isZero();
            }
            assertThat(nodes.inbound.firstDenied().why().error()).isEqualTo(TunnelError.RECURSIVE_CALL);
            TwoNodes.get(plaintext.drain(Duration.ZERO));
        }
    }

    @Test
    void plaintextThatIsRefusedIsDenied() throws Exception {
        try (var app = Applications.manual();
                var nodes = new TwoNodes(app.address())) {
            InboundRouter nowhere = connection -> CompletableFuture.completedFuture(
                    new InboundRouter.Target.Refuse(503, TunnelError.NO_ROUTE, "unknown destination"));
            PlaintextListener plaintext = TwoNodes.get(PlaintextListener.builder(nowhere)
                    .sockets(nodes.sockets)
                    .originalDestination(OriginalDestination.fixed(app.address()))
                    .observer(nodes.inbound)
                    .bind(nodes.loops, TwoNodes.ANY_PORT));
            try (Socket socket = Applications.connect(plaintext.localAddress())) {
                assertThat(readToTheEnd(socket)).isZero();
            }
            assertThat(nodes.inbound.firstDenied().why()).hasMessageContaining("unknown destination");
            TwoNodes.get(plaintext.drain(Duration.ZERO));
        }
    }
}
