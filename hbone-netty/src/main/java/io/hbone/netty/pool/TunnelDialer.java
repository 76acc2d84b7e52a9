package io.hbone.netty.pool;

import io.hbone.core.ConnectionObserver;
import io.hbone.core.ConnectionObserver.Direction;
import io.hbone.core.ConnectionObserver.TunnelDetails;
import io.hbone.core.HboneSettings;
import io.hbone.core.IdentitySource;
import io.hbone.core.SpiffeId;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.netty.h2.Tunnel;
import io.hbone.netty.h2.TunnelEvents;
import io.hbone.netty.h2.TunnelStream;
import io.hbone.netty.h2.WindowBudget;
import io.hbone.netty.socket.Addresses;
import io.hbone.netty.socket.Loops;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.TunnelOptions;
import io.hbone.netty.tls.HandshakeGate;
import io.hbone.netty.tls.PeerIdentity;
import io.hbone.netty.tls.TlsContexts;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Makes tunnels: certificate, TCP connect, TLS handshake, HTTP/2. Every step has its deadline. Any thread. */
public final class TunnelDialer implements PeerTunnels.Dialer {

    /** Handlers are added when the connection is there. */
    private static final ChannelHandler NO_HANDLER = new ChannelHandlerAdapter() {
        @Override
        public boolean isSharable() {
            return true;
        }
    };

    private final WorkloadIdentity self;
    private final IdentitySource identities;
    private final TlsContexts tls;
    private final HboneSettings settings;
    private final Sockets sockets;
    private final WindowBudget budget;
    private final ConnectionObserver observer;

    private final AtomicInteger alive = new AtomicInteger();
    private final Promise<Void> noneIsLeft = GlobalEventExecutor.INSTANCE.newPromise();
    private volatile boolean waitedFor;

    public TunnelDialer(
            WorkloadIdentity self,
            IdentitySource identities,
            TlsContexts tls,
            HboneSettings settings,
            Sockets sockets,
            WindowBudget budget,
            ConnectionObserver observer) {
        this.self = self;
        this.identities = identities;
        this.tls = tls;
        this.settings = settings;
        this.sockets = sockets;
        this.budget = budget;
        this.observer = observer;
    }

    @Nullable WorkloadCertificate newestCertificate() {
        return identities.current(self);
    }

    /** How a dial ended; called once, on the loop of the channel. */
    public interface Result extends TunnelEvents {
        void dialed(Tunnel tunnel, WorkloadCertificate certificate);

        void failed(TunnelException why);

        @Override
        default void incoming(TunnelStream stream, Http2Headers request) {
            throw new IllegalStateException("a server opened " + stream);
        }
    }

    /** Done when no tunnel is left of those that were made; for when no more are. */
    Future<Void> whenNoneIsLeft() {
        waitedFor = true;
        completeIfNoneIsLeft();
        return noneIsLeft;
    }

    private void completeIfNoneIsLeft() {
        if (waitedFor && alive.get() == 0) {
            noneIsLeft.trySuccess(null);
        }
    }

    @Override
    public void dial(Peer peer, EventLoop loop, PeerTunnels pool) {
        withCertificate(loop, new PoolResult(pool), (certificate, result) -> connect(peer, loop, certificate, result));
    }

    /** Makes a tunnel to {@code expected} over a channel that is connected already, and is nobody else's. */
    public void secure(Channel channel, Set<SpiffeId> expected, Result result) {
        withCertificate(
                channel.eventLoop(),
                result,
                (certificate, r) -> channel.pipeline().addLast(handshake(channel, expected, certificate, r)));
    }

    private interface CertificateUser {
        void use(WorkloadCertificate certificate, Result result);
    }

    private void withCertificate(EventLoop loop, Result result, CertificateUser user) {
        WorkloadCertificate current = identities.current(self);
        if (current != null) {
            user.use(current, result);
            return;
        }
        identities
                .certificate(self)
                .whenComplete((fetched, failure) -> loop.execute(() -> {
                    if (fetched != null) {
                        user.use(fetched, result);
                    } else {
                        result.failed(identityFailure(failure));
                    }
                }));
    }

    private TunnelException identityFailure(@Nullable Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return cause instanceof TunnelException known
                ? known
                : new TunnelException(
                        TunnelError.CERTIFICATE_UNAVAILABLE, "no certificate for " + self + ": " + cause, cause);
    }

