package io.hbone.netty.proxy;

import static io.hbone.netty.proxy.Applications.readToTheEnd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.hbone.core.Authority;
import io.hbone.core.ConnectionObserver.Protocol;
import io.hbone.core.HboneSettings;
import io.hbone.core.InboundRouter;
import io.hbone.core.ResponseFlag;
import io.hbone.core.Route;
import io.hbone.core.TunnelError;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.netty.HboneServer;
import io.hbone.netty.testing.TestPki;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Application to application, through capture, tunnel and tunnel port. */
@Timeout(60)
class TunnelledTest {

    private static final int MIB = 1024 * 1024;

    @Test
    void bytesGoBothWaysAndBothEndsAreKnown() throws Exception {
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address())) {
            AtomicReference<InboundRouter.Inbound> seen = new AtomicReference<>();
            nodes.inboundRouter = connection -> {
                seen.set(connection);
                return CompletableFuture.completedFuture(TwoNodes.forwardTo(app.address()));
            };
            nodes.destination = new InetSocketAddress("10.1.2.3", 8080);
            InetSocketAddress client;
            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                client = (InetSocketAddress) socket.getLocalSocketAddress();
                assertThat(exchange(socket, "hello")).isEqualTo("hello");
                assertThat(exchange(socket, "again")).isEqualTo("again");
            }
            var out = nodes.outbound.ended(0);
            var in = nodes.inbound.ended(0);

            assertThat(out.why).isNull();
            assertThat(in.why).isNull();
            assertThat(out.closes).hasValue(1);
            assertThat(in.closes).hasValue(1);
            assertThat(List.of(out.received, out.sent, in.received, in.sent)).allMatch(bytes -> bytes.get() == 10);
            assertThat(out.details.source()).isEqualTo(client);
            assertThat(out.details.destination()).isEqualTo(nodes.tunnelPort.localAddress());
            assertThat(out.details.hboneTarget()).isEqualTo(Authority.parse("10.1.2.3:8080"));
            assertThat(out.details.mutualTls()).isTrue();
            assertThat(out.details.sourceWorkload().identity()).isEqualTo(nodes.client.spiffeId());
            assertThat(in.details.hboneTarget()).isEqualTo(Authority.parse("10.1.2.3:8080"));
            assertThat(in.details.sourceWorkload().identity()).isEqualTo(nodes.client.spiffeId());
            assertThat(in.details.mutualTls()).isTrue();
            assertThat(seen.get().peerIdentity()).isEqualTo(nodes.client.spiffeId());
            assertThat(seen.get().request().forwarded().client()).isEqualTo(client);
            assertThat(seen.get().request().forwarded().host()).isEqualTo("server.default.svc.cluster.local");
            assertThat(seen.get().request().baggage()).isEqualTo(TwoNodes.CLIENT.toBaggage());
            assertThat(seen.get().request().originNetwork()).isNull();
            assertThat(out.details.trace()).isNotNull().isEqualTo(in.details.trace());
        }
    }

    @Test
    void aServerMaySpeakFirst() throws Exception {
        try (var app = Applications.listen(connection ->
                        connection.getOutputStream().write("220 ready".getBytes(StandardCharsets.US_ASCII)));
                var nodes = new TwoNodes(app.address());
                Socket socket = Applications.connect(nodes.capture.localAddress())) {
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .isEqualTo("220 ready");
        }
    }

    @Test
    void aClientThatHasEndedItsDirectionStillGetsItsAnswer() throws Exception {
        try (var app = Applications.listen(connection -> {
                    byte[] asked = connection.getInputStream().readAllBytes();
                    connection.getOutputStream().write(("got " + asked.length).getBytes(StandardCharsets.US_ASCII));
                });
                var nodes = new TwoNodes(app.address());
                Socket socket = Applications.connect(nodes.capture.localAddress())) {
            socket.getOutputStream().write(new byte[300_000]);
            socket.shutdownOutput();
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .isEqualTo("got 300000");
            assertThat(nodes.outbound.ended(0).why).isNull();
            assertThat(nodes.inbound.ended(0).why).isNull();
        }
    }

    @Test
    void aClientThatHasEndedItsDirectionStillGetsALongAnswer() throws Exception {
        try (var app = Applications.listen(connection -> {
                    connection.getInputStream().readAllBytes();
                    byte[] chunk = new byte[MIB];
                    for (int i = 0; i < 32; i++) {
                        connection.getOutputStream().write(chunk);
                    }
                });
                var nodes = new TwoNodes(app.address());
                Socket socket = Applications.connect(nodes.capture.localAddress())) {
            socket.shutdownOutput();
            Recorder.Observed out = nodes.outbound.opened(0);
            awaitStandstill(out.sent); // the answer has filled what there is
            assertThat(readToTheEnd(socket)).isEqualTo(32L * MIB);
            assertThat(nodes.outbound.ended(0).why).isNull();
        }
    }

    @Test
    void whatWasHeldBackArrivesWhole() throws Exception {
        try (var app = Applications.manual();
                var nodes = new TwoNodes(app.address());
                Socket socket = Applications.connect(nodes.capture.localAddress())) {
            Socket served = app.next();
            Thread writer = Applications.daemon(() -> {
                byte[] chunk = new byte[MIB];
                for (int i = 0; i < 32; i++) {
                    socket.getOutputStream().write(chunk);
                }
                socket.shutdownOutput();
            });
            awaitStandstill(nodes.outbound.opened(0).received);
            // so far that the client's FIN is among what is held back
            served.getInputStream().readNBytes(20 * MIB);
            awaitStandstill(nodes.outbound.opened(0).received);
            assertThat(readToTheEnd(served)).isEqualTo(12L * MIB);
            writer.join();
            served.getOutputStream().write(9);
            assertThat(socket.getInputStream().read()).isEqualTo(9);
            served.close();
            assertThat(nodes.outbound.ended(0).why).isNull();
        }
    }

    @Test
    void aServerThatHasEndedItsDirectionStillGetsWhatTheClientSends() throws Exception {
        try (var app = Applications.manual();
                var nodes = new TwoNodes(app.address());
                Socket socket = Applications.connect(nodes.capture.localAddress())) {
            Socket served = app.next();
            served.getOutputStream().write(7);
            served.shutdownOutput();
            assertThat(socket.getInputStream().read()).isEqualTo(7);
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
            socket.getOutputStream().write(new byte[300_000]);
            socket.close();
            assertThat(readToTheEnd(served)).isEqualTo(300_000);
            assertThat(nodes.inbound.ended(0).why).isNull();
            served.close();
        }
    }

    @Test
    void whatAClientSentBeforeItsTunnelWasUpArrivesWithItsEnd() throws Exception {
        try (var app = Applications.manual();
                var nodes = new TwoNodes(app.address())) {
            CompletableFuture<Route> later = new CompletableFuture<>();
            nodes.router = connection -> later;
            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                socket.getOutputStream().write("early".getBytes(StandardCharsets.US_ASCII));
                socket.shutdownOutput();
                await().until(() -> nodes.capture.activeConnections() == 1);
                later.complete(nodes.tunnelTo(nodes.destination));
                Socket served = app.next();
                assertThat(new String(served.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                        .isEqualTo("early");
                served.getOutputStream().write("late".getBytes(StandardCharsets.US_ASCII));
                served.close();
                assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                        .isEqualTo("late");
            }
            assertThat(nodes.outbound.ended(0).why).isNull();
        }
    }

    @Test
    void aResetByTheClientIsAnEnd() throws Exception {
        try (var app = Applications.manual();
                var nodes = new TwoNodes(app.address())) {
            Socket socket = Applications.connect(nodes.capture.localAddress());
            Socket served = app.next();
            socket.getOutputStream().write(1);
            assertThat(served.getInputStream().read()).isEqualTo(1);
            Applications.reset(socket);
            assertThat(readToTheEnd(served)).isZero();
            served.close();
            assertThat(nodes.outbound.ended(0).why).isNull();
            assertThat(nodes.inbound.ended(0).why).isNull();
            await().until(() -> nodes.capture.activeConnections() + nodes.tunnelPort.activeConnections() == 0);
        }
    }

    @Test
    void aResetByTheServerIsAnEnd() throws Exception {
        try (var app = Applications.manual();
                var nodes = new TwoNodes(app.address());
                Socket socket = Applications.connect(nodes.capture.localAddress())) {
            Socket served = app.next();
            socket.getOutputStream().write(1);
            assertThat(served.getInputStream().read()).isEqualTo(1);
            Applications.reset(served);
            assertThat(readToTheEnd(socket)).isZero();
            socket.close();
            assertThat(nodes.outbound.ended(0).why).isNull();
            assertThat(nodes.inbound.ended(0).why).isNull();
            await().until(() -> nodes.capture.activeConnections() + nodes.tunnelPort.activeConnections() == 0);
        }
    }

    @Test
    void anApplicationThatRefusesLooksLikeAClose() throws Exception {
        try (var nodes = new TwoNodes(closedPort());
                Socket socket = Applications.connect(nodes.capture.localAddress())) {
            assertThat(readToTheEnd(socket)).isZero();
            assertThat(nodes.inbound.ended(0).why.error()).isEqualTo(TunnelError.DESTINATION_CONNECT_FAILED);
            assertThat(nodes.outbound.ended(0).why.error()).isEqualTo(TunnelError.CONNECT_REJECTED);
            assertThat(nodes.outbound.ended(0).why.status()).isEqualTo(503);
            assertThat(nodes.outbound.ended(0).why.flag()).isEqualTo(ResponseFlag.CONNECT);
            assertThat(nodes.inbound.connections.get(0).closes).hasValue(1);
        }
    }

    @Test
    void whatCannotBeRoutedInsideIsRefusedWithItsStatus() throws Exception {
        try (var nodes = new TwoNodes(closedPort());
                Socket socket = startWith(
                        nodes,
                        () -> nodes.inboundRouter =
                                connection -> CompletableFuture.completedFuture(new InboundRouter.Target.Refuse(
                                        400, TunnelError.DESTINATION_MISMATCH, "ip mismatch")))) {
            assertThat(readToTheEnd(socket)).isZero();
            assertThat(nodes.outbound.ended(0).why.status()).isEqualTo(400);
            assertThat(nodes.inbound.firstDenied().why().error()).isEqualTo(TunnelError.DESTINATION_MISMATCH);
            assertThat(nodes.inbound.connections).isEmpty();
        }
    }

    @Test
    void theNodesOwnPortsAreNotForwardedTo() throws Exception {
        try (var nodes = new TwoNodes(new InetSocketAddress(InetAddress.getLoopbackAddress(), 15006));
                Socket socket = Applications.connect(nodes.capture.localAddress())) {
            assertThat(readToTheEnd(socket)).isZero();
            assertThat(nodes.outbound.ended(0).why.status()).isEqualTo(503);
            assertThat(nodes.inbound.firstDenied().why().error()).isEqualTo(TunnelError.RECURSIVE_CALL);
        }
    }

    @Test
    void aFailingRouterHarmsOneConnection() throws Exception {
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address())) {
            nodes.inboundRouter = connection -> CompletableFuture.failedFuture(new IllegalStateException("broken"));
            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                assertThat(readToTheEnd(socket)).isZero();
            }
            assertThat(nodes.inbound.firstDenied().why().error()).isEqualTo(TunnelError.INTERNAL);
            nodes.inboundRouter = connection -> CompletableFuture.completedFuture(TwoNodes.forwardTo(app.address()));
            nodes.router = connection -> CompletableFuture.failedFuture(new IllegalStateException("broken"));
            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                assertThat(readToTheEnd(socket)).isZero();
            }
            assertThat(nodes.outbound.firstDenied().why().error()).isEqualTo(TunnelError.INTERNAL);
            nodes.router = connection -> CompletableFuture.completedFuture(nodes.tunnelTo(nodes.destination));
            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                assertThat(exchange(socket, "well")).isEqualTo("well");
            }
        }
    }

    @Test
    void policyDeniesBeforeTheApplicationIsAsked() throws Exception {
        try (var app = Applications.manual();
                var nodes = new TwoNodes(app.address());
                Socket socket = startWith(nodes, nodes::denyAll)) {
            assertThat(readToTheEnd(socket)).isZero();
            var in = nodes.inbound.ended(0);
            assertThat(in.why.error()).isEqualTo(TunnelError.POLICY_DENIED);
            assertThat(in.why.flag()).isEqualTo(ResponseFlag.DENY);
            assertThat(in.why).hasMessageContaining("default/nobody").hasMessageContaining("policy rejection");
            assertThat(nodes.outbound.ended(0).why.status()).isEqualTo(401);
            assertThat(app.waiting()).isZero();
        }
    }

    @Test
    void aPolicyChangeEndsWhatIsNoLongerAllowed() throws Exception {
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address());
                Socket socket = Applications.connect(nodes.capture.localAddress())) {
            assertThat(exchange(socket, "yes")).isEqualTo("yes");
            nodes.tunnelPort.reauthorize();
            assertThat(exchange(socket, "yes")).isEqualTo("yes");
            nodes.denyAll();
            nodes.tunnelPort.reauthorize();
            assertThat(readToTheEnd(socket)).isZero();
            assertThat(nodes.inbound.ended(0).why.error()).isEqualTo(TunnelError.POLICY_DENIED);
            assertThat(nodes.inbound.ended(0).why).hasMessageContaining("policy change");
        }
    }

    @Test
    void aCallBackIntoTheNodeIsDenied() throws Exception {
        try (var app = Applications.manual();
                var nodes = new TwoNodes(app.address())) {
            nodes.destination = new InetSocketAddress(InetAddress.getLoopbackAddress(), 15008);
            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                assertThat(readToTheEnd(socket)).isZero();
            }
            assertThat(nodes.outbound.firstDenied().why().error()).isEqualTo(TunnelError.RECURSIVE_CALL);
            assertThat(nodes.outbound.connections).isEmpty();
        }
    }

    @Test
    void aRejectedRouteIsDenied() throws Exception {
        try (var nodes = new TwoNodes(closedPort())) {
            nodes.routeTo(new Route.Reject(TunnelError.NO_ROUTE, "no healthy upstream: 10.1.2.3:80"));
            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                assertThat(readToTheEnd(socket)).isZero();
            }
            assertThat(nodes.outbound.firstDenied().why()).hasMessageContaining("no healthy upstream");
        }
    }

    @Test
    void aFirstDialThatFailsHangsNobodyAndTheNextOneIsTried() throws Exception {
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address())) {
            nodes.routeTo(TwoNodes.tunnel(closedPort(), Set.of(nodes.server.spiffeId()), nodes.destination));
            List<Socket> sockets = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                sockets.add(Applications.connect(nodes.capture.localAddress()));
            }
            for (Socket socket : sockets) {
                assertThat(readToTheEnd(socket)).isZero();
                socket.close();
            }
            for (int i = 0; i < 20; i++) {
                assertThat(nodes.outbound.ended(i).why.error()).isEqualTo(TunnelError.TUNNEL_CONNECT_FAILED);
                assertThat(nodes.outbound.ended(i).closes).hasValue(1);
            }
            nodes.routeTo(nodes.tunnelTo(nodes.destination));
            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                assertThat(exchange(socket, "now")).isEqualTo("now");
            }
        }
    }

    @Test
    void aPeerThatIsSomebodyElseIsNotSpokenTo() throws Exception {
        try (var app = Applications.manual();
                var nodes = new TwoNodes(app.address())) {
            nodes.routeTo(TwoNodes.tunnel(
                    nodes.tunnelPort.localAddress(), Set.of(nodes.pki.id("default", "other")), nodes.destination));
            for (int i = 0; i < 5; i++) {
                try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                    assertThat(readToTheEnd(socket)).isZero();
                }
                assertThat(nodes.outbound.ended(i).why.error()).isEqualTo(TunnelError.PEER_IDENTITY_MISMATCH);
                assertThat(nodes.outbound.ended(i).why.flag()).isEqualTo(ResponseFlag.TLS_FAILURE);
            }
            assertThat(app.waiting()).isZero();
        }
    }

    @Test
    void aPeerThatNeverAnswersTheHandshakeIsGivenUp() throws Exception {
        HboneSettings brief =
                HboneSettings.builder().handshakeTimeout(Duration.ofMillis(300)).build();
        try (var silent = Applications.manual();
                var nodes = new TwoNodes(silent.address(), brief)) {
            nodes.routeTo(TwoNodes.tunnel(silent.address(), Set.of(nodes.server.spiffeId()), nodes.destination));
            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                assertThat(readToTheEnd(socket)).isZero();
            }
            assertThat(nodes.outbound.ended(0).why.error()).isEqualTo(TunnelError.TLS_HANDSHAKE_TIMEOUT);
        }
    }

    /** NIO does not notice a reset of what it does not read. */
    @Test
    void aClientThatIsGoneBeforeItsTunnelIsUpIsForgotten() throws Exception {
        try (var silent = Applications.manual();
                var nodes = new TwoNodes(silent.address())) {
            nodes.routeTo(TwoNodes.tunnel(silent.address(), Set.of(nodes.server.spiffeId()), nodes.destination));
            Socket socket = Applications.connect(nodes.capture.localAddress());
            Socket dialled = silent.next();
            Applications.reset(socket);
            if (TwoNodes.TRANSPORT != io.hbone.netty.socket.Transport.NIO) {
                assertThat(nodes.outbound.ended(0).why.error()).isEqualTo(TunnelError.APPLICATION_IO);
                await().until(() -> nodes.capture.activeConnections() == 0);
            }
            dialled.close();
            assertThat(nodes.outbound.ended(0).closes).hasValue(1);
        }
    }

    /** GAP: the stream, and its place in the tunnel, was kept until the answer or the deadline. */
    @Test
    void aClientThatIsGoneBeforeTheAnswerResetsItsStreamAtOnce() throws Exception {
        CompletableFuture<Void> asked = new CompletableFuture<>();
        CompletableFuture<Void> abandoned = new CompletableFuture<>();
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address());
                HboneServer silent = TwoNodes.get(HboneServer.builder(nodes.server, nodes.identities, stream -> {
                            stream.onAbandoned(() -> abandoned.complete(null));
                            asked.complete(null);
                        })
                        .group(nodes.loops)
                        .sockets(nodes.sockets)
                        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)))) {
            nodes.routeTo(TwoNodes.tunnel(silent.localAddress(), Set.of(nodes.server.spiffeId()), nodes.destination));
            Socket socket = Applications.connect(nodes.capture.localAddress());
            asked.get(20, TimeUnit.SECONDS);
            Applications.reset(socket);
            if (TwoNodes.TRANSPORT == io.hbone.netty.socket.Transport.NIO) { // which does not notice
                nodes.capture.drain(Duration.ZERO);
            }
            abandoned.get(20, TimeUnit.SECONDS);
            assertThat(nodes.outbound.ended(0).closes).hasValue(1);
        }
    }

    @Test
    void fourMebibytesArriveAsTheyWereSent() throws Exception {
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address());
                Socket socket = Applications.connect(nodes.capture.localAddress())) {
            byte[] payload = new byte[4 * MIB];
            new Random(7).nextBytes(payload);
            Applications.daemon(() -> {
                socket.getOutputStream().write(payload);
                socket.shutdownOutput();
            });
            MessageDigest got = MessageDigest.getInstance("SHA-256");
            socket.getInputStream().transferTo(new DigestOutputStream(java.io.OutputStream.nullOutputStream(), got));
            assertThat(got.digest())
                    .isEqualTo(MessageDigest.getInstance("SHA-256").digest(payload));
            assertThat(nodes.outbound.ended(0).received).hasValue(payload.length);
            assertThat(nodes.outbound.ended(0).sent).hasValue(payload.length);
        }
    }

    @Test
    void anApplicationThatDoesNotReadStopsNobodyElse() throws Exception {
        var pool = Executors.newCachedThreadPool();
        try (var stalled = Applications.manual();
                var app = Applications.echo();
                var nodes = new TwoNodes(app.address())) {
            nodes.inboundRouter = connection -> CompletableFuture.completedFuture(TwoNodes.forwardTo(
                    connection.request().authority().port() == 9 ? stalled.address() : app.address()));
            nodes.destination = new InetSocketAddress("10.1.2.3", 9);
            List<Socket> stuck = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                Socket socket = Applications.connect(nodes.capture.localAddress());
                stuck.add(socket);
                stalled.next();
                Applications.daemon(() -> {
                    byte[] chunk = new byte[64 * 1024];
                    while (true) {
                        socket.getOutputStream().write(chunk);
                    }
                });
            }
            // full: nothing has moved for a while
            awaitStandstill(() -> nodes.outbound.connections.stream()
                    .mapToLong(connection -> connection.received.get())
                    .sum());

            nodes.destination = new InetSocketAddress("10.1.2.3", 80);
            List<Future<Long>> neighbours = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                neighbours.add(pool.submit(() -> {
                    try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                        Applications.daemon(() -> {
                            byte[] chunk = new byte[64 * 1024];
                            for (int n = 0; n < 32; n++) {
                                socket.getOutputStream().write(chunk);
                            }
                            socket.shutdownOutput();
                        });
                        return readToTheEnd(socket);
                    }
                }));
            }
            for (Future<Long> neighbour : neighbours) {
                assertThat(neighbour.get(30, TimeUnit.SECONDS)).isEqualTo(2L * MIB);
            }
            for (Socket socket : stuck) {
                socket.close();
            }
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void aDrainLetsConnectionsEndInTheirTime() throws Exception {
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address())) {
            Socket socket = Applications.connect(nodes.capture.localAddress());
            assertThat(exchange(socket, "before")).isEqualTo("before");
            var captured = nodes.capture.drain(Duration.ofSeconds(60));
            var served = nodes.tunnelPort.drain(Duration.ofSeconds(60));
            assertThatThrownBy(() -> {
                        await().until(() -> refuses(nodes.capture.localAddress()));
                        throw new ConnectException();
                    })
                    .isInstanceOf(ConnectException.class);
            assertThat(exchange(socket, "during")).isEqualTo("during");
            assertThat(captured.isDone()).isFalse();
            socket.close();
            TwoNodes.get(captured);
            TwoNodes.get(served);
            assertThat(nodes.outbound.ended(0).why).isNull();
            assertThat(nodes.inbound.ended(0).why).isNull();
        }
    }

    @Test
    void aDrainEndsWhatIsLeftAtItsDeadline() throws Exception {
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address());
                Socket socket = Applications.connect(nodes.capture.localAddress());
                Socket other = Applications.connect(nodes.capture.localAddress())) {
            assertThat(exchange(socket, "a")).isEqualTo("a");
            assertThat(exchange(other, "b")).isEqualTo("b");
            TwoNodes.get(nodes.capture.drain(Duration.ofMillis(50)));
            assertThat(readToTheEnd(socket)).isZero();
            assertThat(readToTheEnd(other)).isZero();
            assertThat(nodes.outbound.ended(0).why.error()).isEqualTo(TunnelError.DRAINED);
            assertThat(nodes.outbound.ended(1).why.error()).isEqualTo(TunnelError.DRAINED);
        }
    }

    @Test
    void aDrainEndsEvenWhatAnApplicationDoesNotRead() throws Exception {
        try (var app = Applications.manual();
                var nodes = new TwoNodes(app.address());
                Socket socket = Applications.connect(nodes.capture.localAddress())) {
            Socket served = app.next();
            Applications.daemon(() -> {
                byte[] chunk = new byte[64 * 1024];
                while (true) {
                    socket.getOutputStream().write(chunk);
                }
            });
            awaitStandstill(nodes.inbound.opened(0).received);
            TwoNodes.get(nodes.tunnelPort.drain(Duration.ofMillis(50)));
            assertThat(nodes.tunnelPort.activeConnections()).isZero();
            TwoNodes.get(nodes.capture.drain(Duration.ofMillis(50)));
            assertThat(nodes.capture.activeConnections()).isZero();
            served.close();
        }
    }

    @Test
    void aDrainedServerTellsItsClients() throws Exception {
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address());
                Socket socket = Applications.connect(nodes.capture.localAddress())) {
            assertThat(exchange(socket, "a")).isEqualTo("a");
            TwoNodes.get(nodes.tunnelPort.drain(Duration.ofMillis(50)));
            assertThat(readToTheEnd(socket)).isZero();
            assertThat(nodes.inbound.ended(0).why.error()).isEqualTo(TunnelError.DRAINED);
            assertThat(nodes.outbound.ended(0).why).isNotNull();
        }
    }

    @Test
    void anIdleConnectionIsEndedWhenThatIsAskedFor() throws Exception {
        HboneSettings brief = HboneSettings.builder()
                .streamIdleTimeout(Duration.ofMillis(300))
                .build();
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address(), brief);
                Socket socket = Applications.connect(nodes.capture.localAddress())) {
            assertThat(exchange(socket, "a")).isEqualTo("a");
            assertThat(readToTheEnd(socket)).isZero();
            await().until(() -> nodes.outbound.ended(0).why != null || nodes.inbound.ended(0).why != null);
            assertThat(List.of(nodes.outbound.ended(0), nodes.inbound.ended(0)))
                    .anyMatch(end -> end.why != null && end.why.error() == TunnelError.IDLE_TIMEOUT);
        }
    }

    @Test
    void aTunnelInAGatewaysTunnelReachesAnotherNetwork() throws Exception {
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address())) {
            WorkloadCertificate gateway = nodes.pki.workload("istio-gateways", "eastwest");
            nodes.identities.rotate(gateway);
            WorkloadIdentity gatewayId = TestPki.identityOf(gateway);
            Recorder atGateway = new Recorder();
            AtomicReference<InboundRouter.Inbound> inner = new AtomicReference<>();
            nodes.inboundRouter = connection -> {
                inner.set(connection);
                return CompletableFuture.completedFuture(TwoNodes.forwardTo(app.address()));
            };
            InboundListener gatewayPort = nodes.tunnelPortOf(
                    gatewayId,
                    connection ->
                            CompletableFuture.completedFuture(TwoNodes.forwardTo(nodes.tunnelPort.localAddress())),
                    atGateway);
            nodes.routeTo(new Route.NestedTunnel(
                    gatewayPort.localAddress(),
                    Set.of(gatewayId.spiffeId()),
                    Set.of(nodes.server.spiffeId()),
                    Authority.of("server.default.svc.cluster.local", 80),
                    TwoNodes.SERVER,
                    null,
                    "another network"));
            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                assertThat(exchange(socket, "far")).isEqualTo("far");
                byte[] payload = new byte[MIB];
                Applications.daemon(() -> {
                    socket.getOutputStream().write(payload);
                    socket.shutdownOutput();
                });
                assertThat(readToTheEnd(socket)).isEqualTo(MIB);
            }
            assertThat(nodes.outbound.ended(0).why).isNull();
            assertThat(nodes.outbound.ended(0).details.protocol()).isEqualTo(Protocol.DOUBLE_HBONE);
            assertThat(atGateway.ended(0).details.protocol()).isEqualTo(Protocol.HBONE);
            assertThat(inner.get().peerIdentity()).isEqualTo(nodes.client.spiffeId());
            assertThat(inner.get().request().originNetwork()).isEqualTo("n1");
            assertThat(atGateway.ended(0).details.hboneTarget().toString())
                    .isEqualTo("server.default.svc.cluster.local:80");
            TwoNodes.get(gatewayPort.drain(Duration.ZERO));
        }
    }

    private static void awaitStandstill(AtomicLong counter) {
        awaitStandstill(counter::get);
    }

    private static void awaitStandstill(LongSupplier counter) {
        AtomicLong before = new AtomicLong(-1);
        await().pollInterval(Duration.ofMillis(200))
                .atMost(Duration.ofSeconds(20))
                .until(() -> {
                    long now = counter.getAsLong();
                    return now > 0 && now == before.getAndSet(now);
                });
    }

    private interface Preparation {
        void run();
    }

    private static Socket startWith(TwoNodes nodes, Preparation preparation) throws IOException {
        preparation.run();
        return Applications.connect(nodes.capture.localAddress());
    }

    private static boolean refuses(InetSocketAddress address) throws IOException {
        try (Socket socket = Applications.connect(address)) {
            return false;
        } catch (ConnectException e) {
            return true;
        }
    }

    static String exchange(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        return new String(socket.getInputStream().readNBytes(text.length()), StandardCharsets.US_ASCII);
    }

    static InetSocketAddress closedPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return (InetSocketAddress) socket.getLocalSocketAddress();
        }
    }
}
