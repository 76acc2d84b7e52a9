package io.hbone.netty.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.core.SpiffeId;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.netty.testing.TestPki;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.internal.tcnative.SSL;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.CsvSource;

/** Each provider with itself and with the other one, in memory. */
@ParameterizedClass(name = "client {0}, server {1}")
@CsvSource({"OPENSSL, OPENSSL", "OPENSSL, JDK", "JDK, OPENSSL", "JDK, JDK"})
class HandshakeTest {
    private static final ByteBufAllocator ALLOCATOR = ByteBufAllocator.DEFAULT;
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final TestPki pki = TestPki.ca("cluster.local");
    private final WorkloadCertificate client = pki.workload("default", "client");
    private final WorkloadCertificate server = pki.workload("default", "server");
    private final CountingClock clock = new CountingClock();
    private final TlsProvider clientProvider;
    private final TlsProvider serverProvider;
    private final TlsContexts clientContexts;
    private final TlsContexts serverContexts;

    HandshakeTest(TlsProvider clientProvider, TlsProvider serverProvider) {
        this.clientProvider = clientProvider;
        this.serverProvider = serverProvider;
        clientContexts = new TlsContexts(clientProvider, clock, TlsContexts.DEFAULT_WRAP_DATA_SIZE);
        serverContexts = new TlsContexts(serverProvider, clock, TlsContexts.DEFAULT_WRAP_DATA_SIZE);
    }

    @AfterEach
    void closeContexts() {
        clientContexts.close();
        serverContexts.close();
    }

    @Test
    void both_sides_prove_who_they_are() throws Exception {
        try (TlsPair pair = run(client(client, server.id()), server(server))) {
            assertThat(pair.client.peer())
                    .isEqualTo(new PeerIdentity(server.id(), server.serial(), "TLS_AES_128_GCM_SHA256"));
            assertThat(pair.server.peer())
                    .isEqualTo(new PeerIdentity(client.id(), client.serial(), "TLS_AES_128_GCM_SHA256"));
            for (TlsPair.End end : Arrays.asList(pair.client, pair.server)) {
                SSLSession session = end.tls().engine().getSession();
                assertThat(session.getProtocol()).isEqualTo("TLSv1.3");
                assertThat(end.tls().applicationProtocol()).isEqualTo("h2");
                // What is in the session came from the verifier, and what is read without it is the same.
                assertThat(session.getValue(PeerIdentity.VERIFIED)).isInstanceOf(VerifiedPeer.class);
                PeerIdentity known = PeerIdentity.of(session);
                session.removeValue(PeerIdentity.VERIFIED);
                assertThat(PeerIdentity.of(session)).isEqualTo(known);
            }
            assertDataFlows(pair);
        }
    }

    @Test
    void no_server_name_is_sent() {
        try (TlsPair pair = run(client(client, server.id()), server(server))) {
            SSLSession session = pair.server.tls().engine().getSession();
            assertThat(((ExtendedSSLSession) session).getRequestedServerNames()).isEmpty();
        }
    }

    @Test
    void between_two_BoringSSLs_the_key_exchange_is_post_quantum() throws Exception {
        try (TlsPair pair = run(client(client, server.id()), server(server))) {
            if (pair.client.tls().engine() instanceof ReferenceCountedOpenSslEngine engine) {
                assertThat(SSL.getGroupName(engine.sslPointer()))
                        .isEqualTo(serverProvider == TlsProvider.OPENSSL ? "X25519MLKEM768" : "X25519");
            }
        }
    }

    @Test
    void an_unfinished_handshake_has_no_peer() {
        try (TlsPair pair = new TlsPair(client(client, server.id()), server(server))) {
            assertThatThrownBy(pair.client::peer).isInstanceOf(SSLPeerUnverifiedException.class);
        }
    }

    @Test
    void rsa_and_p384_keys_work() throws Exception {
        WorkloadCertificate rsa = pki.svid("default", "rsa").rsa().issue();
        WorkloadCertificate p384 = pki.svid("default", "p384")
                .change(builder -> builder.algorithm(io.netty.pkitesting.CertificateBuilder.Algorithm.ecp384))
                .issue();

        try (TlsPair pair = run(client(rsa, p384.id()), server(p384))) {
            assertThat(pair.client.peer().id()).isEqualTo(p384.id());
            assertThat(pair.server.peer().id()).isEqualTo(rsa.id());
        }
    }

