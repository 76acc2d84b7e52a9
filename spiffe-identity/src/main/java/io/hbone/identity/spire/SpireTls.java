package io.hbone.identity.spire;

import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslProvider;
import io.hbone.core.IdentitySource;
import io.hbone.core.SpiffeId;
import io.hbone.core.TrustBundle;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.internal.Chains;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.Arrays;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Mutual TLS with an agent or a server of SPIRE: we are known by a certificate of our own, the newest at each handshake, and the other
 * side must be what we look for, of our trust domain (spec/spire.md 1b and 3.1).
 */
final class SpireTls {
    private SpireTls() {}

    /** With an agent that serves the Broker API. */
    static SslContext withAgent(IdentitySource own, WorkloadIdentity self, Clock clock) {
        return context(own, self, clock, new Peer("an agent", "/spire/agent/", true));
    }

    /** With the server. */
    static SslContext withServer(IdentitySource own, WorkloadIdentity self, Clock clock) {
        return context(own, self, clock, new Peer("the server", "/spire/server", false));
    }

    private static SslContext context(IdentitySource own, WorkloadIdentity self, Clock clock, Peer peer) {
        try {
            return GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK)
                    .keyManager(new OwnKey(own, self))
                    .trustManager(new PeerOnly(own, self, clock, peer))
                    .protocols("TLSv1.3")
                    .build();
        } catch (SSLException e) {
            throw new IllegalStateException("TLS 1.3 with ALPN (expected: every JDK has it)", e);
        }
    }

    private static final class OwnKey extends X509ExtendedKeyManager {
        private static final String ALIAS = "own";

        private final IdentitySource own;
        private final WorkloadIdentity self;

        OwnKey(IdentitySource own, WorkloadIdentity self) {
            this.own = own;
            this.self = self;
        }

        @Override
        public @Nullable String chooseEngineClientAlias(
                String @Nullable [] keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
            WorkloadCertificate current = own.current(self);
            boolean fits = current != null
                    && keyType != null
                    && Arrays.asList(keyType)
                            .contains(current.leaf().getPublicKey().getAlgorithm());
            return fits ? ALIAS : null;
        }

        @Override
        public X509Certificate @Nullable [] getCertificateChain(String alias) {
            WorkloadCertificate current = own.current(self);
            return current == null ? null : current.chain().toArray(X509Certificate[]::new);
        }

        @Override
        public @Nullable PrivateKey getPrivateKey(String alias) {
            WorkloadCertificate current = own.current(self);
            return current == null ? null : current.privateKey();
        }

        @Override
        public String[] getClientAliases(String keyType, Principal @Nullable [] issuers) {
            return new String[] {ALIAS};
        }

        @Override
        public @Nullable String chooseClientAlias(
                String @Nullable [] keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return chooseEngineClientAlias(keyType, issuers, null);
        }

        @Override
        public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
            return new String[0];
        }

        @Override
        public @Nullable String chooseServerAlias(
                String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return null;
        }
    }

    /**
     * Whom we look for.
     *
     * @param name for people
     * @param path of its identity
     * @param more whether the path goes on
     */
    private record Peer(String name, String path, boolean more) {
        boolean is(String other) {
            return more ? other.startsWith(path) : other.equals(path);
        }
    }

    private static final class PeerOnly extends X509ExtendedTrustManager {
        private final IdentitySource own;
        private final WorkloadIdentity self;
        private final Clock clock;
        private final Peer expected;

        PeerOnly(IdentitySource own, WorkloadIdentity self, Clock clock, Peer expected) {
            this.own = own;
            this.self = self;
            this.clock = clock;
            this.expected = expected;
        }

        private void check(X509Certificate[] chain) throws CertificateException {
            if (chain.length == 0) {
                throw new CertificateException("no certificate (expected: of " + expected.name() + ")");
            }
            SpiffeId peer = SpiffeId.of(chain[0]);
            if (!peer.trustDomain().equals(self.spiffeId().trustDomain()) || !expected.is(peer.path())) {
                throw new CertificateException("peer: " + peer + " (expected: " + expected.name() + " of "
                        + self.spiffeId().trustDomain() + ", spiffe://"
                        + self.spiffeId().trustDomain() + expected.path()
                        + (expected.more() ? "...)" : ")"));
            }
            WorkloadCertificate current = own.current(self);
            TrustBundle bundle = current == null ? null : current.bundles().of(peer.trustDomain());
            if (bundle == null) {
                throw new CertificateException(
                        "no trust bundle of " + peer.trustDomain() + " (expected: from the Workload API)");
            }
            try {
                Chains.verify(Arrays.asList(chain), bundle, clock.instant());
            } catch (GeneralSecurityException e) {
                throw new CertificateException(peer + ": " + e.getMessage(), e);
            }
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            check(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
                throws CertificateException {
            throw new CertificateException("not a server");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
                throws CertificateException {
            throw new CertificateException("not a server");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            throw new CertificateException("not a server");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
