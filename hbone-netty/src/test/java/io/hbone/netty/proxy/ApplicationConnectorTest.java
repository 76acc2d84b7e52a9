package io.hbone.netty.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.core.HboneSettings;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.socket.OriginalSource;
import io.hbone.netty.socket.SocketFactory;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.Transport;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFactory;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.DuplexChannel;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Connects to applications. */
@Timeout(60)
class ApplicationConnectorTest {

    /** Another address of the loopback interface: anybody may bear it, with options that NIO does not know. */
    private static final InetSocketAddress CLIENT = new InetSocketAddress("127.0.0.77", 4711);

    private static final InetSocketAddress DISCARD = new InetSocketAddress("127.0.0.1", 9);

    /** Cannot make sockets. */
    private static final SocketFactory NOWHERE = new SocketFactory() {
        @Override
        public <C extends Channel> C create(ChannelFactory<C> constructor) {
            throw new ChannelException("the namespace is gone");
        }
    };

    /** Of another family than the applications here. */
    private static final InetSocketAddress CLIENT_V6 = new InetSocketAddress("2001:db8::1", 4711);

    private final EventLoopGroup loops = TwoNodes.TRANSPORT.newEventLoopGroup(1, "app");
    private final EventLoopGroup nioLoops = Transport.NIO.newEventLoopGroup(1, "nio");

    @AfterEach
    void stop() throws Exception {
        loops.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
        nioLoops.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
    }

    @Test
    void anApplicationSeesOurAddressUnlessToldOtherwise() throws Exception {
        assertThat(seenBy(TwoNodes.TRANSPORT, OriginalSource.OFF, CLIENT)).isEqualTo("127.0.0.1");
        assertThat(seenBy(TwoNodes.TRANSPORT, OriginalSource.AUTO, null)).isEqualTo("127.0.0.1");
        assertThat(seenBy(TwoNodes.TRANSPORT, OriginalSource.ON, CLIENT_V6)).isEqualTo("127.0.0.1");
    }

    @Test
    void aTransportThatCannotBorrowAddressesUsesOurs() throws Exception {
        assertThat(seenBy(Transport.NIO, OriginalSource.AUTO, CLIENT)).isEqualTo("127.0.0.1");
        assertThat(seenBy(Transport.NIO, OriginalSource.AUTO, CLIENT)).isEqualTo("127.0.0.1");
    }

