package io.hbone.netty.tls;

import io.hbone.core.SpiffeId;
import io.hbone.core.WorkloadCertificate;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one certificate needs for its connections: a context for each side, made when that side is first used. Safe for use by any
 * thread.
 */
final class CertificateContexts {
    private final TlsProvider provider;
    private final WorkloadCertificate certificate;
    private final SpiffeTrustManager trust;

    private volatile @Nullable TlsEndpoint client;
    private volatile @Nullable TlsEndpoint server;
    private volatile boolean closed;
    private volatile long lastUsedMillis;

    CertificateContexts(
            TlsProvider provider, WorkloadCertificate certificate, SpiffeTrustManager trust, long nowMillis) {
        this.provider = provider;
        this.certificate = certificate;
        this.trust = trust;
        this.lastUsedMillis = nowMillis;
    }

    /** Null when it was closed meanwhile. */
    @Nullable SslHandler newClientHandler(ByteBufAllocator allocator, Set<SpiffeId> expectedPeers) {
        TlsEndpoint endpoint = client();
        SslHandler handler = endpoint == null ? null : endpoint.newHandler(allocator);
        if (handler != null) {
            trust.expect(handler.engine(), expectedPeers);
        }
        return handler;
    }

    /** Null when it was closed meanwhile. */
    @Nullable SslHandler newServerHandler(ByteBufAllocator allocator) {
        TlsEndpoint endpoint = server();
        return endpoint == null ? null : endpoint.newHandler(allocator);
    }

    /** Null when it is closed. */
    @Nullable TlsEndpoint client() {
        TlsEndpoint known = client;
        return known != null ? known : makeClient();
    }

    /** Null when it is closed. */
    @Nullable TlsEndpoint server() {
        TlsEndpoint known = server;
        return known != null ? known : makeServer();
    }

    private synchronized @Nullable TlsEndpoint makeClient() {
        if (client == null && !closed) {
            client = make(false);
        }
        return client;
    }

    private synchronized @Nullable TlsEndpoint makeServer() {
        if (server == null && !closed) {
            server = make(true);
        }
        return server;
    }

    private TlsEndpoint make(boolean forServer) {
        try {
            return switch (provider) {
                case OPENSSL ->
                    forServer ? OpenSslEndpoint.server(certificate, trust) : OpenSslEndpoint.client(certificate, trust);
                case JDK -> forServer ? JdkEndpoint.server(certificate, trust) : JdkEndpoint.client(certificate, trust);
            };
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalArgumentException(
                    "certificate: " + certificate + " cannot be used with TLS provider " + provider + ": " + e, e);
        }
    }

    /** Those that were needed so far. */
    synchronized List<TlsEndpoint> made() {
        List<TlsEndpoint> made = new ArrayList<>(2);
        if (client != null) {
            made.add(client);
        }
        if (server != null) {
            made.add(server);
        }
        return made;
    }

    void used(long nowMillis) {
        lastUsedMillis = nowMillis;
    }

    long lastUsedMillis() {
        return lastUsedMillis;
    }

    /** Existing connections go on; harmless when repeated. */
    synchronized void close() {
        closed = true;
        List<TlsEndpoint> made = made();
        client = null;
        server = null;
        made.forEach(TlsEndpoint::close);
    }
}