    @Test
    void chains_with_intermediates_are_sent_whole() throws Exception {
        WorkloadCertificate far = pki.intermediate().intermediate().workload("default", "far");

        try (TlsPair pair = run(client(far, far.id()), server(far))) {
            assertThat(pair.client.peer().id()).isEqualTo(far.id());
            assertThat(pair.server.peer().id()).isEqualTo(far.id());
        }
    }

    @Test
    void federated_trust_domains_meet() throws Exception {
        TestPki foreign = TestPki.ca("foreign.test");
        WorkloadCertificate here = pki.federatedWith(foreign).workload("default", "client");
        WorkloadCertificate there = foreign.federatedWith(pki).workload("default", "server");

        try (TlsPair pair = run(client(here, there.id()), server(there))) {
            assertThat(pair.client.peer().id()).isEqualTo(there.id());
            assertThat(pair.server.peer().id()).isEqualTo(here.id());
        }
    }

    @Test
    void another_server_than_expected_is_refused_before_it_sees_our_certificate() {
        SpiffeId other = pki.id("default", "other");

        try (TlsPair pair = run(client(client, other), server(server))) {
            assertThat(explain(pair.client).error()).isEqualTo(TunnelError.PEER_IDENTITY_MISMATCH);
            assertThat(explain(pair.client))
                    .hasMessage("identity verification error: peer did not present the expected SAN (" + other
                            + "), got " + server.id() + " (peer: somewhere)");
            assertThat(explain(pair.server).getMessage())
                    .contains("peer sent alert: ", "does not accept our certificate");
            assertThatThrownBy(pair.server::peer).isInstanceOf(SSLPeerUnverifiedException.class);
        }
    }

    @Test
    void a_server_of_another_trust_domain_than_expected_is_refused() {
        TestPki foreign = TestPki.ca("foreign.test");
        WorkloadCertificate here = pki.federatedWith(foreign).workload("default", "client");
        WorkloadCertificate there = foreign.federatedWith(pki).workload("default", "server");

        try (TlsPair pair = run(client(here, pki.id("default", "server")), server(there))) {
            assertThat(explain(pair.client).error()).isEqualTo(TunnelError.PEER_IDENTITY_MISMATCH);
            assertThat(explain(pair.client)).hasMessageContaining("which is of another trust domain");
        }
    }

    @Test
    void one_of_several_expected_servers_will_do() {
        try (TlsPair pair = run(client(client, pki.id("a", "b"), server.id(), pki.id("c", "d")), server(server))) {
            assertThat(pair.client.isHandshaken()).isTrue();
        }
    }

    @Test
    void when_nobody_is_expected_nobody_will_do() {
        try (TlsPair pair = run(client(client), server(server))) {
            assertThat(explain(pair.client).error()).isEqualTo(TunnelError.PEER_IDENTITY_MISMATCH);
            assertThat(explain(pair.client))
                    .hasMessageStartingWith(
                            "identity verification error: peer did not present the expected SAN (), got "
                                    + server.id());
        }
    }

    @Test
    void a_client_learns_after_its_handshake_that_it_is_refused() {
        Instant now = Instant.now();
        WorkloadCertificate expired = pki.svid("default", "client")
                .valid(now.minusSeconds(100), now.minusSeconds(10))
                .issue();

        try (TlsPair pair = run(client(expired, server.id()), server(server))) {
            assertThat(explain(pair.server))
                    .hasMessageContaining("peer presented " + client.id() + " (serial: " + expired.serial())
                    .hasMessageContaining("it expired at");
            // TLS 1.3: done before the server has looked. The refusal comes as an exception on reading.
            assertThat(pair.client.tls().handshakeFuture().isSuccess()).isTrue();
            assertThat(pair.client.exceptions).isNotEmpty();
            assertThat(TlsFailures.isTls(pair.client.exceptions.get(0))).isTrue();
            assertThat(explain(pair.client).error()).isEqualTo(TunnelError.TLS_HANDSHAKE_FAILED);
            assertThat(explain(pair.client))
                    .hasMessage("TLS with somewhere failed: peer sent alert: "
                            + (serverProvider == TlsProvider.OPENSSL
                                    ? "certificate_expired (to its clock our certificate is expired or not yet valid)"
                                    : "certificate_unknown (it does not accept our certificate)"));
        }
    }