    @Test
    void aTransportThatCannotBorrowAddressesFailsWhenItMust() {
        assertThatThrownBy(() -> seenBy(Transport.NIO, OriginalSource.ON, CLIENT))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        TunnelException.class,
                        failure -> assertThat(failure.error()).isEqualTo(TunnelError.DESTINATION_CONNECT_FAILED))
                .hasMessageContaining("127.0.0.77")
                .hasMessageContaining("ENABLE_ORIG_SRC");
    }

    @Test
    void aRefusalIsReported() throws Exception {
        InetSocketAddress closed = TunnelledTest.closedPort();
        Outcome outcome = new Outcome();
        new ApplicationConnector(Sockets.of(TwoNodes.TRANSPORT), HboneSettings.DEFAULT)
                .connect(loops.next(), closed, null, outcome);
        assertThatThrownBy(() -> outcome.future.get(20, TimeUnit.SECONDS))
                .cause()
                .isInstanceOfSatisfying(
                        TunnelException.class,
                        failure -> assertThat(failure.error()).isEqualTo(TunnelError.DESTINATION_CONNECT_FAILED))
                .hasMessageContaining("connection failed");
    }

    @Test
    void aConnectThatIsGivenUpIsReported() throws Exception {
        Outcome outcome = new Outcome();
        // nobody answers there (RFC 5737)
        new ApplicationConnector(Sockets.of(TwoNodes.TRANSPORT), HboneSettings.DEFAULT)
                .connect(loops.next(), new InetSocketAddress("192.0.2.1", 9), null, outcome);
        outcome.dialing.get(20, TimeUnit.SECONDS).close().sync();
        assertThatThrownBy(() -> outcome.future.get(20, TimeUnit.SECONDS)).hasCauseInstanceOf(TunnelException.class);
    }

    @Test
    void aSocketThatCannotBeMade_isReportedOnTheEventLoop_withOrWithoutAnAddressToBorrow() throws Exception {
        for (InetSocketAddress source : Arrays.asList(null, CLIENT)) {
            Outcome outcome = new Outcome();
            EventLoop loop = loops.next();
            Sockets sockets = Sockets.of(TwoNodes.TRANSPORT)
                    .withOriginalSource(OriginalSource.AUTO)
                    .withFactory(NOWHERE);
            ApplicationConnector connector = new ApplicationConnector(sockets, HboneSettings.DEFAULT);
            loop.execute(() -> connector.connect(loop, DISCARD, source, outcome));
            assertThatThrownBy(() -> outcome.future.get(20, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOf(TunnelException.class)
                    .hasMessage("connection failed: the namespace is gone");
            assertThat(outcome.dialing).isNotDone();
            assertThat(outcome.thread)
                    .isEqualTo(loop.submit(Thread::currentThread).get());
        }
    }

    /** Netty closes what it cannot register; to close it once more was an exception in the log. */
    @Test
    void aConnectOnLoopsThatHaveEnded_isReported() throws Exception {
        EventLoop loop = loops.next();
        loops.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
        for (InetSocketAddress source : Arrays.asList(null, CLIENT)) {
            Outcome outcome = new Outcome();
            Sockets sockets = Sockets.of(TwoNodes.TRANSPORT).withOriginalSource(OriginalSource.AUTO);
            new ApplicationConnector(sockets, HboneSettings.DEFAULT).connect(loop, DISCARD, source, outcome);
            assertThatThrownBy(() -> outcome.future.get(20, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(TunnelException.class);
            assertThat(outcome.dialing).isNotDone();
        }
    }

    /** As for a pod's namespace: an event loop can neither enter it nor wait for a thread that does. */
    @Test
    void aSocketThatIsMadeOnAnotherThread_livesOnTheEventLoopAllTheSame() throws Exception {
        ExecutorService elsewhere = Executors.newSingleThreadExecutor();
        AtomicReference<Thread> maker = new AtomicReference<>();
        SocketFactory place = new SocketFactory() {
            @Override
            public <C extends Channel> C create(ChannelFactory<C> constructor) {
                maker.set(Thread.currentThread());
                return constructor.newChannel();
            }

            @Override
            public void enter(Runnable making) {
                elsewhere.execute(making);
            }
        };
        try (var app = Applications.manual()) {
            EventLoop loop = loops.next();
            Outcome outcome = new Outcome();
            new ApplicationConnector(Sockets.of(TwoNodes.TRANSPORT).withFactory(place), HboneSettings.DEFAULT)
                    .connect(loop, app.address(), null, outcome);
            DuplexChannel channel = outcome.future.get(20, TimeUnit.SECONDS);
            assertThat(channel.eventLoop()).isSameAs(loop);
            assertThat(outcome.dialing.get()).isSameAs(channel);
            assertThat(maker.get())
                    .isEqualTo(elsewhere.submit(Thread::currentThread).get());
            channel.close().sync();
        } finally {
            elsewhere.shutdownNow();
        }
    }

    @Test
    void aRefusal_namesTheAddressAsOperatorsWriteIt() throws Exception {
        InetSocketAddress closed = TunnelledTest.closedPort();
        Outcome outcome = new Outcome();
        new ApplicationConnector(Sockets.of(TwoNodes.TRANSPORT), HboneSettings.DEFAULT)
                .connect(loops.next(), closed, null, outcome);
        assertThatThrownBy(() -> outcome.future.get(20, TimeUnit.SECONDS))
                .cause()
                .message()
                .contains(" 127.0.0.1:" + closed.getPort())
                .doesNotContain("/127.0.0.1");
    }

    private String seenBy(Transport transport, OriginalSource mode, @Nullable InetSocketAddress source)
            throws Exception {
        EventLoopGroup group = transport == TwoNodes.TRANSPORT ? loops : nioLoops;
        try (var app = Applications.manual()) {
            Outcome outcome = new Outcome();
            new ApplicationConnector(Sockets.of(transport).withOriginalSource(mode), HboneSettings.DEFAULT)
                    .connect(group.next(), app.address(), source, outcome);
            DuplexChannel channel = outcome.future.get(20, TimeUnit.SECONDS);
            try (Socket served = app.next()) {
                return served.getInetAddress().getHostAddress();
            } finally {
                channel.close().sync();
            }
        }
    }

    private static final class Outcome implements ApplicationConnector.Result {
        final CompletableFuture<DuplexChannel> future = new CompletableFuture<>();
        final CompletableFuture<Channel> dialing = new CompletableFuture<>();
        volatile Thread thread;

        @Override
        public void dialing(Channel connection) {
            dialing.complete(connection);
        }

        @Override
        public void connected(DuplexChannel application) {
            future.complete(application);
        }

        @Override
        public void failed(TunnelException why) {
            thread = Thread.currentThread();
            future.completeExceptionally(why);
        }
    }
}
