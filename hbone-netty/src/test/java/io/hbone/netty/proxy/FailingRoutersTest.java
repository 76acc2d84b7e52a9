package io.hbone.netty.proxy;

import static io.hbone.netty.proxy.Applications.readToTheEnd;
import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.InboundRouter;
import io.hbone.core.OutboundRouter;
import io.hbone.core.Route;
import io.hbone.core.TunnelError;
import io.hbone.netty.socket.OriginalDestination;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Routers and authorizers are anybody's code: whatever they do wrong ends the one connection, and says so. */
@Timeout(60)
class FailingRoutersTest {
    private static final IllegalStateException BROKEN = new IllegalStateException("broken on purpose");

    static <T> Stream<Arguments> failures() {
        return Stream.of(
                failure("throws", "broken on purpose", () -> {
                    throw BROKEN;
                }),
                failure("fails", "broken on purpose", () -> CompletableFuture.failedFuture(BROKEN)),
                failure("decides nothing", "decided nothing", () -> CompletableFuture.completedFuture(null)),
                failure("has no answer", "no answer", () -> null));
    }

    private static <T> Arguments failure(String name, String said, Supplier<CompletionStage<T>> router) {
        return Arguments.of(name, said, router);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("failures")
    void outboundRouter_endsTheConnection(String name, String said, Supplier<CompletionStage<Route>> route)
            throws Exception {
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address())) {
            OutboundRouter good = nodes.router;
            nodes.router = connection -> route.get();
            assertThat(closedByTheNode(nodes.capture.localAddress())).isZero();
            Recorder.Denied denied = nodes.outbound.firstDenied();
            assertThat(denied.why().error()).isEqualTo(TunnelError.INTERNAL);
            assertThat(denied.why())
                    .hasMessageContaining("the router failed for ")
                    .hasMessageContaining(said);
            nodes.router = good;
            try (Socket socket = Applications.connect(nodes.capture.localAddress())) {
                socket.getOutputStream().write(9);
                assertThat(socket.getInputStream().read())
                        .as("the next is served")
                        .isEqualTo(9);
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("failures")
    void inboundRouter_refusesTheStream(
            String name, String said, Supplier<CompletionStage<InboundRouter.Target>> target) throws Exception {
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address())) {
            nodes.inboundRouter = connection -> target.get();
            assertThat(closedByTheNode(nodes.capture.localAddress())).isZero();
            assertThat(nodes.inbound.firstDenied().why()).hasMessageContaining(said);
            assertThat(nodes.outbound.ended(0).why.status()).isEqualTo(503);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("failures")
    void routerOfPlaintext_endsTheConnection(
            String name, String said, Supplier<CompletionStage<InboundRouter.Target>> target) throws Exception {
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address())) {
            PlaintextListener plaintext = TwoNodes.get(PlaintextListener.builder(connection -> target.get())
                    .settings(nodes.settings)
                    .sockets(nodes.sockets)
                    .observer(nodes.inbound)
                    .originalDestination(OriginalDestination.fixed(app.address()))
                    .bind(nodes.loops, TwoNodes.ANY_PORT));
            assertThat(closedByTheNode(plaintext.localAddress())).isZero();
            assertThat(nodes.inbound.firstDenied().why()).hasMessageContaining(said);
            TwoNodes.get(plaintext.drain(Duration.ZERO));
        }
    }

    @Test
    void authorizerThatThrows_keepsOut() throws Exception {
        try (var app = Applications.echo();
                var nodes = new TwoNodes(app.address())) {
            nodes.authorizer = request -> {
                throw BROKEN;
            };
            assertThat(closedByTheNode(nodes.capture.localAddress())).isZero();
            assertThat(nodes.inbound.ended(0).why).hasMessageContaining("the authorizer failed");
            assertThat(nodes.outbound.ended(0).why.status()).isEqualTo(401);
        }
    }

    /** How much it says before. */
    private static long closedByTheNode(InetSocketAddress port) throws Exception {
        try (Socket socket = Applications.connect(port)) {
            return readToTheEnd(socket);
        }
    }
}
