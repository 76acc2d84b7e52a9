package io.hbone.netty.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.ResponseFlag;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.tls.PeerRejectedException.Reason;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What the providers really say is in HandshakeTest; here are the rest and the wrappings. */
class TlsFailuresTest {
    private static final InetSocketAddress PEER = InetSocketAddress.createUnresolved("peer", 15008);

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            error:1000045c:SSL routines:OPENSSL_internal:TLSV1_ALERT_CERTIFICATE_REQUIRED | peer sent alert: certificate_required (it wants a certificate and got none)
            error:10000418:SSL routines:OPENSSL_internal:TLSV1_ALERT_UNKNOWN_CA | peer sent alert: unknown_ca (it does not trust our authority)
            error:10000410:SSL routines:OPENSSL_internal:SSLV3_ALERT_HANDSHAKE_FAILURE | peer sent alert: handshake_failure (no key exchange or cipher suite in common)
            error:10000438:SSL routines:OPENSSL_internal:TLSV1_ALERT_INTERNAL_ERROR | peer sent alert: internal_error
            error:10000414:SSL routines:OPENSSL_internal:SSLV3_ALERT_CERTIFICATE_REVOKED | peer sent alert: certificate_revoked (our certificate is on its revocation list)
            Received fatal alert: access_denied | peer sent alert: access_denied (it does not accept our certificate)
            (certificate_required) Received fatal alert: certificate_required | peer sent alert: certificate_required (it wants a certificate and got none)
            error:100000c0:SSL routines:OPENSSL_internal:PEER_DID_NOT_RETURN_A_CERTIFICATE | peer presented no certificate (expected: an X509-SVID)
            Empty client certificate chain | peer presented no certificate (expected: an X509-SVID)
            error:10000112:SSL routines:OPENSSL_internal:NO_SHARED_GROUP | peer has no key exchange in common with us (ours: X25519MLKEM768, X25519, P-256, P-384)
            error:1000009c:SSL routines:OPENSSL_internal:HTTP_REQUEST | plain HTTP on a TLS port
            error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER | what the peer sends is not TLS
            error:1000008b:SSL routines:OPENSSL_internal:DECRYPTION_FAILED_OR_BAD_RECORD_MAC | decryption failed or bad record mac
            The server selected protocol version TLS12 is not accepted by client preferences [TLS13] | peer does not speak TLS 1.3
            something else | something else
            """)
    void what_a_provider_says_becomes_an_operators_text(String message, String text) {
        TunnelException failure = TlsFailures.explain(new SSLHandshakeException(message), PEER);

        assertThat(failure).hasMessage("TLS with " + PEER + " failed: " + text);
        assertThat(failure.error()).isEqualTo(TunnelError.TLS_HANDSHAKE_FAILED);
        assertThat(failure.flag()).isEqualTo(ResponseFlag.TLS_FAILURE);
    }

    @Test
    void wrappings_do_not_matter() {
        Throwable alert = new SSLException("error:10000418:SSL routines:OPENSSL_internal:TLSV1_ALERT_UNKNOWN_CA");
        Throwable wrapped = new DecoderException(new IOException("outer", alert));

        assertThat(TlsFailures.isTls(wrapped)).isTrue();
        assertThat(TlsFailures.explain(wrapped, PEER))
                .hasMessageContaining("unknown_ca")
                .hasCause(wrapped);
    }

    @Test
    void a_revoked_certificate_is_told_apart() {
        TunnelException failure =
                TlsFailures.explain(new PeerRejectedException(Reason.REVOKED, "it is on a revocation list"), PEER);

        assertThat(failure.error()).isEqualTo(TunnelError.PEER_CERTIFICATE_REVOKED);
        assertThat(failure).hasMessage("it is on a revocation list (peer: " + PEER + ")");
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "REVOKED")
    void only_another_identity_is_a_mismatch(Reason reason) {
        TunnelException failure = TlsFailures.explain(
                new SSLHandshakeException("General OpenSslEngine problem")
                        .initCause(new PeerRejectedException(reason, "identity verification error: it is so")),
                PEER);

        assertThat(failure.error())
                .isEqualTo(
                        reason == Reason.OTHER_IDENTITY
                                ? TunnelError.PEER_IDENTITY_MISMATCH
                                : TunnelError.TLS_HANDSHAKE_FAILED);
        assertThat(failure)
                .hasMessage(
                        reason == Reason.OTHER_IDENTITY
                                ? "identity verification error: it is so (peer: " + PEER + ")"
                                : "TLS with " + PEER + " failed: identity verification error: it is so");
    }

    @Test
    void a_timeout_is_one() {
        TunnelException failure =
                TlsFailures.explain(new SslHandshakeTimeoutException("handshake timed out after 1ms"), PEER);

        assertThat(failure.error()).isEqualTo(TunnelError.TLS_HANDSHAKE_TIMEOUT);
    }

    @ParameterizedTest
    @CsvSource({
        "474554202f20, plain HTTP on a TLS port",
        "434f4e4e454354206120, plain HTTP on a TLS port",
        "485454502f312e31, plain HTTP on a TLS port",
        "00, 'what the peer sends is not TLS, its first bytes: 00'",
    })
    void what_is_not_TLS_is_recognised(String hex, String text) {
        assertThat(TlsFailures.explain(new NotSslRecordException("not an SSL/TLS record: " + hex), PEER))
                .hasMessage("TLS with " + PEER + " failed: " + text);
    }

    @Test
    void bytes_that_nobody_shows_are_still_not_TLS() {
        assertThat(TlsFailures.explain(new NotSslRecordException("not an SSL/TLS record"), PEER))
                .hasMessage("TLS with " + PEER + " failed: what the peer sends is not TLS");
        assertThat(TlsFailures.explain(new NotSslRecordException(), PEER))
                .hasMessage("TLS with " + PEER + " failed: what the peer sends is not TLS");
    }

    @Test
    void a_broken_connection_is_explained_but_is_not_TLS() {
        IOException reset = new IOException("Connection reset by peer");

        assertThat(TlsFailures.isTls(reset)).isFalse();
        assertThat(TlsFailures.isTls(new ClosedChannelException())).isFalse();
        assertThat(TlsFailures.explain(reset, PEER))
                .hasMessage("TLS with " + PEER
                        + " failed: the connection broke during the handshake: Connection reset by peer");
        assertThat(TlsFailures.explain(new ClosedChannelException(), PEER))
                .hasMessage("TLS with " + PEER + " failed: the peer closed the connection during the handshake");
    }

    @Test
    void causes_may_go_in_circles() {
        RuntimeException first = new RuntimeException("first");
        RuntimeException second = new RuntimeException("second", first);
        first.initCause(second);

        assertThat(TlsFailures.isTls(first)).isFalse();
        assertThat(TlsFailures.explain(first, PEER)).hasMessageContaining("first");
    }
}