    private void connect(Peer peer, EventLoop loop, WorkloadCertificate certificate, Result result) {
        Bootstrap bootstrap = sockets.connector(loop, peer.address().getAddress())
                .option(ChannelOption.AUTO_READ, true)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, false)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        settings.connectTimeout().toMillis())
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, TunnelOptions.WATER_MARK)
                .option(ChannelOption.RECVBUF_ALLOCATOR, TunnelOptions.READ_SIZES)
                .handler(NO_HANDLER);
        sockets.make(
                loop,
                () -> bootstrap.connect(peer.address()),
                dialled -> Loops.whenDone(loop, dialled, connected -> {
                    if (connected.isSuccess()) {
                        Channel channel = connected.channel();
                        channel.pipeline().addLast(handshake(channel, peer.expected(), certificate, result));
                    } else {
                        result.failed(connectFailure(peer, connected.cause()));
                    }
                }));
    }

    private static TunnelException connectFailure(Peer peer, Throwable cause) {
        return cause instanceof ConnectTimeoutException
                ? new TunnelException(
                        TunnelError.TUNNEL_CONNECT_TIMEOUT,
                        "connection to " + Addresses.text(peer.address())
                                + " timed out, maybe a NetworkPolicy is blocking HBONE port "
                                + peer.address().getPort(),
                        cause)
                : new TunnelException(
                        TunnelError.TUNNEL_CONNECT_FAILED,
                        "connection failed: " + Addresses.reason(cause, peer.address()),
                        cause);
    }

    private ChannelHandler[] handshake(
            Channel channel, Set<SpiffeId> expected, WorkloadCertificate certificate, Result result) {
        SslHandler handler = tls.newClientHandler(channel.alloc(), certificate, expected, settings.handshakeTimeout());
        return new ChannelHandler[] {
            handler, new HandshakeGate(handler, true, new Handshake(channel, certificate, result))
        };
    }

    private final class Handshake implements HandshakeGate.Outcome {
        private final Channel channel;
        private final WorkloadCertificate certificate;
        private final Result result;
        private @Nullable Tunnel tunnel;

        Handshake(Channel channel, WorkloadCertificate certificate, Result result) {
            this.channel = channel;
            this.certificate = certificate;
            this.result = result;
        }

        @Override
        public ChannelHandler secured(PeerIdentity peer) {
            TunnelDetails details = new TunnelDetails(
                    Direction.OUTBOUND,
                    (InetSocketAddress) channel.localAddress(),
                    (InetSocketAddress) channel.remoteAddress(),
                    peer.id(),
                    peer.cipherSuite(),
                    certificate.serial());
            observer.tunnelOpened(details);
            alive.incrementAndGet();
            tunnel = Tunnel.client(settings, budget, new Reporting(result, details));
            return tunnel;
        }

        @Override
        public void installed() {
            result.dialed(Objects.requireNonNull(tunnel), certificate);
        }

        @Override
        public void failed(TunnelException why) {
            result.failed(why);
        }
    }

    /** What a tunnel of the pool reports. */
    record PoolResult(PeerTunnels pool) implements Result {
        @Override
        public void dialed(Tunnel tunnel, WorkloadCertificate certificate) {
            pool.dialed(tunnel, certificate);
        }

        @Override
        public void failed(TunnelException why) {
            pool.dialFailed(why);
        }

        @Override
        public void roomChanged(Tunnel tunnel) {
            pool.roomChanged(tunnel);
        }

        @Override
        public void goingAway(Tunnel tunnel) {
            pool.remove(tunnel);
        }

        @Override
        public void closed(Tunnel tunnel, @Nullable TunnelException why) {
            pool.remove(tunnel);
        }
    }

    /** Passes on what happens, and tells the observer of the end. */
    private final class Reporting implements TunnelEvents {
        private final Result result;
        private final TunnelDetails details;

        Reporting(Result result, TunnelDetails details) {
            this.result = result;
            this.details = details;
        }

        @Override
        public void incoming(TunnelStream stream, Http2Headers request) {
            result.incoming(stream, request);
        }

        @Override
        public void roomChanged(Tunnel tunnel) {
            result.roomChanged(tunnel);
        }

        @Override
        public void goingAway(Tunnel tunnel) {
            result.goingAway(tunnel);
        }

        @Override
        public void closed(Tunnel tunnel, @Nullable TunnelException why) {
            observer.tunnelClosed(details, why);
            result.closed(tunnel, why);
            alive.decrementAndGet();
            completeIfNoneIsLeft();
        }
    }
}
