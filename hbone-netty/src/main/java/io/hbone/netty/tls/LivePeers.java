package io.hbone.netty.tls;

import io.hbone.core.RevocationSource;
import io.hbone.core.Revocations;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.SslHandler;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The connections that are up, and whom each leads to: when revocations change, those whose peer's certificate is on a list now are
 * cut off (spec/ztunnel.md 9.4). Whoever stands behind TLS in the pipeline hears why by {@code exceptionCaught}. Safe for use by any
 * thread.
 */
final class LivePeers implements AutoCloseable {
    private final RevocationSource source;
    private final RevocationSource.Subscription subscription;
    private final Map<SslHandler, Live> live = new ConcurrentHashMap<>();

    private record Live(Channel channel, VerifiedPeer peer) {}

    LivePeers(RevocationSource source) {
        this.source = source;
        this.subscription = source.subscribe(this::changed);
    }

    /** Watches the connection of {@code handler} from the end of its handshake to its own. To be called before it starts. */
    void watch(SslHandler handler) {
        if (source.equals(RevocationSource.NONE)) {
            return;
        }
        handler.handshakeFuture().addListener(done -> {
            if (done.isSuccess()
                    && handler.engine().getSession().getValue(PeerIdentity.VERIFIED) instanceof VerifiedPeer peer) {
                up(handler, new Live((Channel) done.getNow(), peer));
            }
        });
    }

    private void up(SslHandler handler, Live one) {
        live.put(handler, one);
        one.channel.closeFuture().addListener(closed -> live.remove(handler));
        // A list may have come between the look at the certificate and now.
        cutOffIfRevoked(handler, one, source.current());
    }

    private void changed() {
        Revocations now = source.current();
        live.forEach((handler, one) -> cutOffIfRevoked(handler, one, now));
    }

    private static void cutOffIfRevoked(SslHandler handler, Live one, Revocations now) {
        if (one.peer.isRevoked(now)) {
            // Always later, also when this is its event loop: the tunnel is not there yet while its handshake ends.
            one.channel.eventLoop().execute(() -> {
                ChannelHandlerContext context = one.channel.pipeline().context(handler);
                if (context != null) {
                    context.fireExceptionCaught(one.peer.revoked());
                    one.channel.close();
                }
            });
        }
    }

    /** How many connections are watched. */
    int size() {
        return live.size();
    }

    @Override
    public void close() {
        subscription.close();
        live.clear();
    }
}
