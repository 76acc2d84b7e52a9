package io.hbone.netty.proxy;

import io.hbone.core.Authorizer;
import io.hbone.core.Baggage;
import io.hbone.core.ConnectionObserver;
import io.hbone.core.HboneSettings;
import io.hbone.core.InboundRouter;
import io.hbone.netty.socket.OriginalDestination;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.Transport;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the builders of both inbound listeners are told alike. */
abstract sealed class InboundBuilder<B extends InboundBuilder<B>>
        permits InboundListener.Builder, PlaintextListener.Builder {

    private final InboundRouter router;
    private Authorizer authorizer = Authorizer.ALLOW_ALL;
    private Supplier<Baggage> baggage = () -> Baggage.EMPTY;
    private HboneSettings settings = HboneSettings.DEFAULT;
    private Sockets sockets = Sockets.of(Transport.preferred());
    private @Nullable Sockets listenSockets;
    private ConnectionObserver observer = ConnectionObserver.NONE;
    private OriginalDestination originalDestination = OriginalDestination.KERNEL;
    private Set<Integer> illegalPorts = IllegalPorts.DEFAULT;

    InboundBuilder(InboundRouter router) {
        this.router = Objects.requireNonNull(router, "router");
    }

    abstract B self();

    /** Decides who may connect; everybody if not said. */
    public B authorizer(Authorizer value) {
        authorizer = Objects.requireNonNull(value, "authorizer");
        return self();
    }

    /** Timeouts, and for tunnels everything else; {@link HboneSettings#DEFAULT} if not said. */
    public B settings(HboneSettings value) {
        settings = Objects.requireNonNull(value, "settings");
        return self();
    }

    /**
     * The sockets to the application; plain ones of the preferred transport if not said. Their {@link Sockets#originalSource}
     * says whether they bear the clients' addresses.
     */
    public B sockets(Sockets value) {
        sockets = Objects.requireNonNull(value, "sockets");
        return self();
    }

    /** The listener's, and those that it accepts, when they differ from {@link #sockets}. */
    public B listenSockets(Sockets value) {
        listenSockets = Objects.requireNonNull(value, "listenSockets");
        return self();
    }

    /** Told about every connection. */
    public B observer(ConnectionObserver value) {
        observer = Objects.requireNonNull(value, "observer");
        return self();
    }

    /** The node's own ports besides 15001, 15006, 15008 and the listener's: connections to them are denied. */
    public B illegalPorts(Set<Integer> more) {
        Set<Integer> all = new HashSet<>(IllegalPorts.DEFAULT);
        all.addAll(more);
        illegalPorts = Set.copyOf(all);
        return self();
    }

    void setBaggage(Supplier<Baggage> value) {
        baggage = Objects.requireNonNull(value, "baggage");
    }

    void setOriginalDestination(OriginalDestination value) {
        originalDestination = Objects.requireNonNull(value, "originalDestination");
    }

    HboneSettings settings() {
        return settings;
    }

    ConnectionObserver observer() {
        return observer;
    }

    Sockets listenSockets() {
        return listenSockets != null ? listenSockets : sockets;
    }

    InboundParts parts() {
        return new InboundParts(
                router,
                authorizer,
                baggage,
                new ApplicationConnector(sockets, settings),
                observer,
                originalDestination,
                illegalPorts,
                settings.streamIdleTimeout().toNanos());
    }
}
