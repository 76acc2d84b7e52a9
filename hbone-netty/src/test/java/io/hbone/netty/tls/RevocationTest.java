package io.hbone.netty.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.RevocationSource;
import io.hbone.core.Revocations;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.netty.testing.TestPki;
import io.netty.buffer.ByteBufAllocator;
import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Revoked peers (spec/ztunnel.md 9.4), with both providers. */
@ParameterizedClass
@EnumSource(TlsProvider.class)
class RevocationTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private static final TestPki ROOT = TestPki.ca("cluster.local");
    private static final TestPki INTERMEDIATE = ROOT.intermediate();
    private static final WorkloadCertificate CLIENT = INTERMEDIATE.workload("default", "client");
    private static final WorkloadCertificate SERVER = ROOT.workload("default", "server");

    @Parameter
    private TlsProvider provider;

    private final Lists ofTheClient = new Lists();
    private final Lists ofTheServer = new Lists();
    private TlsContexts client;
    private TlsContexts server;
    private TlsPair pair;

    @BeforeEach
    void open() {
        client = new TlsContexts(provider, Clock.systemUTC(), TlsContexts.DEFAULT_WRAP_DATA_SIZE, ofTheClient);
        server = new TlsContexts(provider, Clock.systemUTC(), TlsContexts.DEFAULT_WRAP_DATA_SIZE, ofTheServer);
    }

    @AfterEach
    void close() {
        if (pair != null) {
            pair.close();
        }
        client.close();
        server.close();
    }

    private TlsPair connect() {
        if (pair != null) {
            pair.close();
        }
        pair = new TlsPair(
                client.newClientHandler(ByteBufAllocator.DEFAULT, CLIENT, Set.of(SERVER.id()), TIMEOUT),
                server.newServerHandler(ByteBufAllocator.DEFAULT, SERVER, TIMEOUT));
        return pair.run();
    }

    private static TunnelException explained(TlsPair.End end) {
        return TlsFailures.explain(end.failure(), "10.0.0.1:15008");
    }

    @Test
    void nobodyRevoked_connects() {
        connect();

        assertThat(pair.client.isHandshaken()).isTrue();
        assertThat(pair.server.isHandshaken()).isTrue();
    }

    @Test
    void crl_inbound_rejects_revoked_cert() {
        ofTheServer.revoke(CLIENT.leaf());

        connect();

        assertThat(pair.server.isHandshaken()).isFalse();
        assertThat(explained(pair.server))
                .hasMessageStartingWith("peer presented " + CLIENT.id() + " (serial: " + CLIENT.serial() + "): its")
                .extracting(TunnelException::error)
                .isEqualTo(TunnelError.PEER_CERTIFICATE_REVOKED);
    }

    @Test
    void crl_outbound_rejects_revoked_cert() {
        ofTheClient.revoke(SERVER.leaf());

        connect();

        assertThat(pair.client.isHandshaken()).isFalse();
        assertThat(explained(pair.client).error()).isEqualTo(TunnelError.PEER_CERTIFICATE_REVOKED);
    }

    @Test
    void revokedIntermediate_rejectsWhatItIssued() {
        ofTheServer.revoke(CLIENT.chain().get(1));

        connect();

        assertThat(explained(pair.server).error()).isEqualTo(TunnelError.PEER_CERTIFICATE_REVOKED);
    }

    @Test
    void chainThatIsKnown_isRejectedOnceItIsRevoked() {
        connect();
        assertThat(pair.server.isHandshaken()).isTrue();

        ofTheServer.revoke(CLIENT.leaf());
        connect();

        assertThat(pair.server.isHandshaken()).isFalse();
    }

    @Test
    void sameSerialOfAnotherIssuer_isNotRevoked() {
        ofTheServer.revoked = (serial, issuer) ->
                !issuer.equals(INTERMEDIATE.signer().getCertificate())
                        && serial.equals(CLIENT.leaf().getSerialNumber());

        connect();

        assertThat(pair.server.isHandshaken()).isTrue();
    }

    @Test
    void crl_inbound_terminates_existing_connection_on_revocation() {
        connect();

        ofTheServer.revoke(CLIENT.leaf());
        pair.run();

        assertThat(pair.server.channel.isOpen()).isFalse();
        assertThat(explained(pair.server).error()).isEqualTo(TunnelError.PEER_CERTIFICATE_REVOKED);
        assertThat(explained(pair.server).flag().text()).isEqualTo("CERT_REVOKED");
    }

    @Test
    void crl_outbound_terminates_existing_connection_on_revocation() {
        connect();

        ofTheClient.revoke(SERVER.leaf());
        pair.run();

        assertThat(pair.client.channel.isOpen()).isFalse();
        assertThat(explained(pair.client).error()).isEqualTo(TunnelError.PEER_CERTIFICATE_REVOKED);
    }

    @Test
    void listThatRevokesSomebodyElse_leavesConnectionsAlone() {
        connect();

        ofTheServer.revoke(SERVER.leaf());
        pair.run();

        assertThat(pair.server.channel.isOpen()).isTrue();
        assertThat(pair.server.failure()).isNull();
    }

    private static final class Lists implements RevocationSource {
        private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
        private volatile Revocations revoked = Revocations.NONE;

        void revoke(X509Certificate certificate) {
            BigInteger revokedSerial = certificate.getSerialNumber();
            revoked = (serial, issuer) -> serial.equals(revokedSerial)
                    && issuer.getSubjectX500Principal().equals(certificate.getIssuerX500Principal());
            listeners.forEach(Runnable::run);
        }

        @Override
        public Revocations current() {
            return revoked;
        }

        @Override
        public Subscription subscribe(Runnable changed) {
            listeners.add(changed);
            return () -> listeners.remove(changed);
        }
    }
}
