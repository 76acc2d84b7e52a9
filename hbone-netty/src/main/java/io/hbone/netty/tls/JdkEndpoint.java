package io.hbone.netty.tls;

import io.hbone.core.WorkloadCertificate;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslHandler;
import java.security.GeneralSecurityException;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;

/**
 * {@link TlsProvider#JDK}. Without Netty's SslContext around the JDK's: its engines are wrapped, so that the trust manager would
 * see another engine than the handler has. Key exchange: what the JDK has enabled, by default X25519, P-256 and P-384 among
 * others.
 */
final class JdkEndpoint implements TlsEndpoint {
    /** The faster one first; a server's order counts. */
    private static final String[] CIPHER_SUITES = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"};

    /**
     * Longer than a ticket may live (RFC 8446 section 4.6.1: seven days), for which the JDK sends none. There is no other way to
     * stop tickets for one context and not for the whole process.
     */
    private static final int NO_TICKETS_SECONDS = 7 * 24 * 60 * 60 + 1;

    private final SSLContext context;
    private final boolean server;

    private JdkEndpoint(SSLContext context, boolean server) {
        this.context = context;
        this.server = server;
    }

    static JdkEndpoint client(WorkloadCertificate certificate, SpiffeTrustManager trust)
            throws GeneralSecurityException {
        return new JdkEndpoint(context(certificate, trust), false);
    }

    static JdkEndpoint server(WorkloadCertificate certificate, SpiffeTrustManager trust)
            throws GeneralSecurityException {
        return new JdkEndpoint(context(certificate, trust), true);
    }

    private static SSLContext context(WorkloadCertificate certificate, SpiffeTrustManager trust)
            throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance(PROTOCOL);
        context.init(new KeyManager[] {new SvidKeyManager(certificate)}, new TrustManager[] {trust}, null);
        context.getServerSessionContext().setSessionTimeout(NO_TICKETS_SECONDS);
        context.getServerSessionContext().setSessionCacheSize(1);
        context.getClientSessionContext().setSessionCacheSize(1);
        return context;
    }

    @Override
    public SslHandler newHandler(ByteBufAllocator allocator) {
        // Without a peer's name and port the JDK neither sends a server name nor looks for a session to resume.
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(!server);
        SSLParameters parameters = new SSLParameters(CIPHER_SUITES, new String[] {PROTOCOL});
        parameters.setUseCipherSuitesOrder(true);
        parameters.setApplicationProtocols(new String[] {ALPN});
        parameters.setEndpointIdentificationAlgorithm(null);
        if (server) {
            parameters.setNeedClientAuth(true);
        }
        engine.setSSLParameters(parameters);
        return new JdkHandler(engine);
    }

    @Override
    public void close() {
        // The garbage collector's.
    }
}
