package io.hbone.netty;

import io.hbone.core.ConnectRequest;
import io.hbone.core.IdentitySource;
import io.hbone.core.SpiffeId;
import io.hbone.core.WorkloadIdentity;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.Set;

/**
 * Opens connections through HBONE tunnels for one local workload. Tunnels are pooled: one for each peer and event loop that is
 * in use, more when one is full. Safe for use by any thread.
 */
public interface HboneClient extends AutoCloseable {

    /**
     * A builder of a client.
     *
     * @param self the local workload
     * @param identities where its certificates come from; stays the caller's to close
     */
    static HboneClientBuilder builder(WorkloadIdentity self, IdentitySource identities) {
        return new HboneClientBuilder(self, identities);
    }

    /**
     * Opens a stream through {@code peer}, on an event loop of the client's group.
     *
     * @param peer the address of the peer's tunnel port, resolved
     * @param expectedPeers who the peer must be; an empty set fails
     * @param request what the peer is asked to connect to
     * @param handler is added to the channel's pipeline before anything is read
     * @return the channel, connected to the destination and active; or a {@link io.hbone.core.TunnelException}. To cancel it is
     *     to give up: a request that was sent is reset at once
     */
    Future<Channel> connect(
            InetSocketAddress peer, Set<SpiffeId> expectedPeers, ConnectRequest request, ChannelHandler handler);

    /** The same on {@code loop}, which need not be of the client's group: the caller's other channel may live there. */
    Future<Channel> connect(
            EventLoop loop,
            InetSocketAddress peer,
            Set<SpiffeId> expectedPeers,
            ConnectRequest request,
            ChannelHandler handler);

    /**
     * Opens a stream to a destination in another network: through a gateway's tunnel, and in it a tunnel of its own to the
     * destination's peer (double HBONE).
     *
     * @param gateway the address of the gateway's tunnel port
     * @param expectedGateways who the gateway must be
     * @param expectedPeers who the inner peer must be
     */
    Future<Channel> connectNested(
            EventLoop loop,
            InetSocketAddress gateway,
            Set<SpiffeId> expectedGateways,
            Set<SpiffeId> expectedPeers,
            ConnectRequest request,
            ChannelHandler handler);

    /** Opens no more streams; tunnels end when their streams have ended. Event loops that the client made are shut down then. */
    @Override
    void close();
}
