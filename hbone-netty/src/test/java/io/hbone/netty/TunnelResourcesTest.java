package io.hbone.netty;

import static io.hbone.netty.ClientAndServer.CLIENT;
import static io.hbone.netty.ClientAndServer.SERVER;
import static io.hbone.netty.ClientAndServer.TRANSPORT;
import static io.hbone.netty.ClientAndServer.accepting;
import static io.hbone.netty.ClientAndServer.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.core.HboneSettings;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.h2.WindowBudget;
import io.hbone.netty.socket.SocketFactory;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.testing.Leaks;
import io.hbone.netty.testing.TestPki;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many clients and servers in one process: what they share, and where their sockets come to be. */
@Timeout(60)
class TunnelResourcesTest {

    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final TestPki.Source identities = TestPki.source(CLIENT, SERVER);
    private final EventLoopGroup loops = TRANSPORT.newEventLoopGroup(2, "many");
    private final TunnelResources resources = TunnelResources.of(HboneSettings.DEFAULT);
    private final List<AutoCloseable> users = new ArrayList<>();

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable user : users) {
            user.close();
        }
        // Some time for tunnels to end: what is still open when its loop ends is never released.
        loops.shutdownGracefully(100, 10_000, TimeUnit.MILLISECONDS).sync();
        resources.close();
        Leaks.report();
    }

    /** Makes sockets right here, and remembers which and on what thread. */
    private static final class Place implements SocketFactory {
        final Queue<Channel> made = new ConcurrentLinkedQueue<>();
        final Queue<Thread> threads = new ConcurrentLinkedQueue<>();

        @Override
        public <C extends Channel> C create(ChannelFactory<C> constructor) {
            C channel = constructor.newChannel();
            made.add(channel);
            threads.add(Thread.currentThread());
            return channel;
        }
    }

    /** A namespace that has been removed. */
    private static final SocketFactory GONE = new SocketFactory() {
        @Override
        public <C extends Channel> C create(ChannelFactory<C> constructor) {
            throw new ChannelException("the namespace is gone");
        }
    };

    private HboneServer server(SocketFactory place) throws Exception {
        HboneServer server = HboneServer.builder(
                        TestPki.identityOf(SERVER), identities, accepting(stream -> new ChannelInboundHandlerAdapter()))
                .group(loops)
                .resources(resources)
                .sockets(Sockets.of(TRANSPORT).withFactory(place))
                .bind(ANY_PORT)
                .get();
        users.add(server);
        return server;
    }

    private HboneClient client(SocketFactory place) {
        HboneClient client = HboneClient.builder(TestPki.identityOf(CLIENT), identities)
                .group(loops)
                .resources(resources)
                .sockets(Sockets.of(TRANSPORT).withFactory(place))
                .build();
        users.add(client);
        return client;
    }

    private static Channel connect(HboneClient client, HboneServer server) throws Exception {
        return client.connect(
                        server.localAddress(), Set.of(SERVER.id()), request(80), new ChannelInboundHandlerAdapter())
                .get(20, TimeUnit.SECONDS);
    }

    @Test
    void shared_byManyClientsAndServers_areClosedByTheirOwnerAlone() throws Exception {
        HboneServer first = server(SocketFactory.HERE);
        HboneServer second = server(SocketFactory.HERE);
        HboneClient one = client(SocketFactory.HERE);
        HboneClient other = client(SocketFactory.HERE);
        assertThat(connect(one, first).isActive()).isTrue();
        one.close();
        first.close();
        assertThat(connect(other, second).isActive()).isTrue();
        resources.close();
        resources.close();
        assertThatThrownBy(() -> resources.prepare(CLIENT)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void budget_isThatOfTheProcess() {
        TunnelResources small = TunnelResources.of(
                HboneSettings.builder().processWindowBudget(100).build());
        WindowBudget budget = small.budget();
        assertThat(budget).isSameAs(small.budget());
        assertThat(small.windowBudgetUsed()).isZero();
        small.close();
    }

    @Test
    void sockets_ofClientsAndServers_comeFromTheirFactory_onTheRightThread() throws Exception {
        Place inside = new Place();
        Place outside = new Place();
        HboneServer server = server(inside);
        HboneClient client = client(outside);
        Channel stream = connect(client, server);
        assertThat(inside.made).singleElement().isInstanceOf(ServerChannel.class);
        assertThat(inside.threads).containsExactly(Thread.currentThread());
        assertThat(outside.made).containsExactly(stream.parent());
        assertThat(outside.threads)
                .containsExactly(
                        stream.eventLoop().submit(Thread::currentThread).get());
    }

    @Test
    void socket_thatCannotBeMade_failsTheBind() {
        assertThatThrownBy(() -> server(GONE)).hasRootCauseMessage("the namespace is gone");
    }

    @Test
    void socket_thatCannotBeMade_failsTheDialAndTheNextOneWorks() throws Exception {
        HboneServer server = server(SocketFactory.HERE);
        assertThatThrownBy(() -> connect(client(GONE), server))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        TunnelException.class,
                        failure -> assertThat(failure.error()).isEqualTo(TunnelError.TUNNEL_CONNECT_FAILED))
                .hasMessage("connection failed: the namespace is gone");
        assertThat(connect(client(SocketFactory.HERE), server).isActive()).isTrue();
    }
}
