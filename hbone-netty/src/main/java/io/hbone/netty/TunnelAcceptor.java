package io.hbone.netty;

import io.hbone.core.ConnectionObserver;
import io.hbone.core.ConnectionObserver.Direction;
import io.hbone.core.ConnectionObserver.TunnelDetails;
import io.hbone.core.HboneSettings;
import io.hbone.core.IdentitySource;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.netty.h2.ConnectHeaders;
import io.hbone.netty.h2.Tunnel;
import io.hbone.netty.h2.TunnelEvents;
import io.hbone.netty.h2.TunnelStream;
import io.hbone.netty.h2.WindowBudget;
import io.hbone.netty.socket.TunnelOptions;
import io.hbone.netty.tls.HandshakeGate;
import io.hbone.netty.tls.PeerIdentity;
import io.hbone.netty.tls.TlsContexts;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Makes tunnels of accepted connections: certificate, TLS handshake, HTTP/2; gives their streams to a {@link StreamAcceptor}.
 * The child handler of a listener; any thread.
 */
@ChannelHandler.Sharable
final class TunnelAcceptor extends ChannelInitializer<Channel> {

    private final WorkloadIdentity self;
    private final IdentitySource identities;
    private final TlsContexts tls;
    private final HboneSettings settings;
    private final WindowBudget budget;
    private final ConnectionObserver observer;
    private final StreamAcceptor acceptor;
    private final RandomGenerator random;

    private final Set<Channel> handshaking = ConcurrentHashMap.newKeySet();
    private final Set<Tunnel> tunnels = ConcurrentHashMap.newKeySet();
    private final Promise<Void> drained = GlobalEventExecutor.INSTANCE.newPromise();
    private volatile boolean draining;
    private volatile boolean cutOff;

    TunnelAcceptor(
            WorkloadIdentity self,
            IdentitySource identities,
            TlsContexts tls,
            HboneSettings settings,
            WindowBudget budget,
            ConnectionObserver observer,
            StreamAcceptor acceptor,
            RandomGenerator random) {
        this.self = self;
        this.identities = identities;
        this.tls = tls;
        this.settings = settings;
        this.budget = budget;
        this.observer = observer;
        this.acceptor = acceptor;
        this.random = random;
    }

    @Override
    protected void initChannel(Channel channel) {
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
        channel.config().setOption(ChannelOption.WRITE_BUFFER_WATER_MARK, TunnelOptions.WATER_MARK);
        channel.config().setOption(ChannelOption.RECVBUF_ALLOCATOR, TunnelOptions.READ_SIZES);
        handshaking.add(channel);
        channel.closeFuture().addListener(closed -> {
            handshaking.remove(channel);
            completeIfDrained();
        });
        WorkloadCertificate current = identities.current(self);
        if (current != null) {
            secure(channel, current);
            return;
        }
        identities
                .certificate(self)
                .whenComplete((certificate, failure) -> channel.eventLoop().execute(() -> {
                    if (certificate != null) {
                        secure(channel, certificate);
                    } else {
                        deny(
                                channel,
                                new TunnelException(
                                        TunnelError.CERTIFICATE_UNAVAILABLE,
                                        "no certificate for " + self + ": " + failure,
                                        failure));
                        channel.close();
                    }
                }));
    }

    /**
     * Refuses no stream that is on its way, and no tunnel: a peer cannot know that it dialled a listener that is about to close.
     * What is left after {@code deadline} is cut off.
     */
    Future<Void> drain(Duration deadline) {
        draining = true;
        tunnels.forEach(tunnel -> tunnel.channel().eventLoop().execute(tunnel::drain));
        GlobalEventExecutor.INSTANCE.schedule(this::cutOff, deadline.toNanos(), TimeUnit.NANOSECONDS);
        completeIfDrained();
        return drained;
    }

    private void cutOff() {
        cutOff = true;
        handshaking.forEach(Channel::close);
        tunnels.forEach(tunnel -> tunnel.channel().eventLoop().execute(() -> tunnel.close(drainedAway())));
    }

    private static TunnelException drainedAway() {
        return new TunnelException(TunnelError.DRAINED, "connection closed due to connection drain");
    }

    private void completeIfDrained() {
        if (draining && tunnels.isEmpty() && handshaking.isEmpty()) {
            drained.trySuccess(null);
        }
    }

    private void secure(Channel channel, WorkloadCertificate certificate) {
        SslHandler handler = tls.newServerHandler(channel.alloc(), certificate, settings.handshakeTimeout());
        channel.pipeline().addLast(handler, new HandshakeGate(handler, false, new Handshake(channel, certificate)));
        channel.config().setAutoRead(true);
    }

    private void deny(Channel channel, TunnelException why) {
        InetSocketAddress peer = (InetSocketAddress) channel.remoteAddress();
        InetSocketAddress local = (InetSocketAddress) channel.localAddress();
        if (peer != null && local != null) { // it may have been reset before anybody asked
            observer.denied(Direction.INBOUND, peer, local, why);
        }
    }

    private final class Handshake implements HandshakeGate.Outcome {
        private final Channel channel;
        private final WorkloadCertificate certificate;
        private @Nullable Tunnel tunnel;

        Handshake(Channel channel, WorkloadCertificate certificate) {
            this.channel = channel;
            this.certificate = certificate;
        }

        @Override
        public ChannelHandler secured(PeerIdentity peer) {
            TunnelDetails details = new TunnelDetails(
                    Direction.INBOUND,
                    (InetSocketAddress) channel.localAddress(),
                    (InetSocketAddress) channel.remoteAddress(),
                    peer.id(),
                    peer.cipherSuite(),
                    certificate.serial());
            tunnel = Tunnel.server(settings, budget, new Events(details, peer));
            observer.tunnelOpened(details);
            return tunnel;
        }

        @Override
        public void installed() {
            Tunnel installed = Objects.requireNonNull(tunnel);
            tunnels.add(installed);
            handshaking.remove(channel);
            if (cutOff) {
                installed.close(drainedAway());
            } else if (draining) {
                installed.drain();
            }
        }

        @Override
        public void failed(TunnelException why) {
            deny(channel, why);
        }
    }

    /** What a tunnel reports. */
    private final class Events implements TunnelEvents {
        private final TunnelDetails details;
        private final PeerIdentity peer;

        Events(TunnelDetails details, PeerIdentity peer) {
            this.details = details;
            this.peer = peer;
        }

        @Override
        public void incoming(TunnelStream stream, Http2Headers headers) {
            ConnectHeaders.Parsed parsed =
                    ConnectHeaders.parse(headers, random, what -> observer.tolerated(details.peer(), what));
            if (parsed.request() == null) {
                observer.denied(
                        Direction.INBOUND,
                        details.peer(),
                        details.local(),
                        new TunnelException(TunnelError.BAD_REQUEST, stream + ": " + parsed.problem()));
                stream.respond(ConnectHeaders.status(400), true);
                return;
            }
            ServerStream incoming = new ServerStream(stream, parsed.request(), peer.id(), settings);
            stream.setListener(incoming);
            acceptor.accept(incoming);
        }

        @Override
        public void closed(Tunnel tunnel, @Nullable TunnelException why) {
            tunnels.remove(tunnel);
            observer.tunnelClosed(details, why);
            completeIfDrained();
        }
    }
}
