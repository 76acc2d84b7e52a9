package io.hbone.netty;

import io.hbone.core.Baggage;
import io.hbone.core.ConnectRequest;
import io.hbone.core.HboneSettings;
import io.hbone.core.SpiffeId;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.netty.h2.StreamListener;
import io.hbone.netty.h2.Tunnel;
import io.hbone.netty.h2.TunnelStream;
import io.hbone.netty.pool.Peer;
import io.hbone.netty.pool.PendingStream;
import io.hbone.netty.pool.StreamRequester;
import io.hbone.netty.pool.TunnelDialer;
import io.hbone.netty.pool.TunnelPool;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The client over a {@link TunnelPool}. */
final class PooledHboneClient implements HboneClient {

    private final TunnelPool pool;
    private final TunnelDialer dialer;
    private final HboneSettings settings;
    private final Holdings holdings;

    PooledHboneClient(TunnelPool pool, TunnelDialer dialer, HboneSettings settings, Holdings holdings) {
        this.pool = pool;
        this.dialer = dialer;
        this.settings = settings;
        this.holdings = holdings;
    }

    @Override
    public Future<Channel> connect(
            InetSocketAddress peer, Set<SpiffeId> expectedPeers, ConnectRequest request, ChannelHandler handler) {
        return connect(holdings.workers().next(), peer, expectedPeers, request, handler);
    }

    @Override
    public Future<Channel> connect(
            EventLoop loop,
            InetSocketAddress peer,
            Set<SpiffeId> expectedPeers,
            ConnectRequest request,
            ChannelHandler handler) {
        Promise<Channel> connected = loop.newPromise();
        cancelWith(
                connected,
                pool.open(loop, new Peer(peer, expectedPeers), request, new ChannelRequester(connected, handler)));
        return connected;
    }

    @Override
    public Future<Channel> connectNested(
            EventLoop loop,
            InetSocketAddress gateway,
            Set<SpiffeId> expectedGateways,
            Set<SpiffeId> expectedPeers,
            ConnectRequest request,
            ChannelHandler handler) {
        Promise<Channel> connected = loop.newPromise();
        // the inner tunnel is for this one stream: in a shared one, all traffic would go where the gateway sent the
        // first
        ConnectRequest outerRequest = new ConnectRequest(
                request.authority(), request.baggage(), request.forwarded(), request.traceParent(), null);
        Future<Channel> outerConnected =
                connect(loop, gateway, expectedGateways, outerRequest, new ChannelInboundHandlerAdapter());
        connected.addListener(done -> {
            if (connected.isCancelled() && !outerConnected.cancel(false) && outerConnected.isSuccess()) {
                outerConnected.getNow().close();
            }
        });
        outerConnected.addListener((Future<Channel> outer) -> {
            if (outer.isSuccess() && connected.isCancelled()) {
                outer.getNow().close();
            } else if (outer.isSuccess()) {
                dialer.secure(
                        outer.getNow(), expectedPeers, new InnerTunnel(outer.getNow(), request, handler, connected));
            } else {
                connected.tryFailure(outer.cause());
            }
        });
        return connected;
    }

    /** Who cancels the future gives up the stream. */
    private static void cancelWith(Promise<Channel> connected, PendingStream stream) {
        connected.addListener(done -> {
            if (connected.isCancelled()) {
                stream.cancel();
            }
        });
    }

    @Override
    public void close() {
        pool.drain().addListener(drained -> holdings.release());
    }

    /** Makes a channel of the stream that it gets. */
    private record ChannelRequester(Promise<Channel> connected, ChannelHandler handler) implements StreamRequester {
        @Override
        public StreamListener established(TunnelStream stream, Baggage destination) {
            StreamChannel channel = StreamChannels.open(stream, handler);
            if (!connected.trySuccess(channel)) {
                channel.close();
            }
            return channel;
        }

        @Override
        public void failed(TunnelException why) {
            connected.tryFailure(why);
        }
    }

    /** The tunnel inside a gateway's: carries one stream, and ends with it. */
    private final class InnerTunnel implements TunnelDialer.Result {
        private final Channel outer;
        private final ConnectRequest request;
        private final ChannelHandler handler;
        private final Promise<Channel> connected;

        InnerTunnel(Channel outer, ConnectRequest request, ChannelHandler handler, Promise<Channel> connected) {
            this.outer = outer;
            this.request = request;
            this.handler = handler;
            this.connected = connected;
        }

        @Override
        public void dialed(Tunnel tunnel, WorkloadCertificate certificate) {
            cancelWith(
                    connected,
                    TunnelPool.openIn(
                            tunnel, request, new ChannelRequester(connected, handler), settings.requestTimeout()));
            tunnel.drain();
        }

        @Override
        public void failed(TunnelException why) {
            connected.tryFailure(why);
            outer.close();
        }

        @Override
        public void closed(Tunnel tunnel, @Nullable TunnelException why) {
            connected.tryFailure(why != null ? why : new TunnelException(TunnelError.TUNNEL_CLOSED, tunnel + " ended"));
        }
    }
}
