package io.hbone.netty;

import io.hbone.core.ConnectionObserver;
import io.hbone.core.HboneSettings;
import io.hbone.core.IdentitySource;
import io.hbone.core.WorkloadIdentity;
import io.hbone.netty.pool.TunnelDialer;
import io.hbone.netty.pool.TunnelPool;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.Transport;
import io.netty.channel.EventLoopGroup;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Builds an {@link HboneClient}. */
public final class HboneClientBuilder {

    private final WorkloadIdentity self;
    private final IdentitySource identities;
    private HboneSettings settings = HboneSettings.DEFAULT;
    private Sockets sockets = Sockets.of(Transport.preferred());
    private ConnectionObserver observer = ConnectionObserver.NONE;
    private @Nullable EventLoopGroup group;
    private @Nullable TunnelResources resources;

    HboneClientBuilder(WorkloadIdentity self, IdentitySource identities) {
        this.self = Objects.requireNonNull(self, "self");
        this.identities = Objects.requireNonNull(identities, "identities");
    }

    /** Windows, limits and deadlines; {@link HboneSettings#DEFAULT} if not said. */
    public HboneClientBuilder settings(HboneSettings value) {
        settings = Objects.requireNonNull(value, "settings");
        return this;
    }

    /** The sockets of tunnels; plain ones of the preferred transport if not said. */
    public HboneClientBuilder sockets(Sockets value) {
        sockets = Objects.requireNonNull(value, "sockets");
        return this;
    }

    /**
     * Event loops of the sockets' transport, which stay the caller's; the client's own, one for each processor, if not said. Make
     * them with {@link Transport#newEventLoopGroup}: on a plain {@code EpollIoHandler} nothing protects from netty#16689.
     */
    public HboneClientBuilder group(EventLoopGroup value) {
        group = Objects.requireNonNull(value, "group");
        return this;
    }

    /**
     * What it shares with other clients and servers; stays the caller's to close, after this one. Its own if not said.
     */
    public HboneClientBuilder resources(TunnelResources value) {
        resources = Objects.requireNonNull(value, "resources");
        return this;
    }

    /** Told about tunnels. */
    public HboneClientBuilder observer(ConnectionObserver value) {
        observer = Objects.requireNonNull(value, "observer");
        return this;
    }

    public HboneClient build() {
        Holdings holdings = Holdings.of(group, resources, settings, sockets.transport(), "hbone-client");
        TunnelDialer dialer = new TunnelDialer(
                self,
                identities,
                holdings.resources().tls(),
                settings,
                sockets,
                holdings.resources().budget(),
                observer);
        return new PooledHboneClient(new TunnelPool(dialer, settings), dialer, settings, holdings);
    }
}
