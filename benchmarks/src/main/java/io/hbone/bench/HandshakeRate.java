package io.hbone.bench;

import io.hbone.bench.harness.ClosedLoop;
import io.hbone.bench.harness.Loopback;
import io.hbone.core.ConnectionObserver;
import io.hbone.core.HboneSettings;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.netty.HboneServer;
import io.hbone.netty.h2.Tunnel;
import io.hbone.netty.h2.WindowBudget;
import io.hbone.netty.pool.TunnelDialer;
import io.hbone.netty.socket.Transport;
import io.hbone.netty.tls.TlsContexts;
import io.hbone.netty.tls.TlsProvider;
import io.netty.channel.ChannelFuture;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.util.Locale;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * How many tunnels a second can be made and ended: TCP connect, full TLS 1.3 handshake with certificates of both sides, HTTP/2
 * prefaces, GOAWAY, close. One event loop at each end, both in this JVM: the work of client and server together.
 *
 * <p>An operation is one tunnel. There is no resumption. Both ends verify the peer's signature every time; the peer's certificate
 * chain has been seen before, as it has in a mesh, so that its path is not validated again.
 */
@State(Scope.Benchmark)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class HandshakeRate {

    private static final int BATCH = 32;

    @Param({"openssl", "jdk"})
    public String provider = "";

    @Param("epoll")
    public String transport = "";

    /** How many tunnels are on their way at a time. */
    @Param({"1", "16"})
    public int inFlight;

    @SuppressWarnings("NullAway.Init") // by @Setup
    private Loopback loopback;

    @SuppressWarnings("NullAway.Init") // by @Setup
    private HboneServer server;

    @SuppressWarnings("NullAway.Init") // by @Setup
    private TlsContexts tls;

    @SuppressWarnings("NullAway.Init") // by @Setup
    private TunnelDialer dialer;

    @SuppressWarnings("NullAway.Init") // by @Setup
    private ClosedLoop handshakes;

    /** The provider is chosen once for a process: each one needs a fork of its own. */
    @Setup
    public void listen() {
        System.setProperty(TlsProvider.PROPERTY, provider);
        TlsProvider chosen = TlsProvider.preferred();
        if (!chosen.name().toLowerCase(Locale.ROOT).equals(provider)) {
            throw new IllegalStateException("TLS provider: " + chosen + " (expected: " + provider + ", with -f 1)");
        }
        loopback = new Loopback(Transport.of(transport));
        server = loopback.newServer(stream -> stream.reject(503), new Denials());
        tls = new TlsContexts(chosen);
        dialer = new TunnelDialer(
                loopback.client(),
                loopback.identities(),
                tls,
                HboneSettings.DEFAULT,
                loopback.sockets(),
                new WindowBudget(0),
                ConnectionObserver.NONE);
        handshakes = new ClosedLoop(loopback.clientLoop(), inFlight, this::dialAndEnd);
    }

    private Future<?> dialAndEnd() {
        Promise<Void> ended = loopback.clientLoop().newPromise();
        loopback.connect(server.localAddress(), channel -> {}).addListener((ChannelFuture connected) -> {
            if (connected.isSuccess()) {
                dialer.secure(connected.channel(), loopback.expectedServers(), new EndAtOnce(ended));
            } else {
                ended.setFailure(connected.cause());
            }
        });
        return ended;
    }

    @TearDown
    public void close() {
        server.close();
        tls.close();
        loopback.close();
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void tunnels() throws InterruptedException {
        handshakes.run(BATCH);
    }

    /** Ends a tunnel as soon as it is up. */
    private record EndAtOnce(Promise<Void> ended) implements TunnelDialer.Result {
        @Override
        public void dialed(Tunnel tunnel, WorkloadCertificate certificate) {
            tunnel.channel().closeFuture().addListener(closed -> ended.setSuccess(null));
            tunnel.drain();
        }

        @Override
        public void failed(TunnelException why) {
            ended.setFailure(why);
        }
    }

    /** A client may be done before the server has judged it: a refusal is no tunnel. */
    private final class Denials implements ConnectionObserver {
        @Override
        public void denied(
                Direction direction, InetSocketAddress source, InetSocketAddress destination, TunnelException why) {
            handshakes.fail(why);
        }
    }
}
