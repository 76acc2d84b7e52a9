package io.hbone.netty;

import static io.hbone.netty.ClientAndServer.CLIENT;
import static io.hbone.netty.ClientAndServer.LONG_ENOUGH;
import static io.hbone.netty.ClientAndServer.SERVER;
import static io.hbone.netty.ClientAndServer.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hbone.core.Baggage;
import io.hbone.core.ConnectionObserver;
import io.hbone.core.HboneSettings;
import io.hbone.core.ResponseFlag;
import io.hbone.core.RevocationSource;
import io.hbone.core.Revocations;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.testing.Leaks;
import io.hbone.netty.testing.TestPki;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.Future;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A revocation list that changes under a whole client and a whole server, over real TLS and real sockets. */
@Timeout(120)
class RevocationOverTlsTest {

    /** Lists that change when a test says so. */
    private static final class Lists implements RevocationSource {
        private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
        private volatile Revocations current = Revocations.NONE;

        void revoke(X509Certificate certificate) {
            BigInteger revoked = certificate.getSerialNumber();
            current = (serial, issuer) -> serial.equals(revoked)
                    && issuer.getSubjectX500Principal().equals(certificate.getIssuerX500Principal());
            listeners.forEach(Runnable::run);
        }

        @Override
        public Revocations current() {
            return current;
        }

        @Override
        public Subscription subscribe(Runnable changed) {
            listeners.add(changed);
            return () -> listeners.remove(changed);
        }
    }

    private static final class Failures implements ConnectionObserver {
        final List<TunnelException> tunnels = new CopyOnWriteArrayList<>();
        final List<TunnelException> denied = new CopyOnWriteArrayList<>();

        @Override
        public void tunnelClosed(TunnelDetails tunnel, TunnelException why) {
            if (why != null) {
                tunnels.add(why);
            }
        }

        @Override
        public void denied(
                Direction direction, InetSocketAddress source, InetSocketAddress destination, TunnelException why) {
            denied.add(why);
        }
    }

    /** One end of a stream: how it ended. */
    private static final class End extends ChannelInboundHandlerAdapter {
        final CompletableFuture<Void> closed = new CompletableFuture<>();

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            closed.complete(null);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    private final Lists ofTheClient = new Lists();
    private final Lists ofTheServer = new Lists();
    private final TunnelResources clients = TunnelResources.of(HboneSettings.DEFAULT, ofTheClient);
    private final TunnelResources servers = TunnelResources.of(HboneSettings.DEFAULT, ofTheServer);
    private final TestPki.Source identities = TestPki.source(CLIENT, SERVER);
    private final EventLoopGroup loops = TRANSPORT.newEventLoopGroup(2, "test");
    private final Failures seenByTheClient = new Failures();
    private final Failures seenByTheServer = new Failures();
    private final List<End> atServer = new CopyOnWriteArrayList<>();
    private HboneServer server;
    private HboneClient client;

    @BeforeEach
    void open() throws Exception {
        StreamAcceptor acceptor = stream -> {
            End end = new End();
            atServer.add(end);
            stream.accept(Baggage.EMPTY, end);
        };
        server = HboneServer.builder(TestPki.identityOf(SERVER), identities, acceptor)
                .resources(servers)
                .sockets(Sockets.of(TRANSPORT))
                .group(loops)
                .observer(seenByTheServer)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .get();
        client = HboneClient.builder(TestPki.identityOf(CLIENT), identities)
                .resources(clients)
                .sockets(Sockets.of(TRANSPORT))
                .group(loops)
                .observer(seenByTheClient)
                .build();
    }

    @AfterEach
    void close() throws Exception {
        client.close();
        server.close();
        loops.shutdownGracefully(100, 10_000, TimeUnit.MILLISECONDS).sync();
        clients.close();
        servers.close();
        Leaks.report();
    }

    private Future<Channel> connect(int number, End end) {
        return client.connect(server.localAddress(), Set.of(SERVER.id()), ClientAndServer.request(number), end);
    }

    /** A stream that is up at both ends. */
    private End established() throws Exception {
        End end = new End();
        connect(1, end).get(LONG_ENOUGH.toSeconds(), TimeUnit.SECONDS);
        await().atMost(LONG_ENOUGH).until(() -> atServer.size() == 1);
        return end;
    }

    private static void awaitClosed(End end) throws Exception {
        end.closed.get(LONG_ENOUGH.toSeconds(), TimeUnit.SECONDS);
    }

    private static void awaitRevoked(List<TunnelException> failures) {
        await().atMost(LONG_ENOUGH)
                .untilAsserted(() -> assertThat(failures).anySatisfy(RevocationOverTlsTest::assertRevoked));
    }

    private static void assertRevoked(Throwable failure) {
        assertThat(failure).isInstanceOfSatisfying(TunnelException.class, why -> {
            assertThat(why.error()).isEqualTo(TunnelError.PEER_CERTIFICATE_REVOKED);
            assertThat(why.flag()).isEqualTo(ResponseFlag.CERT_REVOKED);
        });
    }

    private Throwable refused(int number) throws Exception {
        Future<Channel> again = connect(number, new End());
        assertThat(again.await(LONG_ENOUGH.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(again.isSuccess()).isFalse();
        return again.cause();
    }

    @Test
    void crl_revokedClient_isCutOff_andItsNextConnectionIsRefused() throws Exception {
        End end = established();
        ofTheServer.revoke(CLIENT.leaf());
        awaitRevoked(seenByTheServer.tunnels);
        awaitClosed(atServer.get(0));
        awaitClosed(end);

        refused(2);
        awaitRevoked(seenByTheServer.denied);
        assertThat(atServer).hasSize(1);
    }

    @Test
    void crl_revokedServer_isCutOff_andNoNewTunnelIsOpenedToIt() throws Exception {
        End end = established();
        ofTheClient.revoke(SERVER.leaf());
        awaitRevoked(seenByTheClient.tunnels);
        awaitClosed(end);
        awaitClosed(atServer.get(0));

        assertRevoked(refused(2));
        assertThat(atServer).hasSize(1);
    }

    @Test
    void crl_ofSomebodyElse_leavesTunnelAndStreamAlone() throws Exception {
        End end = established();
        ofTheServer.revoke(SERVER.leaf());
        ofTheClient.revoke(CLIENT.leaf());

        connect(2, new End()).get(LONG_ENOUGH.toSeconds(), TimeUnit.SECONDS);
        assertThat(end.closed).isNotDone();
        assertThat(seenByTheClient.tunnels).isEmpty();
        assertThat(seenByTheServer.tunnels).isEmpty();
    }
}
