package io.hbone.netty;

import io.hbone.core.ConnectionObserver;
import io.hbone.core.HboneSettings;
import io.hbone.core.IdentitySource;
import io.hbone.core.RevocationSource;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.netty.h2.WindowBudget;
import io.hbone.netty.pool.TunnelDialer;
import io.hbone.netty.pool.TunnelPool;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.tls.TlsContexts;
import io.hbone.netty.tls.TlsProvider;
import java.time.Clock;

/**
 * What the clients, servers and listeners of one process share, so that hundreds of them cost and hold no more than one: TLS
 * contexts, the certificate chains that were verified, and the memory by which all receive windows together may grow. Safe for
 * use by any thread.
 */
public final class TunnelResources implements AutoCloseable {

    private final TlsContexts tls;
    private final WindowBudget budget;

    private TunnelResources(long windowBudget, RevocationSource revocations) {
        tls = new TlsContexts(
                TlsProvider.preferred(), Clock.systemUTC(), TlsContexts.DEFAULT_WRAP_DATA_SIZE, revocations);
        budget = new WindowBudget(windowBudget);
    }

    /**
     * Resources of a process.
     *
     * @param settings of which {@link HboneSettings#processWindowBudget} counts; that of each user's own settings does not
     */
    public static TunnelResources of(HboneSettings settings) {
        return of(settings, RevocationSource.NONE);
    }

    /**
     * The same, with revocation lists.
     *
     * @param revocations keeps revoked peers out, and cuts them off when they are connected; stays the caller's
     */
    public static TunnelResources of(HboneSettings settings, RevocationSource revocations) {
        return new TunnelResources(settings.processWindowBudget(), revocations);
    }

    /**
     * The tunnels that one local workload opens, for its {@link io.hbone.netty.proxy.OutboundListener}.
     *
     * @param identities where its certificates come from; stays the caller's to close
     * @param settings windows, limits and deadlines
     * @param sockets of the tunnels
     * @param observer told about tunnels
     * @return the caller's to drain
     */
    public TunnelPool newPool(
            WorkloadIdentity self,
            IdentitySource identities,
            HboneSettings settings,
            Sockets sockets,
            ConnectionObserver observer) {
        return new TunnelPool(new TunnelDialer(self, identities, tls, settings, sockets, budget, observer), settings);
    }

    /**
     * Makes the TLS contexts of {@code certificate} now, on the calling thread, which takes about two milliseconds; without it the
     * first connection does so on its event loop.
     *
     * @throws IllegalArgumentException when TLS cannot use the certificate's key
     * @throws IllegalStateException after {@link #close}
     */
    public void prepare(WorkloadCertificate certificate) {
        tls.prepare(certificate);
    }

    /** No new connection will use {@code certificate}: what is kept for it is freed with its last connection. */
    public void retire(WorkloadCertificate certificate) {
        tls.retire(certificate);
    }

    /** Who does the cryptography. */
    public TlsProvider tlsProvider() {
        return tls.provider();
    }

    /** By how much receive windows have grown now, in all, bytes. */
    public long windowBudgetUsed() {
        return budget.used();
    }

    TlsContexts tls() {
        return tls;
    }

    WindowBudget budget() {
        return budget;
    }

    /** Takes no new connections; what is kept for open ones is freed with the last of them. Harmless when repeated. */
    @Override
    public void close() {
        tls.close();
    }
}