    @Test
    void a_client_of_a_trust_domain_without_bundle_is_refused() {
        WorkloadCertificate stranger = TestPki.ca("foreign.test")
                .svid("default", "client")
                .bundles(pki.bundles())
                .issue();

        try (TlsPair pair = run(client(stranger, server.id()), server(server))) {
            assertThat(explain(pair.server).error()).isEqualTo(TunnelError.TLS_HANDSHAKE_FAILED);
            assertThat(explain(pair.server))
                    .hasMessageContaining("identity verification error: peer did not present the expected trustdomain "
                            + "(cluster.local), got spiffe://foreign.test/ns/default/sa/client (no bundle)");
            assertThat(explain(pair.client).getMessage())
                    .contains(serverProvider == TlsProvider.OPENSSL ? "unknown_ca" : "certificate_unknown");
        }
    }

    @Test
    void a_client_of_an_unknown_authority_is_refused() {
        WorkloadCertificate stranger = TestPki.ca("cluster.local")
                .svid("default", "client")
                .bundles(pki.bundles())
                .issue();

        try (TlsPair pair = run(client(stranger, server.id()), server(server))) {
            assertThat(explain(pair.server)).hasMessageContaining("not issued by an authority of its trust domain");
            assertThat(explain(pair.client).getMessage())
                    .contains(
                            serverProvider == TlsProvider.OPENSSL
                                    ? "unknown_ca (it does not trust our authority)"
                                    : "certificate_unknown");
        }
    }

    @Test
    void a_client_without_certificate_is_refused() throws Exception {
        try (TlsPair pair = run(stock(SslContextBuilder.forClient()), server(server))) {
            assertThat(explain(pair.server))
                    .hasMessage("TLS with somewhere failed: peer presented no certificate (expected: an X509-SVID)");
            // The latter from JDKs before 19.
            assertThat(explain(pair.client).getMessage())
                    .containsPattern("peer sent alert: (certificate_required|bad_certificate) ");
        }
    }

    @Test
    void a_client_with_TLS_1_2_is_refused() throws Exception {
        SslContextBuilder old = withCertificate().protocols("TLSv1.2");

        try (TlsPair pair = run(stock(old), server(server))) {
            assertThat(explain(pair.server)).hasMessageContaining("peer does not speak TLS 1.3");
            assertThat(explain(pair.client)).hasMessageContaining("peer sent alert: protocol_version");
        }
    }

    @Test
    void a_server_with_TLS_1_2_is_refused() throws Exception {
        SslHandler old = SslContextBuilder.forServer(new SvidKeyManager(server))
                .sslProvider(netty(serverProvider))
                .protocols("TLSv1.2")
                .build()
                .newHandler(ALLOCATOR);

        try (TlsPair pair = run(client(client, server.id()), old)) {
            assertThat(explain(pair.client))
                    .hasMessage(
                            "TLS with somewhere failed: peer sent alert: protocol_version (it does not speak TLS 1.3)");
        }
    }

    @Test
    void a_client_that_asks_for_no_protocol_is_accepted() throws Exception {
        try (TlsPair pair = run(stock(withCertificate()), server(server))) {
            assertThat(pair.server.peer().id()).isEqualTo(client.id());
            assertThat(pair.server.tls().applicationProtocol()).isNull();
            assertDataFlows(pair);
        }
    }

    @Test
    void a_client_that_asks_for_h2_among_others_is_accepted() throws Exception {
        SslContextBuilder several = withCertificate().applicationProtocolConfig(alpn("http/1.1", "h2"));

        try (TlsPair pair = run(stock(several), server(server))) {
            assertThat(pair.client.tls().applicationProtocol()).isEqualTo("h2");
            assertDataFlows(pair);
        }
    }

