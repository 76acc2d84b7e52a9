package io.hbone.netty.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.core.HboneSettings;
import io.hbone.core.InboundRouter;
import io.hbone.core.Route;
import io.hbone.core.TunnelError;
import io.hbone.core.WorkloadIdentity;
import io.hbone.core.WorkloadMetadata;
import io.hbone.netty.TunnelResources;
import io.hbone.netty.pool.TunnelPool;
import io.hbone.netty.socket.OriginalSource;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.Transport;
import io.hbone.netty.testing.TestPki;
import io.netty.channel.EventLoopGroup;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the JDK's own sockets cannot do, and what is done instead; {@link RedirectTest} shows it on the others. */
@Timeout(60)
class NioTest {

    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final EventLoopGroup loops = Transport.NIO.newEventLoopGroup(1, "nio");
    private final Recorder seen = new Recorder();

    @AfterEach
    void stop() throws Exception {
        loops.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
    }

    /** As the kernel cannot be asked where it was meant to go, a redirected connection looks like one to the listener itself. */
    @Test
    void aCapturedConnection_isRefused_andGoesNowhereElse() throws Exception {
        TestPki pki = TestPki.ca("cluster.local");
        var certificate = pki.workload("default", "client");
        WorkloadIdentity self = TestPki.identityOf(certificate);
        Sockets sockets = Sockets.of(Transport.NIO);
        TunnelPool pool = TunnelResources.of(HboneSettings.DEFAULT)
                .newPool(self, TestPki.source(certificate), HboneSettings.DEFAULT, sockets, seen);
        OutboundListener capture = OutboundListener.builder(
                        self,
                        connection -> CompletableFuture.completedFuture(
                                new Route.Direct(connection.destination(), WorkloadMetadata.UNKNOWN, null, "test")),
                        pool)
                .sockets(sockets)
                .observer(seen)
                .bind(loops, ANY_PORT)
                .get();
        try (Socket socket = Applications.connect(capture.localAddress())) {
            assertThat(Applications.readToTheEnd(socket)).isZero();
        }
        assertThat(seen.firstDenied().why().error()).isEqualTo(TunnelError.RECURSIVE_CALL);
        assertThat(seen.connections).isEmpty();
        pool.drain().sync();
    }

    @Test
    void aListenerThatMayBeTransparent_isNot() throws Exception {
        PlaintextListener listener = listener(OriginalSource.AUTO);
        assertThat(listener.localAddress().getPort()).isPositive();
        listener.drain(Duration.ZERO).sync();
    }

    @Test
    void aListenerThatMustBeTransparent_isNotBound() {
        assertThatThrownBy(() -> listener(OriginalSource.ON))
                .cause()
                .isInstanceOf(BindException.class)
                .hasMessageContaining("cannot be transparent")
                .hasMessageContaining("IP_TRANSPARENT is unknown to this transport (expected: epoll or io_uring)");
    }

    private PlaintextListener listener(OriginalSource mode) throws Exception {
        InboundRouter nowhere = connection -> CompletableFuture.failedFuture(new IllegalStateException("not asked"));
        return PlaintextListener.builder(nowhere)
                .sockets(Sockets.of(Transport.NIO).withOriginalSource(mode))
                .bind(loops, ANY_PORT)
                .get();
    }
}
