package io.hbone.netty.proxy;

import static io.hbone.netty.proxy.Applications.readToTheEnd;
import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.OutboundRouter;
import io.hbone.core.Route;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

/** A failed first endpoint is not the end: ztunnel tries no second one (spec/ztunnel.md 4.2). */
@Timeout(60)
class RetriesTest {

    /** Gives its routes one after another, and then none. */
    private static final class InTurn implements OutboundRouter {
        private final List<Route> routes;
        private final List<List<Route>> asked = new CopyOnWriteArrayList<>();

        InTurn(Route... routes) {
            this.routes = List.of(routes);
        }

        @Override
        public CompletionStage<Route> route(Outbound connection) {
            return CompletableFuture.completedFuture(routes.get(0));
        }

        @Override
        public CompletionStage<Route> reroute(Outbound connection, List<Route> failed) {
            asked.add(failed);
            return failed.size() < routes.size()
                    ? CompletableFuture.completedFuture(routes.get(failed.size()))
                    : OutboundRouter.super.reroute(connection, failed);
        }
    }

    /** What cannot be connected, as nobody listens there. */
    private static InetSocketAddress closed() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return (InetSocketAddress) socket.getLocalSocketAddress();
        }
    }

    private static Route closedTunnel(TwoNodes nodes) throws Exception {
        return TwoNodes.tunnel(closed(), Set.of(nodes.server.spiffeId()), nodes.destination);
    }

    @Test
    void gap_firstEndpointThatFails_anotherOneServes_andSeesAllThatWasSent() throws Exception {
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address())) {
            Route bad = closedTunnel(nodes);
            Route stranger = TwoNodes.tunnel(
                    nodes.tunnelPort.localAddress(), Set.of(nodes.pki.id("default", "other")), nodes.destination);
            InTurn router = new InTurn(bad, stranger, nodes.tunnelTo(nodes.destination));
            nodes.router = router;

            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                socket.getOutputStream().write("all of it".getBytes(StandardCharsets.US_ASCII));
                assertThat(socket.getInputStream().readNBytes(9)).asString().isEqualTo("all of it");
            }

            assertThat(router.asked).containsExactly(List.of(bad), List.of(bad, stranger));
            assertThat(nodes.outbound.ended(0).why.error()).isEqualTo(TunnelError.TUNNEL_CONNECT_FAILED);
            assertThat(nodes.outbound.ended(1).why.error()).isEqualTo(TunnelError.PEER_IDENTITY_MISMATCH);
        }
    }

    @Test
    void plaintextEndpointThatRefuses_anotherOneServes() throws Exception {
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address())) {
            InTurn router = new InTurn(TwoNodes.direct(closed()), TwoNodes.direct(app.address()));
            nodes.router = router;

            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                socket.getOutputStream().write(7);
                assertThat(socket.getInputStream().read()).isEqualTo(7);
            }

            assertThat(nodes.outbound.ended(0).why.error()).isEqualTo(TunnelError.DESTINATION_CONNECT_FAILED);
        }
    }

    @Test
    void noOtherEndpoint_endsTheConnectionWithTheFirstReason() throws Exception {
        try (var nodes = new TwoNodes(closed())) {
            InTurn router = new InTurn(closedTunnel(nodes));
            nodes.router = router;

            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                assertThat(readToTheEnd(socket)).isZero();
            }

            assertThat(nodes.outbound.ended(0).why.error()).isEqualTo(TunnelError.TUNNEL_CONNECT_FAILED);
            assertThat(router.asked).hasSize(1);
        }
    }

    @Test
    void manyEndpointsThatFail_areNotAllTried() throws Exception {
        try (var nodes = new TwoNodes(closed())) {
            List<Route> routes = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                routes.add(closedTunnel(nodes));
            }
            InTurn router = new InTurn(routes.toArray(Route[]::new));
            nodes.router = router;

            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                assertThat(readToTheEnd(socket)).isZero();
            }

            assertThat(router.asked).hasSize(2);
            assertThat(nodes.outbound.ended(2).why.error()).isEqualTo(TunnelError.TUNNEL_CONNECT_FAILED);
        }
    }

    /** Otherwise an endpoint whose policy was forgotten would undo the others'. */
    @Test
    void policysRefusal_isAnAnswer_andNobodyElseIsAsked() throws Exception {
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address())) {
            nodes.denyAll();
            InTurn router = new InTurn(nodes.tunnelTo(nodes.destination), TwoNodes.direct(app.address()));
            nodes.router = router;

            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                assertThat(readToTheEnd(socket)).isZero();
            }

            assertThat(nodes.outbound.ended(0).why.status()).isEqualTo(401);
            assertThat(router.asked).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 404, 500, 502, 503, 504})
    void mayHelp_otherStatuses_mayBeDifferentElsewhere(int status) {
        assertThat(Retries.mayHelp(TunnelException.rejected(status, "10.0.0.1:80"), 1))
                .isTrue();
    }

    @Test
    void mayHelp_untilThreeWereTried() {
        TunnelException why = new TunnelException(TunnelError.TUNNEL_CONNECT_FAILED, "refused");

        assertThat(Retries.mayHelp(why, 2)).isTrue();
        assertThat(Retries.mayHelp(why, 3)).isFalse();
    }

    @ParameterizedTest
    @EnumSource(
            value = TunnelError.class,
            mode = Mode.INCLUDE,
            names = {"POLICY_DENIED", "RECURSIVE_CALL", "NO_ROUTE", "INTERNAL"})
    void mayHelp_whatIsTheSameEverywhere_isNotTriedAgain(TunnelError error) {
        assertThat(Retries.mayHelp(new TunnelException(error, "no"), 1)).isFalse();
    }
}