    @Test
    void a_client_that_asks_for_other_protocols_is_refused() throws Exception {
        SslContextBuilder other = withCertificate().applicationProtocolConfig(alpn("http/1.1"));

        try (TlsPair pair = run(stock(other), server(server))) {
            assertThat(explain(pair.server))
                    .hasMessage("TLS with somewhere failed: "
                            + "peer asked for application protocols without h2 (expected: h2 or none)");
            assertThat(explain(pair.client)).hasMessageContaining("peer sent alert: no_application_protocol");
            assertThat(pair.server.channel.isOpen()).isFalse();
        }
    }

    @Test
    void a_client_that_speaks_plain_http_is_named() {
        try (TlsPair pair = run(says("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), server(server))) {
            assertThat(explain(pair.server)).hasMessage("TLS with somewhere failed: plain HTTP on a TLS port");
            assertThat(pair.server.channel.isOpen()).isFalse();
        }
    }

    @Test
    void a_server_that_speaks_plain_http_is_named() {
        try (TlsPair pair = run(client(client, server.id()), says("HTTP/1.1 400 Bad Request\r\n\r\n"))) {
            assertThat(explain(pair.client)).hasMessage("TLS with somewhere failed: plain HTTP on a TLS port");
            assertThat(pair.client.channel.isOpen()).isFalse();
        }
    }

    @Test
    void what_else_is_not_TLS_is_shown() {
        try (TlsPair pair = run(client(client, server.id()), says("SSH-2.0-OpenSSH_9.2p1\r\n"))) {
            assertThat(explain(pair.client))
                    .hasMessage("TLS with somewhere failed: what the peer sends is not TLS, "
                            + "its first bytes: 5353482d322e302d4f70656e5353485f...");
        }
    }

    @Test
    void a_peer_that_hangs_up_is_named() {
        ChannelHandler hangsUp = new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                ReferenceCountUtil.release(message);
                ctx.close();
            }
        };

        try (TlsPair pair = run(client(client, server.id()), hangsUp)) {
            assertThat(explain(pair.client))
                    .hasMessage("TLS with somewhere failed: the peer closed the connection during the handshake");
        }
    }

    @Test
    void a_peer_that_says_nothing_is_given_up() {
        try (TlsPair pair = new TlsPair(client(client, server.id()), server(server))) {
            for (TlsPair.End end : Arrays.asList(pair.client, pair.server)) {
                end.pass(TIMEOUT.minusMillis(1));
                assertThat(end.tls().handshakeFuture().isDone()).isFalse();
                end.pass(Duration.ofMillis(1));
                assertThat(explain(end).error()).isEqualTo(TunnelError.TLS_HANDSHAKE_TIMEOUT);
                assertThat(explain(end)).hasMessage("TLS with somewhere: handshake timed out after 10000ms");
                assertThat(end.channel.isOpen()).isFalse();
            }
        }
    }

    @Test
    void every_connection_is_verified_on_both_sides() {
        run(client(client, server.id()), server(server)).close();
        int before = clock.verifications.get();
        for (int i = 1; i <= 5; i++) {
            try (TlsPair pair = run(client(client, server.id()), server(server))) {
                // Tickets, if there were any, would come now.
                assertDataFlows(pair);
                assertThat(clock.verifications.get() - before).isEqualTo(2 * i);
            }
        }
    }

    @Test
    void a_client_does_not_resume_when_the_server_would() throws Exception {
        var resumable = SslContextBuilder.forServer(new SvidKeyManager(server))
                .sslProvider(netty(serverProvider))
                .trustManager(InsecureTrustManagerFactory.INSTANCE)
                .protocols("TLSv1.3")
                .build();
        run(client(client, server.id()), resumable.newHandler(ALLOCATOR)).close();
        int before = clock.verifications.get();
        for (int i = 1; i <= 3; i++) {
            try (TlsPair pair = run(client(client, server.id()), resumable.newHandler(ALLOCATOR))) {
                assertDataFlows(pair);
                assertThat(clock.verifications.get() - before).isEqualTo(i);
            }
        }
    }

