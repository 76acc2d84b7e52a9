package io.hbone.netty.tls;

import io.hbone.core.WorkloadCertificate;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.ReferenceCountedOpenSslContext;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.internal.tcnative.SSL;
import io.netty.util.IllegalReferenceCountException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * {@link TlsProvider#OPENSSL}. Cipher suites are BoringSSL's own choice and cannot be configured for TLS 1.3: AES-128-GCM first
 * where the processor has AES.
 *
 * <h2>Reference counting</h2>
 * The native context has one count of this endpoint's and one of each engine, so {@link #close} frees it when the last connection
 * is gone. Engines are released by their handlers when these leave the pipeline.
 */
final class OpenSslEndpoint implements TlsEndpoint {
    /** Post-quantum first, then what every peer has. A peer whose first share is another one costs a round trip more. */
    private static final String[] GROUPS = {"X25519MLKEM768", "x25519", "secp256r1", "secp384r1"};

    private static final String[] CLASSICAL_GROUPS = {"x25519", "secp256r1", "secp384r1"};

    final ReferenceCountedOpenSslContext context;
    private final boolean server;

    private OpenSslEndpoint(ReferenceCountedOpenSslContext context, boolean server) {
        this.context = context;
        this.server = server;
    }

    static OpenSslEndpoint client(WorkloadCertificate certificate, SpiffeTrustManager trust) throws SSLException {
        SslContextBuilder builder = withKey(SslContextBuilder.forClient(), certificate)
                .trustManager(new AlertingTrustManager(trust))
                .endpointIdentificationAlgorithm(null);
        return new OpenSslEndpoint(build(builder), false);
    }

    static OpenSslEndpoint server(WorkloadCertificate certificate, SpiffeTrustManager trust) throws SSLException {
        SslContextBuilder builder = withKey(SslContextBuilder.forServer(new SvidKeyManager(certificate)), certificate)
                .trustManager(new AlertingTrustManager(trust))
                .clientAuth(ClientAuth.REQUIRE);
        return new OpenSslEndpoint(build(builder), true);
    }

    private static SslContextBuilder withKey(SslContextBuilder builder, WorkloadCertificate certificate) {
        PrivateKey key = certificate.privateKey();
        if (key.getEncoded() == null) {
            // In a device: Netty lets the JDK's provider sign, but only when it is given the key itself.
            return builder.keyManager(key, certificate.chain().toArray(new X509Certificate[0]));
        }
        return builder.keyManager(new SvidKeyManager(certificate));
    }

    private static ReferenceCountedOpenSslContext build(SslContextBuilder builder) throws SSLException {
        builder.sslProvider(SslProvider.OPENSSL_REFCNT)
                .protocols(PROTOCOL)
                // NO_ADVERTISE would let a client through that wants something else: see OpenSslHandler.
                .applicationProtocolConfig(new ApplicationProtocolConfig(
                        Protocol.ALPN,
                        SelectorFailureBehavior.NO_ADVERTISE,
                        SelectedListenerFailureBehavior.ACCEPT,
                        ALPN))
                .option(OpenSslContextOption.GROUPS, Groups.SUPPORTED);
        ReferenceCountedOpenSslContext context = (ReferenceCountedOpenSslContext) builder.build();
        context.sessionContext().setSessionCacheEnabled(false);
        return context;
    }

    @Override
    public @Nullable SslHandler newHandler(ByteBufAllocator allocator) {
        try {
            context.retain();
        } catch (IllegalReferenceCountException e) {
            return null;
        }
        try {
            // Not newEngine(): its engines are compatible with the JDK's, which costs them many records for each call.
            ReferenceCountedOpenSslEngine engine = (ReferenceCountedOpenSslEngine)
                    context.newHandler(allocator).engine();
            // The engine has just allowed itself tickets, by a switch that is one for the whole process.
            SSL.setOptions(engine.sslPointer(), SSL.SSL_OP_NO_TICKET);
            return new OpenSslHandler(engine, server);
        } finally {
            context.release();
        }
    }

    @Override
    public void close() {
        context.release();
    }

    /** The groups that the native library knows: a system's OpenSSL may be older than the hybrid one. */
    private static final class Groups {
        static final String[] SUPPORTED = probe();

        private static String[] probe() {
            try {
                ((ReferenceCountedOpenSslContext) SslContextBuilder.forClient()
                                .sslProvider(SslProvider.OPENSSL_REFCNT)
                                .protocols(PROTOCOL)
                                .option(OpenSslContextOption.GROUPS, GROUPS)
                                .build())
                        .release();
                return GROUPS;
            } catch (SSLException e) {
                return CLASSICAL_GROUPS;
            }
        }
    }
}
