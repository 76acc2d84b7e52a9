package io.hbone.netty;

import io.hbone.core.ConnectionObserver;
import io.hbone.core.HboneSettings;
import io.hbone.core.IdentitySource;
import io.hbone.core.WorkloadIdentity;
import io.hbone.netty.h2.WindowBudget;
import io.hbone.netty.pool.TunnelDialer;
import io.hbone.netty.pool.TunnelPool;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.Transport;
import io.hbone.netty.tls.TlsContexts;
import io.hbone.netty.tls.TlsProvider;
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

    /** Event loops of the sockets' transport, which stay the caller's; the client's own, one for each processor, if not said. */
    public HboneClientBuilder group(EventLoopGroup value) {
        group = Objects.requireNonNull(value, "group");
        return this;
    }

    /** Told about tunnels. */
    public HboneClientBuilder observer(ConnectionObserver value) {
        observer = Objects.requireNonNull(value, "observer");
        return this;
    }

    public HboneClient build() {
        TlsContexts tls = new TlsContexts(TlsProvider.preferred());
        WindowBudget budget = new WindowBudget(settings.processWindowBudget());
        TunnelDialer dialer = new TunnelDialer(self, identities, tls, settings, sockets, budget, observer);
        return new PooledHboneClient(
                new TunnelPool(dialer, settings),
                dialer,
                settings,
                tls,
                LoopGroups.of(group, sockets.transport(), "hbone-client"));
    }
}