    @Test
    void a_replaced_certificate_is_used_at_once_and_the_old_connection_goes_on() throws Exception {
        try (TlsPair old = run(client(client, server.id()), server(server))) {
            WorkloadCertificate newClient = pki.workload("default", "client");
            WorkloadCertificate newServer = pki.workload("default", "server");
            try (TlsPair next = run(client(newClient, newServer.id()), server(newServer))) {
                assertThat(next.client.peer().serial()).isEqualTo(newServer.serial());
                assertThat(next.server.peer().serial()).isEqualTo(newClient.serial());
            }
            clientContexts.retire(client);
            serverContexts.retire(server);
            assertDataFlows(old);
        }
    }

    @Test
    void a_replaced_bundle_is_used_at_once() {
        run(client(client, server.id()), server(server)).close();
        WorkloadCertificate distrusting =
                server.withBundles(TestPki.ca("cluster.local").bundles());

        try (TlsPair pair = run(client(client, server.id()), server(distrusting))) {
            assertThat(explain(pair.server)).hasMessageContaining("not issued by an authority of its trust domain");
        }
    }

    @Test
    void many_records_in_one_write_arrive() {
        String text = "0123456789abcdef".repeat(20_000);

        try (TlsPair pair = run(client(client, server.id()), server(server))) {
            pair.client.send(text);
            pair.server.send(text);
            pair.run();
            assertThat(pair.server.received).hasToString(text);
            assertThat(pair.client.received).hasToString(text);
        }
    }

    private SslHandler client(WorkloadCertificate certificate, SpiffeId... expected) {
        return clientContexts.newClientHandler(ALLOCATOR, certificate, Set.of(expected), TIMEOUT);
    }

    private SslHandler server(WorkloadCertificate certificate) {
        return serverContexts.newServerHandler(ALLOCATOR, certificate, TIMEOUT);
    }

    /** A client that is not ours, of the same library. */
    private SslHandler stock(SslContextBuilder builder) throws Exception {
        return builder.sslProvider(netty(clientProvider))
                .trustManager(InsecureTrustManagerFactory.INSTANCE)
                .endpointIdentificationAlgorithm(null)
                .build()
                .newHandler(ALLOCATOR);
    }

    private SslContextBuilder withCertificate() {
        return SslContextBuilder.forClient().keyManager(new SvidKeyManager(client));
    }

    private static SslProvider netty(TlsProvider provider) {
        // Not counted: left to the garbage collector.
        return provider == TlsProvider.OPENSSL ? SslProvider.OPENSSL : SslProvider.JDK;
    }

    private static ApplicationProtocolConfig alpn(String... protocols) {
        return new ApplicationProtocolConfig(
                Protocol.ALPN, SelectorFailureBehavior.NO_ADVERTISE, SelectedListenerFailureBehavior.ACCEPT, protocols);
    }

    private static ChannelHandler says(String text) {
        return new ChannelInboundHandlerAdapter() {
            @Override
            public void channelActive(ChannelHandlerContext ctx) {
                ctx.writeAndFlush(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
            }
        };
    }

    private static TlsPair run(ChannelHandler client, ChannelHandler server) {
        return new TlsPair(client, server).run();
    }

    private static void assertDataFlows(TlsPair pair) {
        pair.client.received.setLength(0);
        pair.server.received.setLength(0);
        pair.client.send("ping");
        pair.server.send("pong");
        pair.run();
        assertThat(pair.server.received).hasToString("ping");
        assertThat(pair.client.received).hasToString("pong");
    }

    private static TunnelException explain(TlsPair.End end) {
        Throwable failure = end.failure();
        assertThat(failure).as("failure").isNotNull();
        return TlsFailures.explain(failure, "somewhere");
    }

    /** The verifier asks for the time once for each chain, and nobody else asks for an instant while certificates stay the same. */
    private static final class CountingClock extends Clock {
        final AtomicInteger verifications = new AtomicInteger();

        @Override
        public Instant instant() {
            verifications.incrementAndGet();
            return Instant.now();
        }

        @Override
        public long millis() {
            return System.currentTimeMillis();
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException();
        }
    }
}
