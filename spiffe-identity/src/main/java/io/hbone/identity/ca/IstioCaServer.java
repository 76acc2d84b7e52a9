package io.hbone.identity.ca;

import io.grpc.Server;
import io.grpc.TlsServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.hbone.identity.internal.IdentityThreads;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Serves {@code istio.v1.auth.IstioCertificateService} over TLS, by a certificate of the same CA. Running from {@link
 * Builder#start} to {@link #close}.
 */
public final class IstioCaServer implements AutoCloseable {
    /** The port of istiod. */
    public static final int DEFAULT_PORT = 15012;

    private static final int MAX_REQUEST = 64 * 1024;
    private static final int MAX_HEADERS = 32 * 1024;
    private static final int MAX_CALLS_PER_CONNECTION = 100;
    private static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(10);

    /** ztunnel's and others' keepalives come every half minute, which gRPC would answer with GOAWAY. */
    private static final Duration KEEPALIVE = Duration.ofSeconds(10);

    private static final Duration GRACE = Duration.ofSeconds(5);

    private final Server server;
    private final ServingCertificate serving;
    private final ScheduledExecutorService executor;

    private IstioCaServer(Server server, ServingCertificate serving, ScheduledExecutorService executor) {
        this.server = server;
        this.serving = serving;
        this.executor = executor;
    }

    /** A server of {@code authority}, which believes {@code authenticator}. */
    public static Builder builder(CertificateAuthority authority, TokenAuthenticator authenticator) {
        return new Builder(authority, authenticator);
    }

    /** Where it listens. */
    public int port() {
        return server.getPort();
    }

    /** Takes no new requests, lets those under way end for up to 5 s, and waits for that. Harmless when repeated. */
    @Override
    public void close() {
        serving.close();
        executor.shutdown();
        server.shutdown();
        try {
            if (!server.awaitTermination(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
                server.shutdownNow();
            }
        } catch (InterruptedException e) {
            server.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    /** Starts an {@link IstioCaServer}. */
    public static final class Builder {
        private final CertificateAuthority authority;
        private final TokenAuthenticator authenticator;
        private @Nullable IssuancePolicy policy;
        private InetSocketAddress address = new InetSocketAddress(DEFAULT_PORT);
        private List<String> dnsNames = List.of("istiod.istio-system.svc", "localhost");
        private Duration servingLifetime = Duration.ofHours(24);

        private Builder(CertificateAuthority authority, TokenAuthenticator authenticator) {
            this.authority = Objects.requireNonNull(authority, "authority");
            this.authenticator = Objects.requireNonNull(authenticator, "authenticator");
        }

        /** What it signs; {@link IssuancePolicy#of} its trust domain if not said. */
        public Builder policy(IssuancePolicy value) {
            policy = Objects.requireNonNull(value, "policy");
            return this;
        }

        /** Where it listens; port 0 takes any; port 15012 of all addresses if not said. */
        public Builder address(InetSocketAddress value) {
            address = Objects.requireNonNull(value, "address");
            return this;
        }

        /** By which names clients know it, at least one; {@code istiod.istio-system.svc} and {@code localhost} if not said. */
        public Builder dnsNames(List<String> value) {
            if (value.isEmpty()) {
                throw new IllegalArgumentException("dnsNames: none (expected: at least one)");
            }
            dnsNames = List.copyOf(value);
            return this;
        }

        /** How long each of its own certificates is valid, at least a second; replaced at half of it; a day if not said. */
        public Builder servingLifetime(Duration value) {
            if (value.toSeconds() < 1) {
                throw new IllegalArgumentException("servingLifetime: " + value + " (expected: >= 1 s)");
            }
            servingLifetime = value;
            return this;
        }

        /** @throws IOException when it cannot listen there, or cannot have a certificate */
        public IstioCaServer start() throws IOException {
            ScheduledExecutorService executor = IdentityThreads.single("hbone-ca");
            try {
                ServingCertificate serving = new ServingCertificate(authority, dnsNames, servingLifetime, executor);
                IssuancePolicy effective = policy == null ? IssuancePolicy.of(authority.trustDomain()) : policy;
                Server server = NettyServerBuilder.forAddress(
                                address,
                                TlsServerCredentials.newBuilder()
                                        .keyManager(serving.keys())
                                        .build())
                        .addService(new CertificateService(authority, effective, authenticator))
                        .intercept(new CallOrigin.Interceptor())
                        .maxInboundMessageSize(MAX_REQUEST)
                        .maxInboundMetadataSize(MAX_HEADERS)
                        .maxConcurrentCallsPerConnection(MAX_CALLS_PER_CONNECTION)
                        .handshakeTimeout(HANDSHAKE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                        .permitKeepAliveTime(KEEPALIVE.toMillis(), TimeUnit.MILLISECONDS)
                        .permitKeepAliveWithoutCalls(true)
                        .build();
                return new IstioCaServer(server.start(), serving, executor);
            } catch (IOException e) {
                executor.shutdown();
                throw new IOException("CA server on " + address + ": " + cause(e), e);
            } catch (GeneralSecurityException e) {
                executor.shutdown();
                throw new IOException("CA server: no certificate for itself: " + e.getMessage(), e);
            }
        }

        private static @Nullable String cause(IOException e) {
            return e.getCause() == null ? e.getMessage() : e.getCause().getMessage();
        }
    }
}
